"""What is known of single media that someone asks for by URL or by digest, with the file that each holds.

What belongs here: reading. What does not: lists for reports (:mod:`media_pipeline.catalog.media_reports`), and what is
due in partitions (:mod:`media_pipeline.catalog.media_due`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.manifests import url_digest
from media_pipeline.catalog.media_due import is_due
from media_pipeline.catalog.selection import Selection, pieces, selects_file
from media_pipeline.catalog.tables import imports, media_files, post_media, posts
from media_pipeline.model import ImportPartition, MediaType, Status


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of the library by its content, wherever it lies."""

    sha256: str
    md5_sum: str
    file_size: int
    media_type: MediaType
    mime_type: str
    width: int | None
    """Pixels, as the file says; None as long as its facts are not read, and where it has none."""
    height: int | None
    local_path: str | None
    """In the store; None: only the archive has it."""
    archive_url: str | None
    """None: it is not archived yet."""


@dataclass(frozen=True, slots=True)
class KnownMedium:
    """A media reference, and the file that it holds."""

    partition: ImportPartition
    media_id: str | None
    """None: the media of its post are not listed yet. Then there is no status either."""
    status: Status | None
    error: str | None
    file: KnownFile | None
    """None unless the reference is stored."""
    is_unfinished: bool
    """Whether it is due to be fetched, or its file's facts to be read."""


_FILE = media_files.c[
    *("sha256", "md5_sum", "file_size", "media_type", "mime_type", "width", "height", "local_path", "archive_url")
]
_LACKS_FACTS = sa.and_(
    media_files.c.facts_at.is_(None), media_files.c.facts_error.is_(None), media_files.c.local_path.is_not(None)
)


def of_posts(connection: sa.Connection, post_ids: Iterable[str]) -> dict[str, KnownMedium]:
    """The first medium of each of these posts that the catalogue knows, by the id of the post."""
    at_first = sa.or_(post_media.c.position.is_(None), post_media.c.position == 0)
    return {
        row.post_id: _medium(row)
        for piece in pieces(post_ids)
        for row in connection.execute(_media().where(posts.c.post_id.in_(piece), at_first))
    }


def by_url(connection: sa.Connection, url: str) -> KnownMedium | None:
    """The reference whose best URL this is: one that is stored, if there are several, then the oldest."""
    is_not_stored = post_media.c.status != Status.STORED
    query = _media().where(post_media.c.url_digest == url_digest(url))
    row = connection.execute(query.order_by(is_not_stored, post_media.c.created_at, post_media.c.media_id)).first()
    return _medium(row) if row else None


def file_of(connection: sa.Connection, selection: Selection) -> tuple[KnownFile, str | None] | None:
    """The oldest file that is selected, and the URL of the oldest reference that holds it, if one does."""
    query = sa.select(*_FILE).where(selects_file(selection))
    row = connection.execute(query.order_by(media_files.c.created_at, media_files.c.sha256)).first()
    if row is None:
        return None
    holds = sa.and_(post_media.c.sha256 == row.sha256, post_media.c.status == Status.STORED)
    urls = sa.select(post_media.c.media_url).where(holds).order_by(post_media.c.created_at, post_media.c.media_id)
    return _file(row), connection.execute(urls).scalars().first()


def _media() -> sa.Select[Any]:
    lacks_facts = sa.and_(post_media.c.status == Status.STORED, _LACKS_FACTS)
    return (
        sa.select(
            *(posts.c.post_id, imports.c.import_date, imports.c.platform),
            *post_media.c["media_id", "status", "error"],
            sa.or_(is_due(), lacks_facts).label("is_unfinished"),
            *_FILE,
        )
        .join(imports, imports.c.import_id == posts.c.import_id)
        .outerjoin(post_media, post_media.c.post_id == posts.c.post_id)
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
    )


def _medium(row: Any) -> KnownMedium:
    status = None if row.status is None else Status(row.status)
    return KnownMedium(
        ImportPartition(row.import_date, row.platform),
        row.media_id,
        status,
        row.error,
        _file(row) if status is Status.STORED and row.sha256 else None,
        bool(row.is_unfinished),
    )


def _file(row: Any) -> KnownFile:
    return KnownFile(
        row.sha256,
        row.md5_sum,
        row.file_size,
        MediaType(row.media_type),
        row.mime_type,
        row.width,
        row.height,
        row.local_path,
        row.archive_url,
    )
