"""What is not stored: why, and when it is tried again: after settings changed, after its days, and on purpose."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from media_pipeline.catalog import imports
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import Selection
from media_pipeline.catalog.tables import post_media
from media_pipeline.model import ImportPartition, Reason, Role, Status
from media_pipeline.stages.downloads.again import DueAgain, try_again, why
from media_pipeline.stages.downloads.decided import decided_under
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import HTML, FaultyHost
from media_pipeline_tests.ids import telling
from media_pipeline_tests.library import DAY, TWITTER, picture, tweet
from media_pipeline_tests.stages.either_database import CACHE, LONG_AGO, EitherLibrary, MakeEither

pytestmark = pytest.mark.long


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def asked(library: EitherLibrary, name: str) -> list[dict[str, Any]]:
    with closing(Database.open(library.settings)) as database:
        return why(library.settings, database, name)


def tried(library: EitherLibrary, *arguments: Any, **named: Any) -> DueAgain:
    with closing(Database.open(library.settings)) as database:
        return try_again(database, *arguments, **named)


def is_unfinished(library: EitherLibrary) -> bool:
    with library.catalogue() as connection:
        found = imports.unfinished_partitions(connection, decided_under=decided_under(library.settings))
    return TWITTER in found


def the_one(library: EitherLibrary) -> tuple[str, str | None]:
    (row,) = library.table("post_media")
    return row["status"], row["reason"]


def land(library: EitherLibrary, url: str) -> None:
    library.land("a.json", [tweet(1, url)])
    library.fetch()


@pytest.mark.parametrize(
    ("fault", "body", "verdict", "settings"),
    [
        (faulty_host.status(403), b"", ("forbidden", Reason.REFUSED), {"media_host_headers": '{"h": {"A": "b"}}'}),
        (faulty_host.status(404), b"", ("gone", Reason.GONE), {"media_fetch_via": "{url},{url}?again"}),
        (None, HTML, ("not_media", Reason.NOT_MEDIA), {"media_user_agent": "x"}),
        (None, picture(1, 900, 900, kind="BMP"), ("too_large", Reason.TOO_LARGE), {"media_max_file_mb": 50}),
    ],
    ids=["a log-in", "a mirror", "nothing that it hangs on", "a larger size"],
)
def test_a_verdict_is_due_again_when_a_setting_that_it_hangs_on_has_changed(
    library: EitherLibrary,
    host: FaultyHost,
    fault: Any,
    body: bytes,
    verdict: tuple[str, Reason],
    settings: dict[str, Any],
) -> None:
    library = library.with_settings(media_max_file_mb=0.5)
    url = host.serve("/a.jpg", body, fault=fault) if fault else host.serve("/a.jpg", body)
    land(library, url)
    assert the_one(library) == verdict
    assert not is_unfinished(library)
    library.fetch()
    before = len(host.requests)
    changed = library.with_settings(**settings)
    is_other = "media_user_agent" not in settings
    assert is_unfinished(changed) is is_other
    changed.fetch()
    assert (len(host.requests) > before) is is_other


def test_an_address_that_is_allowed_by_now_is_asked(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either(media_allowed_hosts=())
    land(library, host.serve("/a.jpg", picture(1)))
    assert the_one(library) == ("unsafe", Reason.UNSAFE_URL)
    library.with_settings(media_allowed_hosts=(host.address,)).fetch()
    assert the_one(library) == ("stored", None)


def test_a_file_of_cookies_counts_by_what_it_holds(library: EitherLibrary, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    digests = []
    for content in ("# Netscape HTTP Cookie File\n", "# Netscape HTTP Cookie File\n\n"):
        cookies.write_text(content)
        digests.append(decided_under(library.with_settings(media_cookies_file=cookies).settings)[Reason.REFUSED])
    assert digests[0] != digests[1]


def pass_days(library: EitherLibrary) -> None:
    with library.catalogue() as connection:
        connection.execute(
            sa.update(post_media).where(post_media.c.next_attempt_at.is_not(None)).values(next_attempt_at=LONG_AGO)
        )


def test_what_is_gone_is_asked_again_after_its_days_and_stays_gone_when_the_host_is_down(
    library: EitherLibrary, host: FaultyHost
) -> None:
    url = host.serve("/a.jpg", fault=faulty_host.status(404))
    land(library, url)
    library.fetch()
    assert len(host.requests) == 1
    pass_days(library)
    host.serve("/a.jpg", fault=faulty_host.status(400))
    library.fetch()
    assert the_one(library) == ("gone", Reason.GONE)
    (row,) = library.table("post_media")
    assert row["next_attempt_at"] > row["updated_at"]
    assert "when it was asked again" in row["error"]
    pass_days(library)
    host.serve("/a.jpg", picture(1))
    library.fetch()
    assert the_one(library) == ("stored", None)


def test_what_is_gone_is_never_asked_again_where_the_days_are_zero(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either(media_recheck_days=0)
    land(library, host.serve("/a.jpg", fault=faulty_host.status(404)))
    assert [row["next_attempt_at"] for row in library.table("post_media")] == [None]


def test_retry_makes_due_what_is_meant_and_nothing_else(library: EitherLibrary, host: FaultyHost) -> None:
    gone = host.serve("/gone.jpg", fault=faulty_host.status(404))
    failed = host.serve("/failed.jpg", fault=faulty_host.status(400))
    stored = host.serve("/stored.jpg", picture(1))
    library.land("a.json", [tweet(1, gone), tweet(2, failed, author="bob"), tweet(3, stored)])
    library.fetch()
    assert tried(library, Selection(), [Status.FAILED], [Reason.GONE]).media == 0
    assert tried(library, Selection(), host="elsewhere.test").media == 0
    assert tried(library, Selection(user="bob")) == DueAgain(1, (TWITTER,))
    assert library.reference(failed)["status"] == "pending"
    host.serve("/failed.jpg", picture(2))
    library.fetch()
    assert tried(library, Selection(), host="127.0.0.1").media == 1
    assert library.statuses() == {"stored": 2, "pending": 1}


def test_why_tells_reason_candidates_requests_and_what_to_do_by_every_name(
    library: EitherLibrary, host: FaultyHost
) -> None:
    url = host.serve("/a.jpg", fault=faulty_host.status(403))
    library.land("a.json", [tweet(1, url), tweet(2, url)])
    library.fetch()
    (row, _) = library.table("post_media")
    for name in (row["media_id"], row["post_id"]):
        (found,) = asked(library, name)
        assert (found["reason"], found["status"], found["media_id"]) == ("refused", "forbidden", row["media_id"])
        assert "MEDIA_COOKIES_FILE" in found["to_do"]
        assert [one["url"] for one in found["candidates"]] == [url]
        # One request was made for both posts.
        assert [one["error_kind"] for one in found["requests"]] == ["http_403"]
    assert len(asked(library, url)) == 2
    assert asked(library, "med-0") == []


@pytest.mark.parametrize(
    "name",
    [
        "1",
        "https://x.com/ann/status/1",
        "http://www.x.com/ann/status/1/",
        "https://mobile.x.com/ann/status/1?s=20#m",
        "x.com/ann/status/1",
        "status/1",
    ],
    ids=telling,
)
def test_a_post_is_found_by_its_address_in_whatever_form(library: EitherLibrary, host: FaultyHost, name: str) -> None:
    land(library, host.serve("/1.jpg", picture(1)))
    assert [one["status"] for one in asked(library, name)] == ["stored"]
    assert asked(library, "ann/status/2") == []
    assert asked(library, "%") == []


def test_a_post_is_found_by_its_short_code_in_the_letters_that_it_has(library: EitherLibrary, host: FaultyHost) -> None:
    raw = {"code": "C1111", "pk": "17", "taken_at": 1761998400, "media_type": 1, "user": {"username": "ann", "pk": "9"}}
    raw["image_versions2"] = {"candidates": [{"url": host.serve("/1.jpg", picture(1)), "width": 64, "height": 48}]}
    partition = ImportPartition(DAY, "instagram")
    library.land("a.json", [raw], partition)
    library.run(partition, stages=CACHE)
    for name in ("C1111", "17", "https://www.instagram.com/reel/C1111/?igsh=x", "instagram.com/ann/p/C1111"):
        assert [one["status"] for one in asked(library, name)] == ["stored"], name
    for name in ("c1111", "https://www.instagram.com/p/c1111/", "C111"):
        assert asked(library, name) == [], name


def test_the_media_of_a_post_are_told_in_the_order_of_the_post(library: EitherLibrary, host: FaultyHost) -> None:
    urls = [host.serve(f"/{number}.jpg", picture(number)) for number in (3, 1, 2, 5, 4)]
    library.land("a.json", [tweet(1, *urls)])
    library.fetch()
    assert [one["media_url"] for one in asked(library, "1")] == urls


@pytest.mark.parametrize(
    "path",
    ["café a.jpg", "caf%C3%A9%20a.jpg", "café%20a.jpg", "caf%c3%a9 a.jpg"],
    ids=["as written", "encoded", "encoded in part", "in other letters"],
)
def test_a_medium_is_found_by_every_form_of_its_url(library: EitherLibrary, host: FaultyHost, path: str) -> None:
    start = host.serve("/caf%C3%A9%20a.jpg", picture(1)).removesuffix("caf%C3%A9%20a.jpg")
    land(library, start + path)
    forms = ["café a.jpg", "caf%C3%A9%20a.jpg", "café%20a.jpg", "caf%C3%A9 a.jpg", "caf%c3%a9%20%61.jpg"]
    for form in forms:
        assert [one["media_url"] for one in asked(library, start + form)] == [start + path], form
    assert asked(library, start + "cafe a.jpg") == []
    assert asked(library, "café a.jpg") == []


def test_why_tells_what_a_medium_was_before_retry(library: EitherLibrary, host: FaultyHost) -> None:
    land(library, host.serve("/a.jpg", fault=faulty_host.status(404)))
    (gone,) = asked(library, "1")
    assert (gone["reason"], gone["was"]) == ("gone", None)
    tried(library, Selection())
    (due,) = asked(library, "1")
    assert (due["status"], due["reason"]) == ("pending", None)
    assert (due["was"]["reason"], due["was"]["error_kind"]) == ("gone", "http_404")
    assert due["was"]["asked_at"] <= due["was"]["due_since"]


def test_why_says_that_a_role_is_wanted_by_now(make_either: MakeEither, host: FaultyHost) -> None:
    library = make_either(media_fetch_roles=(Role.POSTER,))
    land(library, host.serve("/a.jpg", picture(1)))
    assert [(one["status"], one["due_by_settings"]) for one in asked(library, "1")] == [("skipped", [])]
    both = library.with_settings(media_fetch_roles=(Role.POSTER, Role.MEDIA))
    assert [one["due_by_settings"] for one in asked(both, "1")] == [["MEDIA_FETCH_ROLES"]]
    both.fetch()
    assert the_one(both) == ("stored", None)


def test_why_says_that_settings_have_changed_and_that_nothing_was_sent(library: EitherLibrary) -> None:
    land(library, "http://10.1.2.3/1.jpg")
    (refused,) = asked(library, "1")
    assert refused["status"] == "unsafe"
    assert [one["was_sent"] for one in refused["requests"]] == [False]
    assert not refused["is_due_by_settings"]
    changed = library.settings.model_copy(update={"media_allowed_hosts": ("10.1.2.3",)})
    with closing(Database.open(library.settings)) as database:
        (due,) = why(changed, database, "1")
    assert due["is_due_by_settings"]
    assert "MEDIA_ALLOWED_HOSTS" in due["due_by_settings"]
