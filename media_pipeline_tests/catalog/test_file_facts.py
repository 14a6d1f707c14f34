"""Facts and fingerprints of files: which are to be read, and what of the old ones gives way to the new."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from media_pipeline.catalog import file_facts, files, imports, renditions
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import EVERYTHING
from media_pipeline.catalog.tables import video_fingerprints
from media_pipeline.model import EmbeddedFile, Status, VideoPdq
from media_pipeline_tests.catalog.filling import (
    FIRST,
    NOW,
    SECOND,
    add_post,
    archive,
    give_facts,
    row,
    store,
    update,
)


def lacking(database: Database, version: int, after: str = "", limit: int = 10) -> list[str]:
    with database.read() as connection:
        return [file.sha256 for file in file_facts.without_facts(connection, [FIRST], version, after, limit)]


def test_files_that_an_older_version_read_are_read_again(database: Database):
    refs = add_post(database, "1", *(f"https://host/{n}.jpg" for n in range(3)))
    new, old, current = (store(database, f"content {n}", ref) for n, ref in enumerate(refs))
    give_facts(database, old, version=1)
    give_facts(database, current, version=2)
    assert lacking(database, 1) == [new]
    assert lacking(database, 2) == sorted([new, old])
    update(database, "media_files", {"sha256": old}, facts_version=None)
    assert lacking(database, 1) == sorted([new, old]), "read before there were versions"


def test_files_that_lack_facts_come_page_by_page(database: Database):
    refs = add_post(database, "1", *(f"https://host/{n}.jpg" for n in range(5)))
    all_files = sorted(store(database, f"content {n}", ref) for n, ref in enumerate(refs))
    assert lacking(database, 1, limit=2) == all_files[:2]
    assert lacking(database, 1, after=all_files[1]) == all_files[2:]


def test_what_is_unreadable_or_only_in_the_archive_is_not_read_again(database: Database):
    refs = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg")
    unreadable, archived = (store(database, f"content {n}", ref) for n, ref in enumerate(refs))
    give_facts(database, unreadable, archived)
    with database.write() as connection:
        files.mark_quarantined(connection, unreadable, "quarantine/a", "broken")
        files.mark_evicted(connection, archived)
    assert lacking(database, 9) == []


def test_new_facts_replace_the_fingerprints_and_what_looks_otherwise_is_searched_again(database: Database):
    refs = add_post(database, "1", *(f"https://host/{n}.jpg" for n in range(2)))
    one, two = (store(database, f"content {n}", ref) for n, ref in enumerate(refs))
    seconds = tuple(VideoPdq(second, "0" * 64, 90) for second in range(3))
    looks = {"pixel_sha256": "1" * 64, "pdq": "2" * 64, "pdq_quality": 77}
    give_facts(database, one, two, seconds=seconds, **looks)
    for sha256 in (one, two):
        update(database, "media_files", {"sha256": sha256}, near_searched_at=NOW)
    give_facts(database, one, seconds=(VideoPdq(0, "f" * 64, 10),), pdq="3" * 64)
    give_facts(database, two, seconds=seconds, **looks)
    changed, same = row(database, "media_files", sha256=one), row(database, "media_files", sha256=two)
    assert (changed["pdq"], changed["pixel_sha256"], changed["near_searched_at"]) == ("3" * 64, None, None)
    assert same["near_searched_at"] == NOW
    with database.read() as connection:
        counts = sa.select(video_fingerprints.c.sha256, sa.func.count()).group_by(video_fingerprints.c.sha256)
        assert {row[0]: row[1] for row in connection.execute(counts)} == {one: 1, two: 3}


def test_a_partition_with_older_facts_is_unfinished(database: Database):
    (first,) = add_post(database, "1", "https://host/1.jpg")
    (second,) = add_post(database, "2", "https://host/2.jpg", partition=SECOND)
    old, current = store(database, "old", first), store(database, "current", second)
    give_facts(database, old, version=1)
    give_facts(database, current, version=2)
    archive(database, old, current)
    with database.read() as connection:
        before = imports.unfinished_partitions(connection, downloads=False)
        after = imports.unfinished_partitions(connection, downloads=False, facts_version=2)
    assert set(after) - set(before) == {FIRST}


def test_what_is_in_quarantine_is_counted_with_its_reasons(database: Database):
    refs = add_post(database, "1", *(f"https://host/{n}.jpg" for n in range(3)))
    add_post(database, "2", "https://host/9.jpg", partition=SECOND)
    for ref in refs[:2]:
        update(database, "post_media", {"media_id": ref}, status=Status.QUARANTINED, error=f"broken {ref}")
    with database.read() as connection:
        count, reasons = file_facts.quarantined(connection, [FIRST, SECOND], 1)
        assert (count, len(reasons)) == (2, 1)
        assert str(reasons[0]["error"]).startswith("broken")
        assert file_facts.quarantined(connection, [SECOND], 1) == (0, [])


def test_a_file_inside_a_picture_is_kept_as_json(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "one", media_id)
    video, gain_map = EmbeddedFile(900, 4000, is_there=True), EmbeddedFile(None, None, is_there=False)
    for motion_photo, is_playable in ((video, True), (gain_map, False), (None, False)):
        give_facts(database, sha256, motion_photo=motion_photo, gain_map=gain_map)
        found = row(database, "media_files", sha256=sha256)
        assert found["motion_photo"] == (asdict(motion_photo) if motion_photo else None)
        assert found["gain_map"] == {"offset": None, "length": None, "is_there": False}
        with database.read() as connection:
            (source,) = renditions.sources(connection, EVERYTHING, "", 10)
        assert source.is_motion_photo == is_playable


def test_how_an_undecodable_file_is_truncated_is_kept_without_facts(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "one", media_id)
    with database.write() as connection:
        file_facts.mark_undecodable(connection, {sha256: "it ends within its mdat box"})
    found = row(database, "media_files", sha256=sha256)
    assert (found["truncated"], found["facts_at"]) == ("it ends within its mdat box", None)
