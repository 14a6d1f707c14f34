"""The questions that ``tables.py`` names beside its indexes are answered by them, not by reading whole tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from media_pipeline.catalog import (
    archived,
    duplicates,
    file_facts,
    files,
    imports,
    media,
    media_due,
    media_reports,
    missing,
    near_duplicates,
    pages,
    placeholders,
    posts,
    renditions,
    stats,
)
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.pages import ArchivedPost
from media_pipeline.catalog.selection import EVERYTHING, Selection
from media_pipeline.settings import Settings
from media_pipeline_tests.catalog.filling import FIRST, NOW, SECOND, add_post, digest, store

BIG_TABLES = ("posts", "post_media", "media_files", "renditions", "fetch_attempts", "import_files", "near_duplicates")
KEY_OF_FILES = "sqlite_autoindex_media_files_1"
A_POST = ArchivedPost("p-1", "twitter", None, None, NOW, None, None, None)
Asking = Callable[[sa.Connection], object]

QUESTIONS: dict[str, tuple[Asking, str]] = {
    "what is due in a partition": (
        lambda connection: media_due.pending(connection, [FIRST], 10),
        "ix_post_media_import_id_status_sha256",
    ),
    "how much is due in some partitions": (
        lambda connection: media_due.count_due(connection, [FIRST, SECOND]),
        "ix_post_media_import_id_status_sha256",
    ),
    "what lacks facts in a partition": (
        lambda connection: file_facts.without_facts(connection, [FIRST], 7, "", 10),
        "ix_post_media_import_id_status_sha256",
    ),
    "what is in quarantine of a partition": (
        lambda connection: file_facts.quarantined(connection, [FIRST], 10),
        "ix_post_media_import_id_status_sha256",
    ),
    "the files of a partition": (
        lambda connection: list(files.local(connection, Selection([FIRST]))),
        "ix_post_media_import_id_status_sha256",
    ),
    "the contents of a partition and all that hold them": (
        lambda connection: list(duplicates.same_bytes(connection, [FIRST])),
        "ix_post_media_sha256",
    ),
    "which references hold a file": (
        lambda connection: media.mark_quarantined(connection, digest("one"), ""),
        "ix_post_media_sha256",
    ),
    "a file by MD5": (
        lambda connection: list(files.local(connection, Selection(digest="0" * 32))),
        "ix_media_files_md5_sum",
    ),
    "an author's files, by handle": (
        lambda connection: list(files.local(connection, Selection(user="@Ann"))),
        "ix_posts_author_handle_lower",
    ),
    "an author's files in a partition": (
        lambda connection: list(files.local(connection, Selection([FIRST], user="@Ann"))),
        "ix_posts_author_handle_lower",
    ),
    "a post's files, by the platform's id": (
        lambda connection: list(files.local(connection, Selection(post="1"))),
        "ix_posts_native_id",
    ),
    "many files by SHA-256": (
        lambda connection: list(files.local(connection, Selection(sha256s=[digest(str(n)) for n in range(1000)]))),
        KEY_OF_FILES,
    ),
    "some of the library's files": (
        lambda connection: renditions.sources(connection, EVERYTHING, "", 10),
        KEY_OF_FILES,
    ),
    "which files the archive has": (
        lambda connection: archived.by_digest(connection, [digest("one")]),
        KEY_OF_FILES,
    ),
    "what is missing in a partition": (
        lambda connection: missing.of_partitions(connection, [FIRST]),
        "ix_post_media_import_id_status_sha256",
    ),
    "which of some references have no bytes": (
        lambda connection: media_due.without_bytes(connection, ["med-1"]),
        "sqlite_autoindex_post_media_1",
    ),
    "an author's references, by id": (
        lambda connection: list(media_reports.listing(connection, Selection(user="17"))),
        "ix_posts_author_id",
    ),
    "a post's references, by the platform's id": (
        lambda connection: list(media_reports.listing(connection, Selection(post="1"))),
        "ix_posts_native_id",
    ),
    "posts by date, page by page": (
        lambda connection: pages.posts_after(connection, EVERYTHING, A_POST, 10),
        "ix_posts_posted_at",
    ),
    "what was fetched under a URL": (
        lambda connection: media_due.stored_under_url(connection, [digest("https://host/1.jpg")]),
        "ix_post_media_url_digest",
    ),
    "what is not archived": (
        lambda connection: archived.to_archive(connection, EVERYTHING, 10, ""),
        "ix_media_files_not_archived",
    ),
    "what is not archived of a partition": (
        lambda connection: archived.to_archive(connection, Selection([FIRST], with_versions=True), 10, ""),
        "ix_post_media_import_id_status_sha256",
    ),
    "what has no renditions in a partition": (
        lambda connection: renditions.sources(connection, Selection([FIRST]), "", 10),
        "ix_post_media_import_id_status_sha256",
    ),
    "what may leave the cache": (
        lambda connection: archived.least_recently_used(connection, 10),
        "ix_media_files_last_used_at",
    ),
    "which posts have no manifest": (
        lambda connection: list(posts.without_manifest(connection, [FIRST], "twitter", 2, 10)),
        "ix_posts_import_id_post_id",
    ),
    "the posts of a partition": (
        lambda connection: list(posts.pages(connection, [FIRST], 10)),
        "ix_posts_import_id_post_id",
    ),
    "the posts of one content": (
        lambda connection: posts.same_content(connection, ["0" * 64]),
        "ix_posts_content_sha256",
    ),
    "which partitions are unfinished": (imports.unfinished_partitions, "ix_posts_manifest_version"),
    "the placeholders of a partition": (
        lambda connection: placeholders.flag(connection, [FIRST], 2),
        "ix_post_media_sha256",
    ),
    "the flagged files of a partition": (
        lambda connection: (placeholders.listed(connection, [FIRST]), files.flagged(connection, [FIRST])),
        "ix_post_media_import_id_status_sha256",
    ),
    "who holds a truncated file": (
        lambda connection: media.mark_truncated(connection, {digest("one"): "cut"}, Settings()),
        "ix_post_media_sha256",
    ),
    "which pairs files are in": (
        lambda connection: near_duplicates.pairs_of(connection, [digest("one")]),
        "ix_near_duplicates_second_sha256",
    ),
    "which pairs a partition's files are in": (
        lambda connection: near_duplicates.pairs_of_partition(connection, FIRST),
        "ix_near_duplicates_second_sha256",
    ),
    "what of a partition is to be compared": (
        lambda connection: [near_duplicates.unsearched(connection, [FIRST], kind) for kind in near_duplicates.Kind],
        "ix_post_media_import_id_status_sha256",
    ),
    "which of a partition's files have left": (
        lambda connection: near_duplicates.departed(connection, [FIRST]),
        "ix_post_media_sha256",
    ),
    "what is broken in a partition": (
        lambda connection: stats.unaccounted(connection, [FIRST]),
        "ix_post_media_import_id_status_sha256",
    ),
}


@contextmanager
def recorded(connection: sa.Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed meanwhile."""
    statements: list[tuple[str, Any]] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    event.listen(connection, "before_cursor_execute", record)
    yield statements
    event.remove(connection, "before_cursor_execute", record)


def plan_of(connection: sa.Connection, statement: str, parameters: Any) -> list[str]:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return [row[-1] for row in connection.exec_driver_sql(f"{explain} {statement}", parameters)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_by_its_index(database: Database, question: str):
    ask, index = QUESTIONS[question]
    for number in range(3):
        refs = add_post(database, str(number), f"https://host/{number}.jpg", author_handle="Ann", author_id="17")
        store(database, "one", *refs)
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # which suits a table of three rows
        with recorded(connection) as statements:
            ask(connection)
        plan = [
            line for statement, parameters in list(statements) for line in plan_of(connection, statement, parameters)
        ]
    if database.is_sqlite:
        assert any(index in line for line in plan), plan
        read_whole = [line for line in plan if line.startswith("SCAN") and line.split()[1] in BIG_TABLES]
        assert [line for line in read_whole if index not in line] == [], plan
    else:
        assert [line for line in plan if any(f"Seq Scan on {table}" in line for table in BIG_TABLES)] == [], plan
