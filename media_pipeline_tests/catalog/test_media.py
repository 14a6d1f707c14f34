"""Media references: what is due, what came of it, and how it is reported."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from media_pipeline.catalog import files, media, media_due, media_reports, missing
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.media_due import PendingMedia
from media_pipeline.catalog.selection import Selection
from media_pipeline.model import FetchAttempt, ImportPartition, Reason, Role, Status
from media_pipeline.settings import Settings
from media_pipeline_tests.catalog.filling import (
    FIRST,
    LINKEDIN,
    NOW,
    SECOND,
    a_file,
    a_ref,
    add_post,
    digest,
    fail,
    give_facts,
    path_of,
    row,
    rows,
    save_manifest,
    store,
    update,
    upsert,
)
from media_pipeline_tests.catalog.filling import a_post as make_post

URL = "https://host/1.jpg"


def due(
    database: Database,
    *partitions: ImportPartition,
    limit: int = 100,
    without: Collection[str] = (),
) -> list[PendingMedia]:
    with database.read() as connection:
        return media_due.pending(connection, partitions or (FIRST,), limit, without)


def ids(found: Sequence[PendingMedia]) -> list[str]:
    return [ref.media_id for ref in found]


def hours_until(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds() / 3600


def test_what_is_due_comes_soonest_to_expire_first(database: Database):
    late = add_post(database, "1", URL, expires_at=NOW + timedelta(days=2))
    never = sorted(add_post(database, "2", URL, "https://host/2.jpg"))
    soon = add_post(database, "3", URL, expires_at=NOW + timedelta(days=1), name="b.json")
    add_post(database, "4", URL, partition=SECOND)
    assert ids(due(database)) == soon + late + never
    assert ids(due(database, limit=1)) == soon
    assert ids(due(database, FIRST, SECOND, without=soon + late)) == sorted([*never, *ids(due(database, SECOND))])
    assert due(database, LINKEDIN) == []
    with database.read() as connection:
        assert media_due.count_due(connection, [FIRST]) == 4
        assert media_due.count_due(connection, []) == 0


def test_everything_due_comes_once_whatever_the_limit(database: Database):
    wanted = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(4)))
    wanted += add_post(database, "2", *(f"https://host/{number}.jpg" for number in range(3)), expires_at=NOW)
    for limit in range(1, len(wanted) + 2):
        seen: list[str] = []
        while found := ids(due(database, limit=limit, without=seen)):
            assert len(found) <= limit
            seen += found
        assert sorted(seen) == sorted(wanted)


def test_very_many_media_that_are_under_way_are_left_out(database: Database):
    wanted = add_post(database, "1", URL)
    assert ids(due(database, without=[f"med-{number}" for number in range(6000)])) == wanted


def test_a_failure_waits_longer_each_time_and_is_abandoned_in_the_end(database: Database):
    (media_id,) = add_post(database, "1", URL)
    waits: list[float] = []
    for attempts in range(1, 8):
        found = fail(database, media_id, attempts)
        assert (found["status"], found["attempts"], found["error"]) == ("failed", attempts, "no answer")
        assert due(database) == []
        waits.append(hours_until(found["next_attempt_at"]))
        update(database, "post_media", {"media_id": media_id}, next_attempt_at=datetime.now(UTC))
        assert [(ref.media_id, ref.attempts) for ref in due(database)] == [(media_id, attempts)]
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 64], abs=0.01)
    found = fail(database, media_id, 8)
    assert (found["status"], found["attempts"], found["next_attempt_at"]) == ("abandoned", 8, None)
    assert due(database) == []


def test_no_wait_is_longer_than_a_week(database: Database):
    (media_id,) = add_post(database, "1", URL)
    failure = media.FailedMedia(media_id, Status.FAILED, "x", 5000, reason=Reason.HOST_ERROR)
    with database.write() as connection:
        media.mark_failed(connection, [failure], Settings(media_max_attempts=10_000))
    assert hours_until(row(database, "post_media")["next_attempt_at"]) == pytest.approx(7 * 24, abs=0.01)


@pytest.mark.parametrize(
    ("asked_seconds", "hours"), [(10, 1), (7200, 2), (12 * 3600, 12), (999_999_999, 30 * 24), (None, 1)]
)
def test_a_host_that_asks_for_a_longer_wait_gets_it(database: Database, asked_seconds: float | None, hours: float):
    (media_id,) = add_post(database, "1", URL)
    found = fail(database, media_id, retry_after_seconds=asked_seconds)
    assert hours_until(found["next_attempt_at"]) == pytest.approx(hours, abs=0.01)


@pytest.mark.parametrize("status", [Status.EXPIRED, Status.UNSAFE, Status.TOO_LARGE, Status.NOT_MEDIA])
def test_a_failure_for_good_is_not_tried_again(database: Database, status: Status):
    (media_id,) = add_post(database, "1", URL)
    found = fail(database, media_id, status=status, retry_after_seconds=10)
    assert (found["status"], found["next_attempt_at"], found["attempts"]) == (status, None, 1)
    assert due(database) == []


@pytest.mark.parametrize("status", [Status.GONE, Status.FORBIDDEN])
def test_what_a_host_may_find_another_way_some_day_is_asked_again_after_its_days(database: Database, status: Status):
    (media_id,) = add_post(database, "1", URL)
    found = fail(database, media_id, status=status, retry_after_seconds=10)
    assert 90 * 24 - 0.01 <= hours_until(found["next_attempt_at"]) <= 90 * 1.25 * 24 + 0.01
    assert due(database) == []


def test_a_success_ends_a_failure(database: Database):
    (media_id,) = add_post(database, "1", URL)
    fail(database, media_id)
    sha256 = store(database, "one", media_id)
    found = row(database, "post_media")
    assert (found["status"], found["error"], found["next_attempt_at"]) == ("stored", None, None)
    assert (found["sha256"], found["fetched_at"], found["attempts"], found["version"]) == (sha256, NOW, 2, 1)


def test_the_version_is_raised_by_other_bytes_only(database: Database):
    (media_id,) = add_post(database, "1", URL)
    versions: list[int] = []
    for content in ("one", "one", "two", "two", "one"):
        store(database, content, media_id)
        versions.append(row(database, "post_media")["version"])
    assert versions == [1, 1, 2, 2, 3]


def test_a_corrupt_file_is_fetched_again_for_every_reference(database: Database):
    same = add_post(database, "1", URL, "https://host/2.jpg") + add_post(database, "2", URL, partition=SECOND)
    (other,) = add_post(database, "3", "https://host/3.jpg")
    sha256 = store(database, "one", *same)
    store(database, "two", other)
    update(database, "post_media", {"media_id": same[1]}, duplicate_of=same[0])
    with database.write() as connection:
        missing.mark_lost(connection, sha256, "the stored file was corrupt\0")
    assert sorted(ids(due(database, FIRST, SECOND))) == sorted(same)
    assert {ref.sha256 for ref in due(database)} == {sha256}
    for media_id in same:
        found = row(database, "post_media", media_id=media_id)
        assert (found["error"], found["duplicate_of"]) == ("the stored file was corrupt\ufffd", None)
    assert row(database, "post_media", media_id=other)["status"] == "stored"


def test_a_url_that_was_fetched_once_is_known(database: Database):
    (first, failed) = add_post(database, "1", URL, "https://host/2.jpg")
    (waiting,) = add_post(database, "2", URL)
    sha256 = store(database, "one", first)
    fail(database, failed)
    wanted = {found.url_digest for found in due(database)} | {digest("https://host/2.jpg"), digest("unknown")}
    with database.read() as connection:
        found = media_due.stored_under_url(connection, wanted)
    assert set(found) == {digest(URL)}
    assert (found[digest(URL)].sha256, found[digest(URL)].etag, found[digest(URL)].fetched_at) == (sha256, '"1"', NOW)
    assert ids(due(database)) == [waiting]


def test_of_several_successes_under_one_url_the_latest_counts(database: Database):
    for number, content in enumerate(["new", "old", "older"]):
        (media_id,) = add_post(database, str(number), URL)
        store(database, content, media_id, fetched_at=NOW - timedelta(days=number))
    with database.read() as connection:
        assert media_due.stored_under_url(connection, [digest(URL)])[digest(URL)].sha256 == digest("new")


def test_requests_are_kept_as_they_went(database: Database):
    (media_id,) = add_post(database, "1", URL)
    timeout = FetchAttempt(URL + "\ud800", NOW, 0.5, None, "timeout")
    success = FetchAttempt(
        URL,
        NOW,
        1.5,
        200,
        None,
        2**40,
        "93.184.216.34",
        final_url="https://cdn/1.jpg",
        headers={"ETag": '"v1"', "X-Odd": "\x00\ud800<b>"},
        http_version="1.1",
        certificate_sha256="c" * 64,
    )
    with database.write() as connection:
        media.add_attempts(connection, [(media_id, timeout), (media_id, success)])
        media.add_attempts(connection, [])
    first, second = rows(database, "fetch_attempts", media_id=media_id)
    assert (first["url"], first["status"], first["error_kind"]) == (URL + "\ufffd", None, "timeout")
    assert (second["status"], second["bytes"], second["seconds"]) == (200, 2**40, 1.5)
    assert second["id"] > first["id"]
    assert [first[name] for name in ("final_url", "headers", "http_version", "certificate_sha256")] == [None] * 4
    assert (second["final_url"], second["final_url_digest"]) == ("https://cdn/1.jpg", digest("https://cdn/1.jpg"))
    assert second["headers"] == {"ETag": '"v1"', "X-Odd": "\ufffd\ufffd<b>"}
    assert (second["http_version"], second["certificate_sha256"]) == ("1.1", "c" * 64)


def test_references_are_counted_by_partition_status_type_and_role(database: Database):
    first, _ = add_post(database, "1", URL, "https://host/2.jpg")
    add_post(database, "2", URL, partition=SECOND)
    upsert(database, make_post("3"))
    save_manifest(database, "3", a_ref(0, URL, role=Role.POSTER))
    store(database, "one", first)
    with database.read() as connection:
        assert media_reports.statuses(connection, [FIRST, SECOND, LINKEDIN]) == {
            FIRST: {Status.STORED: 1, Status.PENDING: 1, Status.SKIPPED: 1},
            SECOND: {Status.PENDING: 1},
            LINKEDIN: {},
        }
        assert media_reports.kinds(connection, [FIRST, LINKEDIN]) == {
            FIRST: [
                {"media_type": "image", "role": "media", "media": 2},
                {"media_type": "image", "role": "poster", "media": 1},
            ],
            LINKEDIN: [],
        }


def test_failures_are_listed_one_by_one_and_by_reason(database: Database):
    refs = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(5)))
    for media_id in refs[:2]:
        fail(database, media_id, status=Status.GONE)
    fail(database, refs[2])
    store(database, "one", refs[3])
    with database.read() as connection:
        listed = media_reports.failures(connection, [FIRST], 10)
        assert [(ref["media_id"], ref["status"]) for ref in listed] == [
            (refs[2], "failed"),
            *((media_id, "gone") for media_id in sorted(refs[:2])),
        ]
        assert len(media_reports.failures(connection, [FIRST], 2)) == 2
        assert media_reports.failures(connection, [SECOND], 10) == []
        assert media_reports.failures_by_reason(connection, [FIRST], 10) == [
            {"status": "gone", "reason": "gone", "media": 2, "detail": "no answer", "example": "https://host/0.jpg"},
            {
                "status": "failed",
                "reason": "host_error",
                "media": 1,
                "detail": "no answer",
                "example": "https://host/2.jpg",
            },
        ]


def test_references_are_listed_with_their_post_and_file(database: Database):
    stored, waiting = add_post(database, "1", URL, "https://host/2.jpg", posted_at=NOW, author_handle="Ann")
    add_post(database, "2", "https://host/3.jpg", author_handle="bob", posted_at=NOW - timedelta(days=1))
    add_post(database, "3", "https://host/4.jpg", author_handle="cid", posted_at=None)
    give_facts(database, store(database, "one", stored), width=4)
    with database.read() as connection:
        everything = list(media_reports.listing(connection))
        assert [(ref["native_id"], ref["position"]) for ref in everything] == [("2", 0), ("1", 0), ("1", 1), ("3", 0)]
        assert everything[1]["local_path"] == path_of(a_file("one"))
        assert (everything[1]["width"], everything[1]["sha256"]) == (4, digest("one"))
        assert (everything[2]["media_id"], everything[2]["sha256"]) == (waiting, None)
        for user in ("ann", "@ANN"):
            assert [ref["media_id"] for ref in media_reports.listing(connection, Selection(user=user))] == [
                stored,
                waiting,
            ]
        for post_id in ("1", everything[1]["post_id"]):
            assert [ref["media_id"] for ref in media_reports.listing(connection, Selection(post=post_id))] == [
                stored,
                waiting,
            ]
        assert [ref["media_id"] for ref in media_reports.listing(connection, statuses=[Status.STORED])] == [stored]
        assert list(media_reports.listing(connection, limit=2)) == everything[:2]


def test_a_listing_of_very_many_holds_each_once(database: Database):
    wanted = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(1203)))
    with database.read() as connection:
        assert [ref["media_id"] for ref in media_reports.listing(connection)] == wanted


def test_a_status_of_another_kind_does_not_stop_the_reports(database: Database):
    (media_id,) = add_post(database, "1", URL)
    update(database, "post_media", {"media_id": media_id}, status="odd")
    with database.read() as connection:
        assert media_reports.statuses(connection, [FIRST]) == {FIRST: {"odd": 1}}
        assert [ref["status"] for ref in media_reports.failures(connection, [FIRST], 10)] == ["odd"]
        assert files.sizes(connection, [FIRST]) == {}
