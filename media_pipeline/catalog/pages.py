"""Posts with their media and files, page by page in the order of their dates: what a page of archived posts shows.

What belongs here: reading those rows. What does not: where renditions lie (:mod:`media_pipeline.catalog.renditions`),
and what is shown of a row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import Selection, pieces, selects_post
from media_pipeline.catalog.tables import media_files, post_media, posts
from media_pipeline.model import MediaType, Status


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file that a medium holds."""

    sha256: str
    media_type: MediaType
    mime_type: str
    extension: str
    file_size: int
    width: int | None
    height: int | None
    duration: float | None
    frames: int | None
    camera: str | None
    coordinates: tuple[float, float] | None
    local_path: str | None
    archive_key: str | None
    """None: the archive does not hold it."""
    is_readable: bool
    """False for a file in quarantine."""


@dataclass(frozen=True, slots=True)
class ArchivedMedium:
    """A medium of a post."""

    media_type: str
    """As the export says."""
    status: Status
    error: str | None
    alt_text: str | None
    is_duplicate: bool
    is_removed: bool
    """Whether its post was seen without it since."""
    file: ArchivedFile | None


@dataclass(frozen=True, slots=True)
class ArchivedPost:
    """A post, and its media in order."""

    post_id: str
    platform: str
    author_name: str | None
    author_handle: str | None
    posted_at: datetime | None
    url: str | None
    text: str | None
    relation: str | None
    media: tuple[ArchivedMedium, ...] = ()


def posts_after(
    connection: sa.Connection, selection: Selection, last: ArchivedPost | None, limit: int
) -> list[ArchivedPost]:
    """At most ``limit`` of the selected posts that come after ``last``, oldest first, those without a date last."""
    found: list[Any] = []
    query = sa.select(
        *posts.c["post_id", "platform", "author_name", "author_handle", "posted_at", "url", "text", "relation"]
    ).where(selects_post(selection))
    # Two questions, since an index gives no order in which NULL comes last.
    if last is None or last.posted_at is not None:
        dated = query.where(posts.c.posted_at.is_not(None)).order_by(posts.c.posted_at, posts.c.post_id)
        if last is not None:
            later = sa.or_(posts.c.posted_at > last.posted_at, posts.c.post_id > last.post_id)
            dated = dated.where(posts.c.posted_at >= last.posted_at, later)
        found += connection.execute(dated.limit(limit))
    if len(found) < limit and selection.since is None:
        after = last.post_id if last is not None and last.posted_at is None else ""
        undated = query.where(posts.c.posted_at.is_(None), posts.c.post_id > after).order_by(posts.c.post_id)
        found += connection.execute(undated.limit(limit - len(found)))
    media = _media_of(connection, [row.post_id for row in found])
    return [replace(ArchivedPost(*row), media=tuple(media.get(row.post_id, ()))) for row in found]


def _media_of(connection: sa.Connection, post_ids: Iterable[str]) -> dict[str, list[ArchivedMedium]]:
    """The media of each post, in order, those that were removed from it last."""
    found: dict[str, list[ArchivedMedium]] = {}
    query = (
        sa.select(
            *post_media.c["post_id", "media_type", "status", "error", "alt_text", "duplicate_of", "removed_at"],
            *media_files.c["sha256", "mime_type", "extension", "file_size", "width", "height", "duration", "frames"],
            *media_files.c["camera_make", "camera_model", "latitude", "longitude", "local_path", "s3_key"],
            *media_files.c["archived_at", "facts_error"],
            media_files.c.media_type.label("file_type"),
        )
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
        .order_by(post_media.c.post_id, post_media.c.removed_at.is_not(None), post_media.c.position)
    )
    for piece in pieces(post_ids):
        for row in connection.execute(query.where(post_media.c.post_id.in_(piece))):
            found.setdefault(row.post_id, []).append(_medium(row))
    return found


def _medium(row: Any) -> ArchivedMedium:
    file = None if row.sha256 is None else _file(row)
    is_duplicate = row.duplicate_of is not None
    is_removed = row.removed_at is not None
    return ArchivedMedium(row.media_type, Status(row.status), row.error, row.alt_text, is_duplicate, is_removed, file)


def _file(row: Any) -> ArchivedFile:
    return ArchivedFile(
        sha256=row.sha256,
        media_type=MediaType(row.file_type),
        mime_type=row.mime_type,
        extension=row.extension,
        file_size=row.file_size,
        width=row.width,
        height=row.height,
        duration=row.duration,
        frames=row.frames,
        camera=_camera(row.camera_make, row.camera_model),
        coordinates=None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude),
        local_path=row.local_path,
        archive_key=row.s3_key if row.archived_at is not None else None,
        is_readable=row.facts_error is None,
    )


def _camera(make: str | None, model: str | None) -> str | None:
    """``Canon PowerShot S40``, also where the model names its make already."""
    if make and model and model.lower().startswith(make.lower()):
        return model
    return " ".join(part for part in (make, model) if part) or None
