"""URLs whose hosts have answered for good: they are not asked again when their medium gets another URL."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import Selection
from media_pipeline.catalog.tables import fetch_attempts
from media_pipeline.model import ImportPartition
from media_pipeline.stages.downloads.again import try_again
from media_pipeline_tests.faulty_host import HTML, FaultyHost, redirect, status
from media_pipeline_tests.imaging.formats import clip
from media_pipeline_tests.library import DAY, picture
from media_pipeline_tests.stages.either_database import CACHE, LONG_AGO, EitherLibrary, MakeEither

pytestmark = pytest.mark.long

FINAL: tuple[dict[str, Any], ...] = (
    {"fault": status(404)},
    {"fault": redirect("/removed.png")},
    {"fault": status(410)},
    {"body": picture(2)},
)
"""Answers that are final for their URL."""
PASSING: tuple[dict[str, Any], ...] = (
    {"fault": status(403)},
    {"fault": status(503)},
    {"body": HTML},
)
"""Answers that may be others tomorrow, or after a log-in."""


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either(media_ban_after=100)


class Signed:
    """A medium of a post of which each export names another URL, signed anew."""

    def __init__(self, library: EitherLibrary, host: FaultyHost) -> None:
        self.library = library
        self.host = host
        self.exports = 0
        host.serve("/removed.png", picture(9, 161, 81, "PNG"), mime_type="image/png")

    def shown(self, number: int = 11, kind: str = "video", **page: Any) -> str:
        """Import an export with a new URL that is answered so, fetch what is due, and return the URL's path."""
        self.exports += 1
        path = f"/a.mp4?X-Amz-Signature={self.exports}"
        self.land(self.host.serve(path, **page), number, kind)
        return path

    def land(self, url: str, number: int = 11, kind: str = "video") -> None:
        day = ImportPartition(DAY + timedelta(days=self.exports), "mastodon")
        self.library.land(f"{number}.json", [_post(url, number, kind, self.exports)], day)
        self.library.run(day, stages=CACHE)

    def asked(self) -> list[str]:
        """The paths that were asked since the last call."""
        found = [request.path for request in self.host.requests if request.path != "/removed.png"]
        self.host.requests.clear()
        return found

    def fetch(self) -> None:
        """One more run over every partition."""
        days = [ImportPartition(DAY + timedelta(days=number), "mastodon") for number in range(1, self.exports + 1)]
        self.library.run(*days, stages=CACHE)


def _post(url: str, number: int, kind: str, edits: int) -> dict[str, Any]:
    return {
        "id": f"1180000000000000{number}",
        "created_at": "2026-01-02T03:04:05.000Z",
        "edited_at": f"2026-02-01T00:00:{edits:02}.000Z",
        "visibility": "public",
        "content": "<p>words</p>",
        "reblog": None,
        "account": {"id": "1", "username": "anna", "acct": "anna", "display_name": "Anna"},
        "media_attachments": [{"id": "7", "type": kind, "url": url, "meta": {}, "description": "a medium"}],
    }


@pytest.fixture
def medium(library: EitherLibrary, host: FaultyHost) -> Signed:
    return Signed(library, host)


def test_each_new_url_of_a_medium_that_is_gone_costs_one_request(medium: Signed) -> None:
    for number in range(12):
        path = medium.shown(**FINAL[number % len(FINAL)])
        assert medium.asked() == [path]
    (row,) = medium.library.table("post_media")
    assert row["status"] in ("gone", "not_media")
    path = medium.shown(body=clip(1))
    (row,) = medium.library.table("post_media")
    assert (medium.asked(), row["status"], row["reason"], row["decided_under"]) == ([path], "stored", None, None)
    assert row["fetched_url"] == medium.host.url(path)


@pytest.mark.parametrize("page", PASSING, ids=["403", "503", "a page"])
def test_a_url_whose_answer_may_pass_is_asked_again_beside_a_new_one(medium: Signed, page: dict[str, Any]) -> None:
    passing = medium.shown(**page)
    medium.asked()
    medium.shown(**FINAL[0])
    medium.host.serve(passing, clip(1))
    medium.shown(**FINAL[0])
    (row,) = medium.library.table("post_media")
    assert (row["status"], row["fetched_url"]) == ("stored", medium.host.url(passing))


def test_a_url_that_answered_for_good_and_then_otherwise_is_asked_again(medium: Signed) -> None:
    first = medium.shown(**FINAL[0])
    medium.library.make_due()
    medium.host.serve(first, fault=status(400))
    medium.fetch()
    medium.asked()
    second = medium.shown(**FINAL[0])
    assert medium.asked() == [second, first]


