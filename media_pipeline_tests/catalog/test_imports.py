"""Imports: what was read, what could not be, and where work is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath

from media_pipeline.catalog import files, imports
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.imports import FAULTS_KEPT, SeenFile
from media_pipeline.model import Fault, ImportPartition, Locator, Status
from media_pipeline_tests.catalog.filling import (
    FIRST,
    LINKEDIN,
    SECOND,
    add_import,
    add_post,
    archive,
    digest,
    fail,
    give_facts,
    row,
    rows,
    store,
    update,
    upsert,
)
from media_pipeline_tests.catalog.filling import a_post as make_post


def unfinished(database: Database, downloads: bool = True) -> list[ImportPartition]:
    with database.read() as connection:
        return imports.unfinished_partitions(connection, downloads)


def test_a_file_is_known_by_how_it_was_when_it_was_read(database: Database):
    import_id = add_import(database)
    with database.write() as connection:
        imports.record_file(connection, SeenFile("twitter/2026-11-01/a.json", 1, 5, import_id))
        imports.record_file(connection, SeenFile("twitter/2026-11-01/a.json", 2, 2**62, import_id))
        imports.record_file(connection, SeenFile("twitter_x/2026-11-01/b.json", 3, 7, import_id))
    with database.read() as connection:
        seen = imports.seen_files(connection)
        assert seen["twitter/2026-11-01/a.json"] == SeenFile("twitter/2026-11-01/a.json", 2, 2**62, import_id)
        assert set(seen) == {"twitter/2026-11-01/a.json", "twitter_x/2026-11-01/b.json"}
        found = imports.paths_read(connection, ["nothing", *seen, *(f"{number}" for number in range(1200))])
        assert {file.path for file in found} == set(seen)


def test_a_file_name_that_is_not_utf8_is_kept_as_readable_text(database: Database):
    path = imports.path_text(PurePath("twitter/2026-11-01") / b"caf\xe9.json".decode("utf-8", "surrogateescape"))
    assert path == r"twitter/2026-11-01/caf\xe9.json"
    import_id = add_import(database)
    with database.write() as connection:
        imports.record_file(connection, SeenFile(path, 1, 1, import_id))
    with database.read() as connection:
        assert set(imports.seen_files(connection)) == {path}
        assert [file.path for file in imports.paths_read(connection, [path])] == [path]


def test_reading_an_import_anew_forgets_what_went_wrong_before(database: Database):
    import_id = digest("x")
    with database.write() as connection:
        seen_at = imports.begin(connection, import_id, "a.json", FIRST, 10, 1).seen_at
        imports.add_faults(connection, import_id, 0, [Fault(Locator(line=3), "cut off")])
        imports.finish(connection, import_id, posts=5, faults=1)
        assert imports.find(connection, import_id) == imports.Import(import_id, "a.json", FIRST, "faulty", 1, seen_at)
        assert [dict(fault) for fault in imports.faults(connection, [FIRST], 10)] == [
            {"file": "a.json", "locator": "line 3#", "reason": "cut off"}
        ]
        imports.begin(connection, import_id, "b.json", SECOND, 10, 2)
        assert imports.find(connection, import_id) == imports.Import(import_id, "b.json", SECOND, "reading", 2, seen_at)
        assert imports.faults(connection, [FIRST, SECOND], 10) == []
        imports.finish(connection, import_id, posts=5, faults=0)
        assert imports.find(connection, import_id).status == "read"
        assert imports.find(connection, digest("other")) is None
    assert row(database, "imports")["error"] is None


def test_a_file_without_any_post_failed(database: Database):
    import_id = add_import(database)
    with database.write() as connection:
        imports.finish(connection, import_id, posts=0, faults=2)
        assert imports.totals(connection, [FIRST]) == {FIRST: {"files": 1, "posts": 0, "faulty_files": 1}}
    assert row(database, "imports")["error"] == "2 part(s) could not be read"


def test_faults_are_recorded_whatever_stands_in_them_and_only_so_many(database: Database):
    import_id = add_import(database)
    odd = Fault(Locator(offset=0, pointer="/a\0b\ud800"), "\udfff is\0 odd")
    with database.write() as connection:
        imports.add_faults(connection, import_id, 0, [odd])
        imports.add_faults(connection, import_id, FAULTS_KEPT - 1, [odd, odd])
        imports.add_faults(connection, import_id, FAULTS_KEPT + 5, [odd])
    assert [(fault["number"], fault["locator"], fault["reason"]) for fault in rows(database, "import_faults")] == [
        (0, "offset 0#/a\ufffdb\ufffd", "\ufffd is\ufffd odd"),
        (FAULTS_KEPT - 1, "offset 0#/a\ufffdb\ufffd", "\ufffd is\ufffd odd"),
    ]


def test_partitions_are_those_that_hold_an_import(database: Database):
    for partition in (SECOND, LINKEDIN, FIRST):
        add_import(database, partition)
    add_import(database, FIRST, "b.json")
    with database.read() as connection:
        assert imports.known_partitions(connection) == [LINKEDIN, FIRST, SECOND]
        assert imports.known_partitions(connection, "twitter") == [FIRST, SECOND]
        by_import = imports.partition_by_import(connection, [FIRST, LINKEDIN])
        assert sorted(by_import.values()) == [LINKEDIN, FIRST, FIRST]
        assert imports.totals(connection, [FIRST, SECOND]) == {
            FIRST: {"files": 2, "posts": 2, "faulty_files": 0},
            SECOND: {"files": 1, "posts": 1, "faulty_files": 0},
        }


def test_the_media_of_each_import_are_counted(database: Database):
    add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg", name="a.json")
    add_post(database, "2", "https://host/3.jpg", name="b.json")
    add_post(database, "3", "https://host/4.jpg", partition=SECOND)
    with database.write() as connection:
        imports.count_media(connection, [FIRST])
    counted = {found["path"]: found["media"] for found in rows(database, "imports")}
    assert counted == {"twitter/2026-11-01/a.json": 2, "twitter/2026-11-01/b.json": 1, "twitter/2026-11-02/a.json": 0}


def test_a_partition_is_unfinished_until_its_last_step_is_done(database: Database):
    upsert(database, make_post("1"))
    assert unfinished(database) == [FIRST]  # no manifest
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    assert unfinished(database) == [FIRST]  # not fetched
    assert unfinished(database, downloads=False) == []
    sha256 = store(database, "one", media_id)
    assert unfinished(database, downloads=False) == [FIRST]  # no facts
    give_facts(database, sha256)
    assert unfinished(database) == [FIRST]  # not archived
    archive(database, sha256)
    assert unfinished(database) == []


def test_a_broken_off_import_is_unfinished(database: Database):
    with database.write() as connection:
        imports.begin(connection, digest("x"), "a.json", FIRST, 10, 1)
    assert unfinished(database) == [FIRST]


def test_a_failed_download_is_unfinished_once_its_time_has_come(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    fail(database, media_id)
    assert unfinished(database) == []
    update(database, "post_media", {"media_id": media_id}, next_attempt_at=datetime.now(UTC) - timedelta(seconds=1))
    assert unfinished(database) == [FIRST]
    fail(database, media_id, status=Status.GONE)
    assert unfinished(database) == []


def test_what_no_step_can_take_up_is_not_unfinished(database: Database):
    """Facts and archiving need the file in the store; one in quarantine is archived by nobody."""
    (evicted, unreadable) = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg")
    sha256 = store(database, "evicted before its facts were read", evicted)
    archive(database, sha256)
    broken = store(database, "broken", unreadable)
    with database.write() as connection:
        files.mark_evicted(connection, sha256)
        files.mark_quarantined(connection, broken, "quarantine/broken", "no picture")
    assert unfinished(database) == []


def test_paths_that_were_read_are_found_among_very_many(database: Database, tmp_path: Path):
    import_id = add_import(database)
    with database.write() as connection:
        for number in range(0, 2000, 400):
            imports.record_file(connection, SeenFile(str(number), 1, 1, import_id))
    with database.read() as connection:
        found = imports.paths_read(connection, map(str, range(2000)))
        assert sorted(int(file.path) for file in found) == [0, 400, 800, 1200, 1600]


def test_files_that_a_statement_can_not_name_all_are_looked_through_for_posts(database: Database):
    import_id = add_import(database)
    with database.write() as connection:
        imports.record_file(connection, SeenFile("twitter/2026-11-01/a.json", 1, 5, import_id))
        imports.finish(connection, import_id, 0, 0)
    paths = [*(f"{number}.json" for number in range(70_000)), "twitter/2026-11-01/a.json"]
    with database.read() as connection:
        assert not imports.have_posts(connection, paths)
    with database.write() as connection:
        imports.finish(connection, import_id, 1, 0)
    with database.read() as connection:
        assert imports.have_posts(connection, paths)
