"""Facts and fingerprints of files: which are to be read, and what of the old ones gives way to the new."""

from __future__ import annotations

import sqlalchemy as sa

from media_pipeline.catalog import file_facts, files, imports
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import near_duplicates, video_fingerprints
from media_pipeline.model import Status, VideoPdq
from media_pipeline_tests.catalog.filling import (
    FIRST,
    NOW,
    SECOND,
    add_post,
    archive,
    give_facts,
    row,
    rows,
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
        files.mark_missing(connection, archived)
    assert lacking(database, 9) == []


def test_new_facts_replace_the_fingerprints_and_what_came_of_them(database: Database):
    refs = add_post(database, "1", *(f"https://host/{n}.jpg" for n in range(3)))
    one, two, three = sorted(store(database, f"content {n}", ref) for n, ref in enumerate(refs))
    seconds = tuple(VideoPdq(second, "0" * 64, 90) for second in range(3))
    give_facts(database, one, two, three, seconds=seconds, pixel_sha256="1" * 64, pdq="2" * 64, pdq_quality=77)
    with database.write() as connection:
        pairs = [(one, two), (two, three)]
        rows_of_pairs = [
            {"first_sha256": a, "second_sha256": b, "tier": "near", "distance": 3, "found_at": NOW} for a, b in pairs
        ]
        connection.execute(sa.insert(near_duplicates), rows_of_pairs)
    update(database, "media_files", {"sha256": one}, near_searched_at=NOW)
    give_facts(database, one, seconds=(VideoPdq(0, "f" * 64, 10),), pdq="3" * 64)
    found = row(database, "media_files", sha256=one)
    assert (found["pdq"], found["pixel_sha256"], found["near_searched_at"]) == ("3" * 64, None, None)
    with database.read() as connection:
        kept = connection.execute(sa.select(near_duplicates.c["first_sha256", "second_sha256"])).all()
        assert [tuple(pair) for pair in kept] == [(two, three)]
        counts = sa.select(video_fingerprints.c.sha256, sa.func.count()).group_by(video_fingerprints.c.sha256)
        assert dict(tuple(counted) for counted in connection.execute(counts)) == {one: 1, two: 3, three: 3}
    assert len(rows(database, "media_files")) == 3


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
