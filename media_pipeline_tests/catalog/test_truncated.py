"""Truncated files: fetched once more, and kept where there is nothing better."""

from __future__ import annotations

from media_pipeline.catalog import file_facts, files, media
from media_pipeline.catalog.database import Database
from media_pipeline.model import FileFacts, Status
from media_pipeline.settings import Settings
from media_pipeline_tests.catalog.filling import FIRST, SECOND, add_post, give_facts, row, store, update

HOW = "it ends before its IEND chunk"


def _found_truncated(database: Database, sha256: str, max_attempts: int = 8) -> int:
    """What the stage does with a file whose facts were just read."""
    with database.write() as connection:
        fetched_again = media.mark_truncated(connection, {sha256: HOW}, Settings(media_max_attempts=max_attempts))
        file_facts.save_facts(connection, {sha256: FileFacts(width=4, truncated=HOW)})
    return fetched_again


def test_a_reference_that_holds_a_truncated_file_fails_and_keeps_it(database: Database):
    refs = [*add_post(database, "1", "https://host/1.jpg"), *add_post(database, "2", "https://host/2.jpg")]
    (other,) = add_post(database, "3", "https://host/3.jpg")
    sha256 = store(database, "half", *refs)
    store(database, "whole", other)
    assert _found_truncated(database, sha256) == 2
    for media_id in refs:
        found = row(database, "post_media", media_id=media_id)
        assert (found["status"], found["error"], found["sha256"]) == (Status.FAILED, f"truncated: {HOW}", sha256)
        assert found["attempts"] == 1
        assert found["next_attempt_at"] is not None
    file = row(database, "media_files", sha256=sha256)
    assert (file["truncated"], file["width"]) == (HOW, 4)
    assert file["local_path"] is not None
    assert row(database, "post_media", media_id=other)["status"] == Status.STORED


def test_the_same_bytes_a_second_time_stay_stored(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    sha256 = store(database, "half", media_id)
    _found_truncated(database, sha256)
    store(database, "half", media_id)
    with database.read() as connection:
        assert file_facts.without_facts(connection, [FIRST], 0, "", 10) == [], "they are not looked at again"
    assert _found_truncated(database, sha256) == 0, "nor would it matter"
    found = row(database, "post_media", media_id=media_id)
    assert (found["status"], found["version"]) == (Status.STORED, 1)
    assert row(database, "media_files")["truncated"] == HOW


def test_other_bytes_replace_a_truncated_file_as_a_new_version(database: Database):
    (media_id,) = add_post(database, "1", "https://host/1.jpg")
    half = store(database, "half", media_id)
    _found_truncated(database, half)
    whole = store(database, "whole", media_id)
    give_facts(database, whole)
    found = row(database, "post_media", media_id=media_id)
    assert (found["status"], found["sha256"], found["version"]) == (Status.STORED, whole, 2)
    assert row(database, "media_versions")["sha256"] == half
    assert row(database, "media_files", sha256=whole)["truncated"] is None


def test_half_a_picture_is_kept_when_tries_are_spent_or_there_is_no_url(database: Database):
    spent, without_url = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg")
    sha256 = store(database, "half", spent, without_url)
    update(database, "post_media", {"media_id": spent}, attempts=3)
    update(database, "post_media", {"media_id": without_url}, media_url=None)
    assert _found_truncated(database, sha256, max_attempts=3) == 0
    assert row(database, "post_media", media_id=spent)["status"] == Status.STORED


def test_truncated_files_of_a_partition_are_counted_once(database: Database):
    refs = add_post(database, "1", "https://host/1.jpg", "https://host/2.jpg", "https://host/3.jpg")
    sha256 = store(database, "half", *refs[:2])
    store(database, "whole", refs[2])
    with database.write() as connection:
        file_facts.save_facts(connection, {sha256: FileFacts(truncated=HOW)})
    with database.read() as connection:
        assert files.flagged(connection, [FIRST, SECOND]) == {
            FIRST: {"truncated": 1, "placeholders": 0},
            SECOND: {"truncated": 0, "placeholders": 0},
        }
