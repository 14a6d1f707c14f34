"""The tables for other programs: their columns and types, whatever posts hold, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from media_pipeline.catalog import typed_tables
from media_pipeline.catalog.typed_tables import MEDIA, POSTS, TypedTable
from media_pipeline.model import ImportPartition
from media_pipeline.stages.tables.parquet import path_of, read_table, schema_of, write_media, write_posts
from media_pipeline.storage.durable import StorageError
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import HTML, FaultyHost
from media_pipeline_tests.hostile_text import HOSTILE
from media_pipeline_tests.library import DAY, STAGES, TWITTER, Library, picture, tweet

pytestmark = pytest.mark.usefixtures("either_database")

TABLES = (write_posts, write_media)
EVERYTHING = (*STAGES, *TABLES)
TOMORROW = ImportPartition(DAY + timedelta(days=1), "twitter")


def run(library: Library, *partitions: ImportPartition, tables_only: bool = False) -> None:
    with library.open() as context:
        for stage in TABLES if tables_only else EVERYTHING:
            stage(context, partitions or (TWITTER,))


def table(library: Library, which: TypedTable, partition: ImportPartition = TWITTER) -> list[dict]:
    return pq.ParquetFile(path_of(library.storage, which.name, partition)).read().to_pylist()


def test_a_post_is_a_row_with_the_urls_of_its_own_media(library: Library, host: FaultyHost) -> None:
    urls = [host.serve("/a.jpg", picture(1)), host.serve("/b.jpg", picture(2))]
    library.land("a.json", [tweet(1, *urls, author="ann"), tweet(2)])
    run(library)
    first, second = sorted(table(library, POSTS), key=lambda row: row["native_id"])
    assert (first["native_id"], first["author_handle"], first["text"]) == ("1", "ann", "post 1")
    assert first["posted_at"].isoformat() == "2025-11-01T12:01:00+00:00"
    assert (first["media_urls"], second["media_urls"]) == (urls, [])


def test_a_reference_is_a_row_with_its_status_its_file_and_what_it_duplicates(
    library: Library, host: FaultyHost
) -> None:
    urls = [
        host.serve("/a.jpg", picture(1, 64, 48)),
        host.serve("/same.jpg", picture(1, 64, 48)),
        host.serve("/b.jpg", HTML),
    ]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls, 1)])
    run(library)
    rows = {row["media_url"]: row for row in table(library, MEDIA)}
    first, same, refused = (rows[url] for url in urls)
    assert (first["status"], first["width"], first["height"], first["mime_type"]) == ("stored", 64, 48, "image/jpeg")
    assert (library.storage / first["path"]).read_bytes() == picture(1, 64, 48)
    assert first["archive_url"].endswith(".jpg")
    assert (same["sha256"], same["duplicate_of"]) == (first["sha256"], first["media_id"])
    assert (refused["status"], refused["sha256"], refused["path"]) == ("not_media", None, None)
    assert refused["reason"]
    assert [row["candidate_urls"] for row in (first, same, refused)] == [[url] for url in urls]


@pytest.mark.parametrize("which", [POSTS, MEDIA], ids=lambda which: which.name)
def test_an_empty_partition_has_a_file_of_the_same_types(library: Library, which: TypedTable, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    run(library)
    run(library, TOMORROW, tables_only=True)
    full, empty = (pq.ParquetFile(path_of(library.storage, which.name, day)) for day in (TWITTER, TOMORROW))
    assert (full.metadata.num_rows, empty.metadata.num_rows) == (1, 0)
    assert full.schema_arrow == empty.schema_arrow == schema_of(which.columns)


def test_other_programs_can_rely_on_these_columns_and_types() -> None:
    """A column may be added at any time. One that is renamed, removed or of another type breaks other programs."""
    time = "timestamp[us, tz=UTC]"
    assert {column.name: column.kind.value for column in POSTS.columns} == {
        **dict.fromkeys(["post_id", "native_id", "author_id", "author_handle", "author_name", "url"], "string"),
        **dict.fromkeys(["text", "relation", "raw_sha256", "import_id", "locator"], "string"),
        **dict.fromkeys(["like_count", "share_count"], "int64"),
        **dict.fromkeys(["posted_at", "created_at", "updated_at", "deleted_at"], time),
        "media_urls": "list<string>",
    }
    assert {column.name: column.kind.value for column in MEDIA.columns} == {
        **dict.fromkeys(["media_id", "post_id", "media_type", "role", "status", "reason", "media_url"], "string"),
        **dict.fromkeys(["alt_text", "fetched_url", "duplicate_of", "sha256", "media_key", "md5_sum"], "string"),
        **dict.fromkeys(["mime_type", "taken_at", "truncated", "path", "archive_url"], "string"),
        **dict.fromkeys(["position", "attempts", "version", "file_size", "width", "height"], "int64"),
        "duration": "double",
        **dict.fromkeys(["next_attempt_at", "fetched_at", "removed_at", "pruned_at", "archived_at"], time),
        "candidate_urls": "list<string>",
    }


def test_hostile_text_arrives_as_the_catalogue_holds_it(library: Library, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    posts = [tweet(n, f"{url}?{n}", text=text, author=f"a{n}") for n, text in enumerate(HOSTILE.values())]
    posts.append(tweet(1000, "https://a.example/\ud83d.jpg"))
    library.land("a.json", posts)
    run(library)
    expected = dict(library.rows("SELECT post_id, text FROM posts"))
    assert {row["post_id"]: row["text"] for row in table(library, POSTS)} == expected
    assert len(table(library, MEDIA)) == len(posts)


def test_pandas_reads_the_folder_of_a_table_whole(library: Library) -> None:
    library.land("a.json", [tweet(1)])
    library.land("b.json", [tweet(2), tweet(3)], TOMORROW)
    run(library, TWITTER, TOMORROW)
    frame = pd.read_parquet(library.storage / "tables" / "posts")
    assert frame.groupby("import_date", observed=True).size().to_dict() == {"2025-11-01": 1, "2025-11-02": 2}
    assert set(frame["platform"]) == {"twitter"}
    assert str(frame["posted_at"].dtype) == "datetime64[us, UTC]"


def test_a_range_is_read_with_whole_numbers_and_without_what_is_not_there_yet(library: Library) -> None:
    library.land("a.json", [{**tweet(1), "favorite_count": 2**60 + 1}, tweet(2)])
    run(library)
    frame = read_table(library.storage, POSTS, [TWITTER, TOMORROW])
    assert sorted(frame["like_count"].dropna()) == [2**60 + 1]
    assert str(frame["like_count"].dtype) == "Int64"
    assert set(frame["import_date"]) == {DAY}
    with pytest.raises(StorageError, match="materialize"):
        read_table(library.storage, POSTS, [TOMORROW])


def test_rows_are_written_in_batches_and_a_file_is_replaced_whole(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_tables, "ROWS_TOGETHER", 10)
    library.land("a.json", [tweet(number) for number in range(35)])
    run(library)
    path = path_of(library.storage, "posts", TWITTER)
    written = pq.ParquetFile(path)
    assert (written.num_row_groups, written.metadata.num_rows) == (4, 35)
    library.land("b.json", [tweet(number) for number in range(40)])
    run(library)
    assert pq.ParquetFile(path).metadata.num_rows == 40
    assert list(path.parent.iterdir()) == [path]


def test_the_tables_are_private_whatever_is_public(make_library: MakeLibrary) -> None:
    library = make_library(media_public=True)
    library.land("a.json", [tweet(1)])
    run(library)
    path: Path = path_of(library.storage, "posts", TWITTER)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
