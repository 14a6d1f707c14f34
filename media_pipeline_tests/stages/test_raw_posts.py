"""Import files to posts: what is read, what is recorded, and what a second run does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from media_pipeline.model import ImportPartition, MediaRef
from media_pipeline.posts.platforms.twitter import Twitter
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.progress import Progress
from media_pipeline_tests.library import DAY, TWITTER, Library, tweet

READ = (read_posts,)


class BreaksOff(Progress):
    """Ctrl-C after the first batch."""

    def advance(self, by: int = 1) -> None:
        raise KeyboardInterrupt


URL = "https://pbs.twimg.com/media/A.jpg"


def test_the_media_of_a_post_are_told_once_and_stand_with_it_before_the_next_stage(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    media = Twitter.media

    def counted(self: Twitter, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        told.append(raw["id_str"])
        return media(self, raw)

    monkeypatch.setattr(Twitter, "media", counted)
    library.land("a.json", [tweet(1, URL), tweet(2), tweet(3, URL)])
    library.run(stages=READ)
    assert library.rows("SELECT count(*) FROM post_media WHERE status = 'pending'") == [(2,)]
    library.run(stages=(write_manifests,))
    assert told == ["1", "2", "3"]


def test_a_post_that_an_older_module_has_read_is_written_anew_though_its_json_is_the_same(library: Library) -> None:
    library.land("a.json", [tweet(1, URL, text="Q&amp;A")])
    library.run(stages=(read_posts, write_manifests))
    library.execute("UPDATE posts SET text = 'Q&amp;A', manifest_version = 0")
    library.execute("UPDATE imports SET reader_version = 0")
    library.run(stages=(read_posts, write_manifests))
    assert library.rows("SELECT text FROM posts") == [("Q&A",)]
    assert library.rows("SELECT count(*) FROM post_media WHERE removed_at IS NULL") == [(1,)]


def test_every_post_is_kept_with_its_raw_json_and_where_it_stood(library: Library) -> None:
    library.land("a.json", [tweet(1, URL), tweet(2)])
    library.land("b.jsonl", [tweet(3)])
    library.run(stages=READ)
    rows = library.rows("SELECT native_id, locator, raw, path FROM posts JOIN imports USING (import_id) ORDER BY 1")
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("1", "offset 0#/0", "twitter/2025-11-01/a.json"),
        ("2", "offset 0#/1", "twitter/2025-11-01/a.json"),
        ("3", "line 1#", "twitter/2025-11-01/b.jsonl"),
    ]
    assert json.loads(rows[0][2]) == tweet(1, URL)


def test_a_broken_line_is_recorded_with_file_line_and_reason_and_the_rest_goes_on(library: Library) -> None:
    lines = [json.dumps(tweet(1)), '{"id_str": "2", "full_te', json.dumps(tweet(3))]
    library.land("a.jsonl", "\n".join(lines))
    report = library.run(stages=READ)["read_posts"]
    assert report.numbers["posts"] == 2
    assert report.numbers["faulty_files"] == 1
    (fault,) = report.table
    assert fault["file"] == "twitter/2025-11-01/a.jsonl"
    assert fault["locator"].startswith("line 2")
    assert fault["reason"]


def test_a_broken_file_does_not_stop_the_others(library: Library) -> None:
    library.land("a.json", "this is no JSON")
    library.land("b.json.gz", gzip.compress(json.dumps([tweet(1)]).encode())[:-20])
    library.land("c.json", [tweet(2)])
    report = library.run(stages=READ)["read_posts"]
    assert {fault["file"] for fault in report.table} == {"twitter/2025-11-01/a.json", "twitter/2025-11-01/b.json.gz"}
    assert ("2",) in library.rows("SELECT native_id FROM posts")


def test_a_file_of_another_platform_says_so(library: Library) -> None:
    library.land("a.json", [{"activity_urn": "7", "text": "hello"}])
    report = library.run(stages=READ)["read_posts"]
    assert "twitter" in report.table[0]["reason"]


def test_a_second_run_reads_nothing_and_changes_no_row(library: Library) -> None:
    library.land("a.json", [tweet(1, URL)])
    library.run(stages=READ)
    before = library.snapshot()
    library.run(stages=READ)
    assert library.snapshot() == before


def test_the_same_post_in_a_later_import_is_an_update_and_not_a_second_row(library: Library) -> None:
    tomorrow = ImportPartition(DAY + timedelta(days=1), "twitter")
    library.land("a.json", [tweet(1, URL, text="first")])
    library.land("b.json", [tweet(1, URL, text="edited")], tomorrow)
    library.run(TWITTER, stages=READ)
    library.run(tomorrow, stages=READ)
    assert library.rows("SELECT native_id, text FROM posts") == [("1", "edited")]
    library.run(TWITTER, stages=READ)
    assert library.rows("SELECT text FROM posts") == [("edited",)], "an older import never takes a newer one back"


def test_a_file_that_changed_is_read_again(library: Library) -> None:
    library.land("a.json", [tweet(1)])
    library.run(stages=READ)
    library.land("a.json", [tweet(1), tweet(2)])
    report = library.run(stages=READ)["read_posts"]
    assert report.numbers["posts_new"] == 1
    assert len(library.rows("SELECT * FROM posts")) == 2


def test_the_same_bytes_under_another_name_are_not_imported_twice(library: Library) -> None:
    tomorrow = ImportPartition(DAY + timedelta(days=1), "twitter")
    library.land("a.json", [tweet(1)])
    library.land("copy.json", [tweet(1)], tomorrow)
    library.run(TWITTER, tomorrow, stages=READ)
    assert library.rows("SELECT path FROM imports") == [("twitter/2025-11-01/a.json",)]
    assert len(library.rows("SELECT * FROM import_files")) == 2, "both are seen, so neither is asked for again"


def test_a_file_moved_to_the_right_platform_is_read_there(library: Library) -> None:
    wrong = ImportPartition(DAY, "linkedin")
    path = library.land("a.json", [tweet(1)], wrong)
    assert library.run(wrong, stages=READ)["read_posts"].numbers["posts"] == 0
    path.unlink()
    library.land("a.json", [tweet(1)])
    assert library.run(TWITTER, stages=READ)["read_posts"].numbers["posts"] == 1


def test_a_run_that_was_broken_off_is_taken_up_and_ends_the_same(library: Library) -> None:
    library.land("a.jsonl", [tweet(number, URL) for number in range(1200)])
    library.run(stages=(read_posts, write_manifests))
    whole = {table: len(rows) for table, rows in library.snapshot().items()}
    other = Library(library.folder / "other")
    other.land("a.jsonl", [tweet(number, URL) for number in range(1200)])
    with pytest.raises(KeyboardInterrupt), other.open(progress=BreaksOff()) as context:
        read_posts(context, [TWITTER])
    assert 0 < len(other.rows("SELECT * FROM posts")) < 1200
    other.run(stages=(read_posts, write_manifests))
    assert {table: len(rows) for table, rows in other.snapshot().items()} == whole
    assert other.rows("SELECT status, posts FROM imports") == [("read", 1200)]


def test_text_that_a_database_refuses_is_kept_in_the_raw_json(library: Library) -> None:
    library.land("a.json", [tweet(1, text="nul \0 and more"), tweet(2, text="🎈"), {**tweet(3), "big": 2**80}])
    library.run(stages=READ)
    assert library.rows("SELECT text FROM posts WHERE native_id = '2'") == [("🎈",)]
    (raw,) = library.rows("SELECT raw FROM posts WHERE native_id = '3'")[0]
    assert json.loads(raw)["big"] == 2**80
    (raw,) = library.rows("SELECT raw FROM posts WHERE native_id = '1'")[0]
    assert json.loads(raw)["full_text"] == "nul \0 and more"