def _retried(medium: Signed) -> None:
    with closing(Database.open(medium.library.settings)) as database:
        try_again(database, Selection())


def _its_days_have_passed(medium: Signed) -> None:
    medium.library.make_due()


def _a_setting_has_changed(medium: Signed) -> None:
    medium.library = medium.library.with_settings(media_host_headers='{"elsewhere.test": {"A": "b"}}')


@pytest.mark.parametrize("due_again", [_retried, _its_days_have_passed, _a_setting_has_changed])
def test_what_is_due_again_as_a_whole_is_asked_by_all_of_its_urls(medium: Signed, due_again: Any) -> None:
    paths = [medium.shown(**FINAL[0]) for _ in range(3)]
    medium.asked()
    due_again(medium)
    medium.fetch()
    assert sorted(medium.asked()) == paths
    medium.fetch()
    assert medium.asked() == []
    new = medium.shown(**FINAL[0])
    assert medium.asked() == [new]


@pytest.mark.parametrize("due_again", [_retried, _a_setting_has_changed])
def test_an_answer_of_before_a_retry_never_counts_again_while_its_url_was_not_asked_since(
    medium: Signed, due_again: Any
) -> None:
    """The best URL is busy when its medium is asked for again, so that the living one behind it is not reached."""
    living = medium.shown(**FINAL[0])
    best = medium.shown(**FINAL[0])
    due_again(medium)
    medium.host.serve(living, clip(1))
    medium.host.serve(best, fault=status(503))
    medium.asked()
    medium.fetch()
    assert set(medium.asked()) == {best}
    medium.host.serve(best, fault=status(404))
    medium.library.make_due()
    medium.fetch()
    (row,) = medium.library.table("post_media")
    assert (row["status"], row["fetched_url"]) == ("stored", medium.host.url(living))


@pytest.mark.parametrize(
    "settings",
    [
        {"media_host_headers": '{"elsewhere.test": {"A": "b"}}'},
        {"media_placeholder_digests": ("0" * 32,)},
        {"media_fetch_via": "{url},{url}&again"},
    ],
)
def test_an_answer_under_other_settings_does_not_count_for_a_new_url(medium: Signed, settings: dict[str, Any]) -> None:
    first = medium.shown(**FINAL[0])
    medium.asked()
    medium.library = medium.library.with_settings(**settings)
    medium.shown(**FINAL[0])
    assert first in medium.asked()


def test_an_answer_that_is_older_than_the_days_of_a_recheck_does_not_count(medium: Signed) -> None:
    first = medium.shown(**FINAL[0])
    medium.asked()
    with medium.library.catalogue() as connection:
        connection.execute(sa.update(fetch_attempts).values(started_at=LONG_AGO))
    second = medium.shown(**FINAL[0])
    assert medium.asked() == [second, first]


def test_a_dead_url_is_not_asked_at_each_try_of_a_living_one(medium: Signed) -> None:
    dead = medium.shown(**FINAL[0])
    busy = medium.shown(fault=status(400))
    medium.asked()
    for _ in range(3):
        medium.library.make_due()
        medium.fetch()
        assert medium.asked() == [busy]
    medium.library.make_due()
    medium.host.serve(busy, fault=status(404))
    medium.fetch()
    (row,) = medium.library.table("post_media")
    assert (medium.asked(), row["status"]) == ([busy], "gone")
    assert dead not in row["error"]


def test_a_dead_url_that_is_the_only_one_to_ask_is_answered_without_a_request(medium: Signed) -> None:
    """An export names a URL as the best that was known as a lesser one."""
    first = medium.shown(**FINAL[0])
    second = medium.shown(**FINAL[0])
    medium.asked()
    medium.exports += 1
    medium.land(medium.host.url(first))
    (row,) = medium.library.table("post_media")
    assert (medium.asked(), row["status"], row["reason"]) == ([], "gone", "gone")
    assert "not asked again" in row["error"]
    assert second != first


def test_what_was_of_the_wrong_type_is_asked_again_when_an_export_declares_another(medium: Signed) -> None:
    first = medium.shown(body=picture(1))
    (row,) = medium.library.table("post_media")
    assert row["reason"] == "wrong_type"
    medium.shown(kind="image", **FINAL[0])
    (row,) = medium.library.table("post_media")
    assert (row["status"], row["fetched_url"]) == ("stored", medium.host.url(first))


def test_a_post_that_is_new_asks_for_a_url_that_was_gone_for_another_one(medium: Signed) -> None:
    """Its author may have put the file back."""
    first = medium.shown(**FINAL[0])
    medium.host.serve(first, clip(1))
    medium.land(medium.host.url(first), number=12)
    assert "stored" in medium.library.statuses()
