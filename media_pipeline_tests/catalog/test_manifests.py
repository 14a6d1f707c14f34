"""Manifests: what a newer export changes in a media reference, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from media_pipeline.catalog import media, media_due
from media_pipeline.catalog.database import Database
from media_pipeline.model import Candidate, MediaRef, MediaType, Role, Status
from media_pipeline.policy.media_keys import native, of_url
from media_pipeline.posts.platforms.base import Medium, numbered
from media_pipeline_tests.catalog.filling import (
    FIRST,
    NOW,
    SECOND,
    a_media_id,
    a_post,
    a_ref,
    add_import,
    fail,
    row,
    rows,
    save_manifest,
    snapshot,
    store,
    upsert,
)

ID = a_media_id("1")
URL = "https://host/1.jpg"
SIGNED_ANEW = "https://host/1.jpg?signature=2"
ENDED = [
    Status.GONE,
    Status.EXPIRED,
    Status.FORBIDDEN,
    Status.TOO_LARGE,
    Status.NOT_MEDIA,
    Status.UNSAFE,
    Status.ABANDONED,
    Status.QUARANTINED,
]


@pytest.fixture(autouse=True)
def _post(database: Database) -> None:
    upsert(database, a_post("1"))


def status_of(database: Database) -> str:
    return row(database, "post_media", media_id=ID)["status"]


def test_a_reference_is_written_with_all_that_the_export_says(database: Database):
    url = "https://host/\U0001f600?\0\ud800"
    best = Candidate(url, 1, 2, 3, Role.MEDIA, "largest", "h264", NOW)
    candidates = (best, Candidate("https://host/p.jpg", role=Role.POSTER))
    ref = MediaRef(0, MediaType.VIDEO, candidates, native("0"), alt_text="a\0b")
    assert save_manifest(database, "1", ref) == 1
    found = row(database, "post_media")
    assert (found["media_id"], found["media_type"], found["role"]) == (ID, "video", "media")
    assert (found["media_url"], found["alt_text"]) == ("https://host/\U0001f600?\ufffd\ufffd", "a\ufffdb")
    unknown = {"width": None, "height": None, "bitrate": None, "codec": None, "expires_at": None}
    size = {"width": 1, "height": 2, "bitrate": 3}
    assert found["candidates"] == [
        {"url": url, **size, "role": "media", "rule": "largest", "codec": "h264", "expires_at": NOW.isoformat()},
        {"url": "https://host/p.jpg", **unknown, "role": "poster", "rule": ""},
    ]
    assert (found["status"], found["attempts"], found["version"]) == ("pending", 0, 1)
    assert (found["url_expires_at"], found["ai_analysis"], found["sha256"]) == (NOW, None, None)


def test_the_same_manifest_again_changes_nothing(database: Database):
    refs = [
        a_ref(0, "https://host/\ud800.jpg", alt_text="\0", expires_at=NOW),
        a_ref(1, URL, role=Role.POSTER),
        a_ref(2, None, note="\0 deleted"),
    ]
    assert save_manifest(database, "1", *refs) == 3
    before = snapshot(database)["post_media"]
    assert save_manifest(database, "1", *refs) == 0
    assert snapshot(database)["post_media"] == before


@pytest.mark.parametrize("url", [URL, SIGNED_ANEW])
def test_what_is_stored_stays_stored(database: Database, url: str):
    save_manifest(database, "1", a_ref(0, URL))
    sha256 = store(database, "one", ID)
    upsert(database, a_post("1", raw={"v": 2}), partition=SECOND)
    assert save_manifest(database, "1", a_ref(0, url, alt_text="new"), partition=SECOND) == 1
    found = row(database, "post_media")
    assert (found["status"], found["sha256"], found["attempts"], found["etag"]) == ("stored", sha256, 1, '"1"')
    assert (found["media_url"], found["alt_text"]) == (url, "new")
    assert found["import_id"] == add_import(database, SECOND)


def test_a_url_signed_anew_makes_a_failure_pending_again_and_the_same_url_does_not(database: Database):
    for status in [Status.FAILED, *ENDED]:
        save_manifest(database, "1", a_ref(0, URL))
        fail(database, ID, attempts=3, status=status)
        save_manifest(database, "1", a_ref(0, URL, alt_text="new"))
        found = row(database, "post_media")
        assert (found["status"], found["error"], found["attempts"]) == (status, "no answer", 3)
        save_manifest(database, "1", a_ref(0, SIGNED_ANEW))
        found = row(database, "post_media")
        assert (found["status"], found["error"], found["attempts"]) == ("pending", None, 0)
        assert found["next_attempt_at"] is None


def test_a_reference_that_a_newer_export_no_longer_names_is_kept(database: Database):
    save_manifest(database, "1", a_ref(0, URL), a_ref(1, URL))
    save_manifest(database, "1", a_ref(0, URL))
    assert len(rows(database, "post_media")) == 2


def test_what_has_no_url_is_skipped_with_the_reason_and_never_due(database: Database):
    save_manifest(database, "1", a_ref(0, None, note="withheld\0"), a_ref(1, None))
    assert [(ref["status"], ref["error"]) for ref in rows(database, "post_media")] == [
        ("skipped", "withheld\ufffd"),
        ("skipped", "no export gives a URL for it"),
    ]
    with database.write() as connection:
        media.unskip(connection, [FIRST], list(Role))
        assert media_due.pending(connection, [FIRST], 10) == []


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED])
def test_a_url_that_vanished_from_the_export_is_still_a_chance(database: Database, status: Status):
    save_manifest(database, "1", a_ref(0, URL))
    if status == Status.FAILED:
        fail(database, ID)
    before = row(database, "post_media")
    save_manifest(database, "1", a_ref(0, None))
    found = row(database, "post_media")
    assert found == before
    assert (found["status"], found["media_url"]) == (status, URL)


def test_what_became_of_a_reference_outlives_its_url(database: Database):
    save_manifest(database, "1", a_ref(0, URL))
    for status in ENDED:
        fail(database, ID, status=status)
        save_manifest(database, "1", a_ref(0, None))
        assert status_of(database) == status
    store(database, "one", ID)
    save_manifest(database, "1", a_ref(0, None))
    assert status_of(database) == Status.STORED


def test_a_role_that_is_not_wanted_is_skipped_until_it_is(database: Database):
    save_manifest(database, "1", a_ref(0, URL, role=Role.POSTER), a_ref(1, URL, role=Role.COVER))
    found = row(database, "post_media", media_id=ID)
    assert (found["status"], found["error"]) == ("skipped", "role poster is not among MEDIA_FETCH_ROLES")
    with database.write() as connection:
        media.unskip(connection, [SECOND], [Role.POSTER])
        assert media_due.count_due(connection, [FIRST]) == 0
        media.unskip(connection, [FIRST], [Role.MEDIA, Role.POSTER])
        assert [ref.media_id for ref in media_due.pending(connection, [FIRST], 10)] == [ID]
    assert row(database, "post_media", media_id=ID)["error"] is None
    save_manifest(database, "1", a_ref(0, URL, role=Role.POSTER))
    assert status_of(database) == "skipped"


def test_a_manifest_makes_pending_what_it_skipped_before(database: Database):
    save_manifest(database, "1", a_ref(0, URL, role=Role.POSTER))
    save_manifest(database, "1", a_ref(0, URL, role=Role.POSTER), roles=[Role.POSTER])
    assert status_of(database) == "pending"


def test_very_many_references_are_written_at_once(database: Database):
    refs = [a_ref(position, f"https://host/{position}.jpg") for position in range(1500)]
    assert save_manifest(database, "1", *refs) == 1500
    assert save_manifest(database, "1", *refs) == 0
    later = datetime(2027, 1, 1, tzinfo=UTC)
    refs[7] = a_ref(7, "https://host/7.jpg", expires_at=later)
    assert save_manifest(database, "1", *refs) == 1


def test_a_key_whose_id_another_medium_has_by_now_gets_an_id_of_its_own(database: Database):
    """One that was known by its URL has learned its platform's key; then another one comes under that URL's key."""
    by_url = MediaRef(0, MediaType.IMAGE, (Candidate(URL, rule="x"),), of_url(URL))
    save_manifest(database, "1", by_url)
    save_manifest(database, "1", replace(by_url, key=native("7")))
    moved = MediaRef(0, MediaType.IMAGE, (Candidate("https://host/other.jpg", rule="x"),), native("7"))
    save_manifest(database, "1", moved)
    save_manifest(database, "1", moved, replace(by_url, position=1))
    rows = [row(database, "post_media", media_url=url) for url in ("https://host/other.jpg", URL)]
    assert rows[0]["media_id"] != rows[1]["media_id"]
    assert [found["removed_at"] for found in rows] == [None, None]


def test_keys_that_a_host_makes_to_collide_leave_each_medium_its_own(database: Database):
    urls = [f"https://host/{name}.jpg" for name in "abc"]
    for keys in (["X", "X", "X#2"], ["X#2", "X", "X"]):
        media = [Medium(MediaType.IMAGE, (Candidate(url),), key=key) for url, key in zip(urls, keys, strict=True)]
        assert len({ref.key for ref in numbered(media)}) == 3
