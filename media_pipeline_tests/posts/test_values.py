"""Reading single values out of JSON of any shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.posts.expiry import expires_at
from media_pipeline.posts.values import count, dig, find_keys, identifier, integer, moment, pointer

NOON = datetime(2025, 12, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        1764936000,
        "1764936000",
        1764936000000,
        "2025-12-05T12:00:00Z",
        "2025-12-05T12:00:00.000Z",
        "2025-12-05 12:00:00",
        "2025-12-05T13:00:00+01:00",
        "Fri Dec 05 12:00:00 +0000 2025",
        "Fri Dec 05 14:00:00 +0200 2025",
    ],
)
def test_times_are_read_as_utc(written: Any) -> None:
    assert moment(written) == NOON
    assert moment(written).tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [None, True, "", "soon", [], {}, 1e300, 10**18, "9999-12-31T23:59:59-10:00", "Fri Foo 05 12:00:00 +0000 2025", "2"],
)
def test_what_is_no_time_is_unknown_or_at_least_harmless(written: Any) -> None:
    assert moment(written) in (None, datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC))


@pytest.mark.parametrize(("written", "number"), [(5, 5), ("5", 5), (5.0, 5), ("-3", -3), (0, 0)])
def test_numbers_may_be_written_as_text(written: Any, number: int) -> None:
    assert integer(written) == number


@pytest.mark.parametrize("written", [None, True, "", "5a", "²", "٣", 1.5, float("inf"), "9" * 5000, 10**40, [], {}])
def test_what_is_no_number_is_unknown(written: Any) -> None:
    assert integer(written) is None
    assert count(written) is None


def test_an_id_may_be_text_or_number_but_not_a_rounded_one() -> None:
    assert identifier(12) == identifier(" 12 ") == "12"
    assert identifier(12.0) is None
    assert identifier(True) is None


def test_pointers_escape_as_rfc_6901_says() -> None:
    assert pointer("a/b", 0, "m~n") == "/a~1b/0/m~0n"


def test_digging_through_anything_gives_none() -> None:
    assert dig({"a": {"b": 1}}, "a", "b") == 1
    assert dig({"a": [1]}, "a", "b") is None
    assert dig(None, "a") is None


def test_keys_are_found_in_order_at_any_depth_and_not_inside_each_other() -> None:
    value: Any = {"x": [{"k": {"k": 1}}, {"y": {"k": 2}}], "k": 3}
    assert list(find_keys(value, ("k",))) == [("/k", 3), ("/x/0/k", {"k": 1}), ("/x/1/y/k", 2)]
    deep: Any = {"k": 4}
    for _ in range(5000):
        deep = [deep]
    assert [found for _, found in find_keys(deep, ("k",))] == [4]


@pytest.mark.parametrize("host", ["media.licdn.com", "dms.licdn.com"])
def test_linkedin_urls_say_when_they_expire(host: str) -> None:
    assert expires_at(f"https://{host}/dms/image/X?e=1764936000&v=beta&t=s") == NOON


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://media.licdn.com/dms/image/X?v=beta",
        "https://media.licdn.com/dms/image/X?e=soon",
        "https://evil-licdn.com/X?e=1764936000",
        "https://pbs.twimg.com/media/X?format=jpg&name=orig",
        "https://[broken?e=1764936000",
    ],
)
def test_urls_of_other_hosts_do_not_say_when_they_expire(url: str | None) -> None:
    assert expires_at(url) is None
