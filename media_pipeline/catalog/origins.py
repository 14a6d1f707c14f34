"""Where media references come from: their exports, and the names that their bytes may be found under there.

What belongs here: the way back from a reference to its export. What does not: fetching, and statuses
(:mod:`media_pipeline.catalog.media`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from media_pipeline.catalog.selection import holds_import
from media_pipeline.catalog.tables import import_files, imports, media_files, post_media, post_sightings, posts
from media_pipeline.model import ImportPartition, Role, Status


@dataclass(frozen=True, slots=True)
class Origin:
    """Which export a reference was read from."""

    media_id: str
    post_id: str
    platform: str
    media_url: str | None
    urls: tuple[str, ...]
    """Of all its candidates, the chosen one first."""
    import_id: str
    paths: tuple[str, ...]
    """Where that export lay, below the import path."""


@dataclass(frozen=True, slots=True)
class WaitingMedia:
    """A reference without bytes, and the names that they may be found under."""

    media_id: str
    native_id: str
    urls: tuple[str, ...]
    """Of its candidates in its own role, best first."""
    files: tuple[str, ...]
    """Paths of its file in exports, as they write them."""
    attempts: int


def origin(connection: sa.Connection, media_id: str) -> Origin | None:
    """Where a reference was read; None when there is none of this id."""
    row = connection.execute(
        sa.select(*post_media.c["post_id", "media_url", "candidates", "import_id"], posts.c.platform)
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(post_media.c.media_id == media_id)
    ).one_or_none()
    if row is None:
        return None
    paths = connection.execute(
        sa.select(import_files.c.path).where(import_files.c.import_id == row.import_id).order_by(import_files.c.path)
    )
    urls = dict.fromkeys(url for url in (row.media_url, *(entry["url"] for entry in row.candidates)) if url)
    return Origin(
        media_id, row.post_id, row.platform, row.media_url, tuple(urls), row.import_id, tuple(paths.scalars())
    )


def exports(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> list[tuple[str, str]]:
    """The partitions' imports and where each lay, below the import path."""
    query = (
        sa.select(import_files.c.import_id, import_files.c.path)
        .join(imports, imports.c.import_id == import_files.c.import_id)
        .where(holds_import(partitions))
        .order_by(import_files.c.path)
    )
    return [(row.import_id, row.path) for row in connection.execute(query)]


def waiting_of_import(connection: sa.Connection, import_id: str) -> list[WaitingMedia]:
    """References of the posts that an import holds, in whatever import they stand now, that are not stored.

    One whose file was found truncated waits for its host. Of other roles than media only what has a file in an export.
    """
    held_truncated = sa.exists().where(
        media_files.c.sha256 == post_media.c.sha256, media_files.c.truncated.is_not(None)
    )
    query = (
        sa.select(*post_media.c["media_id", "candidates", "role", "files", "attempts"], posts.c.native_id)
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(
            post_media.c.post_id.in_(
                sa.select(post_sightings.c.post_id).where(post_sightings.c.import_id == import_id)
            ),
            post_media.c.status.not_in([Status.STORED, Status.QUARANTINED]),
            sa.or_(post_media.c.role == Role.MEDIA, post_media.c.files.is_not(None)),
            sa.not_(held_truncated),
        )
        .order_by(post_media.c.media_id)
    )
    return [
        WaitingMedia(
            row.media_id,
            row.native_id,
            tuple(entry["url"] for entry in row.candidates if entry["role"] == row.role),
            tuple(row.files or ()),
            row.attempts,
        )
        for row in connection.execute(query)
    ]
