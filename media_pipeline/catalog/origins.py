"""Where media references come from: their exports, and the names that their bytes may be found under there.

What belongs here: the way back from a reference to its export. What does not: fetching, and statuses
(:mod:`media_pipeline.catalog.media`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import holds_import
from media_pipeline.catalog.tables import import_files, imports, media_files, post_media, post_sightings, posts
from media_pipeline.model import ImportPartition, MediaType, Role, Status


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


@dataclass(frozen=True, slots=True)
class PlacedMedia:
    """A reference of a post that an import holds, stored or not, and where the import holds its post."""

    reference: WaitingMedia
    post_id: str
    role: Role
    media_type: MediaType
    sha256: str | None
    """Of its file, where it has one."""
    is_waiting: bool
    """Whether a file that is found for it would be taken."""
    locator: str


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


def exports_of_platform(connection: sa.Connection, platform: str, paths_end: Sequence[str]) -> list[tuple[str, str]]:
    """The imports of a platform, in whatever partition, whose file's path ends so, and where each lay."""
    path = import_files.c.path
    is_of_platform = sa.and_(path > f"{platform}/", path < f"{platform}0")
    ends = sa.or_(sa.false(), *(path.iendswith(end, autoescape=True) for end in paths_end))
    query = sa.select(import_files.c.import_id, path).where(is_of_platform, ends).order_by(path)
    return [(row.import_id, row.path) for row in connection.execute(query)]


def waiting_of_import(connection: sa.Connection, import_id: str) -> list[WaitingMedia]:
    """References of the posts that an import holds, in whatever import they stand now, that are not stored.

    One whose file was found truncated waits for its host. Of other roles than media only what has a file in an export.
    """
    return [
        placed.reference
        for placed in media_of_import(connection, import_id)
        if placed.is_waiting and (placed.role is Role.MEDIA or placed.reference.files)
    ]


def media_of_import(connection: sa.Connection, import_id: str) -> Iterator[PlacedMedia]:
    """Every reference of the posts that an import holds, post by post, in the order of each; those that a post no
    longer shows come last."""
    held_truncated = sa.exists().where(
        media_files.c.sha256 == post_media.c.sha256, media_files.c.truncated.is_not(None)
    )
    is_waiting = sa.and_(
        post_media.c.status.not_in([Status.STORED, Status.QUARANTINED]), sa.not_(held_truncated)
    ).label("is_waiting")
    query = (
        sa.select(
            *post_media.c["media_id", "post_id", "candidates", "role", "media_type", "files", "attempts", "sha256"],
            posts.c.native_id,
            post_sightings.c.locator,
            is_waiting,
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .join(post_sightings, post_sightings.c.post_id == post_media.c.post_id)
        .where(post_sightings.c.import_id == import_id)
        .order_by(post_media.c.post_id, post_media.c.removed_at.is_not(None), post_media.c.position)
    )
    for row in connection.execute(query):
        role, media_type = Role(row.role), MediaType(row.media_type)
        yield PlacedMedia(_waiting(row), row.post_id, role, media_type, row.sha256, row.is_waiting, row.locator)


def waiting(connection: sa.Connection) -> Iterator[tuple[WaitingMedia, ImportPartition]]:
    """Every reference of the library that has a URL and no file, and where it was imported."""
    query = (
        sa.select(
            *post_media.c["media_id", "candidates", "role", "files", "attempts"],
            posts.c.native_id,
            *imports.c["import_date", "platform"],
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(post_media.c.status.not_in([Status.STORED, Status.QUARANTINED]), post_media.c.media_url.is_not(None))
        .order_by(post_media.c.media_id)
    )
    for row in connection.execute(query, execution_options={"yield_per": 500}):
        yield _waiting(row), ImportPartition(row.import_date, row.platform)


def _waiting(row: Any) -> WaitingMedia:
    urls = tuple(entry["url"] for entry in row.candidates if entry["role"] == row.role)
    return WaitingMedia(row.media_id, row.native_id, urls, tuple(row.files or ()), row.attempts)
