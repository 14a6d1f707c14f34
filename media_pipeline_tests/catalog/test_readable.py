"""What of a JSON column is readable, of whatever stands in it."""

from __future__ import annotations

from typing import Any

import pytest

from media_pipeline.catalog.readable import Candidates, EmbeddedPart, UnexplainedUrls

URL = "https://m.test/a.jpg"
WHOLE = {
    "url": URL,
    "role": "media",
    "width": 640,
    "height": 480,
    "bitrate": 5,
    "rule": "largest",
    "codec": "h264",
    "expires_at": "2026-01-01T00:00:00+00:00",
}
BARE = dict.fromkeys(("width", "height", "bitrate", "codec", "expires_at")) | {"url": URL, "role": "media", "rule": ""}
NO_LISTS: list[Any] = [None, 5, "text", True, {}, {"url": URL, "role": "media"}]


@pytest.mark.parametrize(
    ("value", "readable"),
    [
        *((value, []) for value in NO_LISTS),
        ([], []),
        ([None, 5, "text", [], {}], []),
        ([WHOLE], [WHOLE]),
        ([{"url": URL, "role": "media"}], [BARE]),
        ([{"url": URL}, {"role": "media"}, {"url": 5, "role": "media"}], []),
        ([{"url": URL, "role": "chief"}, {"url": URL, "role": ["media"]}], []),
        (
            [{**WHOLE, "width": "wide", "height": 1.5, "bitrate": []}],
            [{**WHOLE} | dict.fromkeys(("width", "height", "bitrate"))],
        ),
        ([{**WHOLE, "rule": None, "codec": 5}], [{**WHOLE, "rule": "", "codec": None}]),
        ([{**WHOLE, "expires_at": "soon"}], [{**WHOLE, "expires_at": None}]),
        ([{**WHOLE, "expires_at": "2026-01-01T00:00:00"}], [{**WHOLE, "expires_at": None}]),
        ([{"url": 5}, WHOLE, None], [WHOLE]),
    ],
)
def test_candidates_are_those_that_have_a_url_and_a_role_each_with_all_fields(value: Any, readable: Any) -> None:
    assert Candidates().readable(value) == readable
    assert Candidates().readable(readable) == readable, "what was read is written as it is"


@pytest.mark.parametrize(
    ("value", "readable"),
    [
        (None, None),
        *((value, []) for value in NO_LISTS[1:]),
        ([{"count": "many"}, {"keys": "a"}, None], []),
        ([{"count": 2, "keys": "a.b", "example": URL}], [{"count": 2, "keys": "a.b", "example": URL}]),
    ],
)
def test_unexplained_urls_are_those_that_have_a_count(value: Any, readable: Any) -> None:
    assert UnexplainedUrls().readable(value) == readable


@pytest.mark.parametrize("value", [None, 5, "text", [], {}, {"is_there": "yes"}, {"offset": 1, "length": 2}])
def test_a_part_of_which_nobody_can_tell_whether_it_is_there_is_not_known(value: Any) -> None:
    assert EmbeddedPart().readable(value) is None


@pytest.mark.parametrize("is_there", [True, False])
def test_a_part_that_is_there_or_cut_off_is_as_it_was_written(is_there: bool) -> None:
    part = {"offset": 1, "length": 2, "is_there": is_there}
    assert EmbeddedPart().readable(part) == part
