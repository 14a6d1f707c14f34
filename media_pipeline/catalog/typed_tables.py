"""The tables that are handed on as files: ``posts`` and ``media``, with the columns that other programs rely on.

What belongs here: each column with its type and meaning, and a partition's rows. What does not: files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import in_partitions, pieces
from media_pipeline.catalog.storable import BigInteger, Float, Integer, UtcDateTime, storable_text
from media_pipeline.catalog.tables import media_files, post_media, posts
from media_pipeline.model import Column, ColumnKind, ImportPartition, Role

ROWS_TOGETHER = 5000
"""Rows that are held at once: some megabytes, unless posts are very long."""

Rows = Iterator[list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class TypedTable:
    """A table that is handed on. What it promises is its columns, in this order."""

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[sa.Connection, ImportPartition], Rows]
    """A partition's rows in batches of ROWS_TOGETHER: values by the columns' names."""


_MEDIA_URLS = Column(
    "media_urls",
    ColumnKind.TEXTS,
    "the best URL of each medium of its own, in their order; not of posters and previews",
)
_CANDIDATES = Column("candidate_urls", ColumnKind.TEXTS, "every URL that it can be had from, best first")

_POSTS = (
    *posts.c["post_id", "native_id", "author_id", "author_handle", "author_name", "posted_at", "url", "text"],
    *posts.c["relation", "like_count", "share_count", "raw_sha256", "import_id", "locator", "created_at", "updated_at"],
    posts.c.deleted_at,
)
_REFERENCES = (
    *post_media.c["media_id", "post_id", "position", "media_type", "role", "status"],
    post_media.c.error.label("reason"),
    *post_media.c["media_url", "alt_text", "attempts", "next_attempt_at", "fetched_url", "fetched_at", "version"],
    *post_media.c["duplicate_of", "sha256", "media_key", "removed_at", "pruned_at"],
)
_FILES = (
    *media_files.c["md5_sum", "mime_type", "file_size", "width", "height", "duration", "taken_at", "truncated"],
    media_files.c.local_path.label("path"),
    *media_files.c["archive_url", "archived_at"],
)


def _posts_of(connection: sa.Connection, partition: ImportPartition) -> Rows:
    query = sa.select(*_POSTS).where(in_partitions(posts.c.import_id, [partition])).order_by(posts.c.post_id)
    for batch in _batches(connection, query):
        urls = _own_urls(connection, [row["post_id"] for row in batch])
        yield [{**row, _MEDIA_URLS.name: urls.get(row["post_id"], [])} for row in batch]


def _media_of(connection: sa.Connection, partition: ImportPartition) -> Rows:
    query = (
        sa.select(*_REFERENCES, *_FILES, post_media.c.candidates)
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(in_partitions(post_media.c.import_id, [partition]))
        .order_by(post_media.c.post_id, post_media.c.position)
    )
    for batch in _batches(connection, query):
        yield [{**row, _CANDIDATES.name: [storable_text(one["url"]) for one in row["candidates"]]} for row in batch]


def _batches(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[sa.RowMapping]]:
    return connection.execute(query, execution_options={"yield_per": ROWS_TOGETHER}).mappings().partitions()


def _own_urls(connection: sa.Connection, post_ids: Sequence[str]) -> dict[str, list[str]]:
    """By post, the best URL of each of its own media that has one."""
    found: dict[str, list[str]] = {}
    query = sa.select(post_media.c.post_id, post_media.c.media_url).order_by(post_media.c.position)
    is_shown = sa.and_(post_media.c.role == Role.MEDIA, post_media.c.removed_at.is_(None))
    query = query.where(is_shown, post_media.c.media_url.is_not(None))
    for piece in pieces(post_ids):
        for post_id, url in connection.execute(query.where(post_media.c.post_id.in_(piece))):
            found.setdefault(post_id, []).append(url)
    return found


def _column(named: sa.ColumnElement[Any], meaning_of: str = "") -> Column:
    """A column of the catalogue as it is handed on; a label is its name."""
    column = named.element if isinstance(named, sa.Label) else named
    assert isinstance(column, sa.Column)
    return Column(str(getattr(named, "name", "")), _kind(column.type), f"{meaning_of}{column.comment}")


def _kind(kind: sa.types.TypeEngine[Any]) -> ColumnKind:
    if isinstance(kind, Integer | BigInteger):
        return ColumnKind.INTEGER
    if isinstance(kind, Float):
        return ColumnKind.NUMBER
    return ColumnKind.TIME if isinstance(kind, UtcDateTime) else ColumnKind.TEXT


POSTS = TypedTable("posts", (*map(_column, _POSTS), _MEDIA_URLS), _posts_of)
MEDIA = TypedTable(
    "media",
    (*map(_column, _REFERENCES), *(_column(named, "of the file: ") for named in _FILES), _CANDIDATES),
    _media_of,
)
TYPED_TABLES = (POSTS, MEDIA)
