"""Numbers: what the library holds, and whether anything is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.catalog import renditions, stats
from media_pipeline.catalog.database import Database
from media_pipeline.model import Status
from media_pipeline_tests.catalog.filling import (
    FIRST,
    LINKEDIN,
    SECOND,
    a_post,
    a_rendition,
    add_post,
    archive,
    digest,
    fail,
    lose,
    store,
    update,
    upsert,
)
from media_pipeline_tests.ids import telling


@pytest.fixture
def filled(database: Database) -> Database:
    anns = add_post(database, "1", *(f"https://host/{number}.jpg" for number in range(4)), author_handle="Ann")
    bobs = add_post(database, "2", "https://host/0.jpg", partition=SECOND, author_handle="bob", author_id="17")
    store(database, "abc", anns[0], anns[1], bobs[0])
    store(database, "defgh", anns[2])
    fail(database, anns[3], status=Status.GONE)
    archive(database, digest("abc"))
    update(database, "media_files", {"sha256": digest("abc")}, placeholder_authors=12)
    update(database, "media_files", {"sha256": digest("defgh")}, truncated="cut")
    with database.write() as connection:
        renditions.save(connection, digest("abc"), a_rendition(size=7), "thumbnails/a")
        renditions.save_failure(connection, digest("defgh"), "thumbnail", "thumbnail-300-q85-v1", "odd")
    return database


def test_the_library_is_counted_in_whole_and_in_parts(filled: Database):
    with filled.read() as connection:
        assert stats.totals(connection) == {
            "posts": 2,
            "media": 5,
            "status": {"gone": 1, "stored": 4},
            "stored": 4,
            "files": 2,
            "file_size": 8,
            "duplicates": 2,
            "pruned": 0,
            "bytes_saved": 6,
            "renditions": 1,
            "renditions_size": 7,
            "archived": 1,
            "truncated": 1,
            "placeholders": 1,
        }
        anns = stats.totals(connection, user="ann")
        assert (anns["posts"], anns["stored"], anns["duplicates"], anns["bytes_saved"]) == (1, 3, 1, 3)
        parts: list[dict[str, Any]] = [
            {"partitions": [SECOND]},
            {"user": "17"},
            {"partitions": [FIRST, SECOND], "user": "@BOB"},
        ]
        for part in parts:
            bobs: dict[str, Any] = stats.totals(connection, **part)
            assert (bobs["posts"], bobs["files"], bobs["duplicates"], bobs["archived"]) == (1, 1, 0, 1)


@pytest.mark.parametrize("part", [{"partitions": []}, {"partitions": [LINKEDIN]}, {"user": "nobody"}])
def test_the_totals_of_an_empty_part_are_zero(filled: Database, part: dict[str, Any]):
    with filled.read() as connection:
        found = stats.totals(connection, **part)
    assert found.pop("status") == {}
    assert set(found.values()) == {0}


def test_tries_and_failures_are_counted(filled: Database):
    (again,) = add_post(filled, "3", "https://host/9.jpg")
    fail(filled, again)
    add_post(filled, "4", "https://host/8.jpg")
    with filled.read() as connection:
        assert stats.tried_and_failed(connection, [FIRST]) == (5, 2)
        assert stats.tried_and_failed(connection, [FIRST, SECOND]) == (6, 2)
        assert stats.tried_and_failed(connection, [LINKEDIN]) == (0, 0)


def test_posts_without_a_manifest_are_counted(filled: Database):
    upsert(filled, a_post("3"), a_post("4"))
    with filled.read() as connection:
        assert stats.posts_without_manifest(connection, [FIRST]) == 2
        assert stats.posts_without_manifest(connection, [SECOND]) == 0


def test_every_named_status_is_accounted_for(database: Database):
    refs = add_post(database, "1", *(f"https://host/{status}.jpg" for status in Status))
    for media_id, status in zip(refs, Status, strict=True):
        if status == Status.STORED:
            store(database, "one", media_id)
        elif status == Status.FAILED:
            fail(database, media_id)
        elif status == Status.MISSING:
            lose(database, store(database, "lost", media_id))
        else:
            update(database, "post_media", {"media_id": media_id}, status=status)
    with database.read() as connection:
        assert len(stats.totals(connection)["status"]) == len(Status)
        assert stats.unaccounted(connection) == 0


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("post_media", {"status": "lost"}),
        ("post_media", {"status": ""}),
        ("post_media", {"status": "STORED"}),
        ("post_media", {"sha256": None}),
        ("post_media", {"status": Status.FAILED, "next_attempt_at": None}),
        ("post_media", {"status": Status.PENDING, "media_url": None}),
        ("post_media", {"status": Status.FAILED, "next_attempt_at": datetime.now(UTC), "media_url": None}),
        ("post_media", {"status": Status.MISSING, "sha256": None}),
        ("media_files", {"local_path": None}),
    ],
    ids=telling,
)
def test_a_broken_row_is_counted(database: Database, table: str, change: dict[str, Any]):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    (other,) = add_post(database, "2", "https://host/2.jpg", partition=SECOND)
    store(database, "one", media_id)
    store(database, "two", other)
    where = {"media_id": media_id} if table == "post_media" else {"sha256": digest("one")}
    update(database, table, where, **change)
    with database.read() as connection:
        assert stats.unaccounted(connection) == 1
        assert stats.unaccounted(connection, [FIRST]) == 1
        assert stats.unaccounted(connection, [SECOND]) == 0


def test_a_file_that_only_the_archive_holds_is_accounted_for(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    archive(database, store(database, "one", media_id))
    update(database, "media_files", {"sha256": digest("one")}, local_path=None)
    with database.read() as connection:
        assert stats.unaccounted(connection) == 0
