"""Renditions made of files: the table of that name. A row with an error says that none can be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.files import held_by, partition_of_held
from media_pipeline.catalog.selection import Selection, in_partitions, page_after, pieces, selects_file
from media_pipeline.catalog.tables import media_files, post_media, renditions
from media_pipeline.model import ImportPartition, MediaType, RenderedFile, RenditionKind, Status

SHOWN_AT = 300
"""Pixels at which pages show a thumbnail, of which there may be several sizes."""
_COUNTED = {
    "optimized": RenditionKind.OPTIMIZED,
    "thumbnails": RenditionKind.THUMBNAIL,
    "pages": RenditionKind.PAGE,
    "animations": RenditionKind.ANIMATION,
    "web_videos": RenditionKind.WEB,
    "motion_videos": RenditionKind.MOTION,
}
NUMBERS = (*_COUNTED, "originals_stand_in", "partial", "failed", "optimized_bytes", "original_bytes")
"""What :func:`totals` counts."""
_IS_THERE = sa.or_(renditions.c.local_path.is_not(None), renditions.c.stands_in.is_(True))


@dataclass(frozen=True, slots=True)
class Source:
    """A stored file, and the recipes that it already has a row for."""

    sha256: str
    local_path: str | None
    """None: only the archive has it."""
    file_size: int
    mime_type: str
    has_picture: bool
    """False for sound, also in a video file, and for a document that wants a password."""
    recipes: frozenset[str]
    places: tuple[tuple[str, str], ...] = ()
    """Of those that are files: recipe, and where it lies."""
    frames: int | None = None
    duration: float | None = None
    """Seconds."""
    is_motion_photo: bool = False
    """Whether a whole video is in it."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a recipe has come to for one file."""

    sha256: str
    kind: str
    recipe: str
    local_path: str | None
    """None where there is no file."""
    is_there: bool
    """Whether there is something to look at: a file, or the original that stands for it."""


def sources(connection: sa.Connection, selection: Selection, after: str, limit: int) -> list[Source]:
    """Selected files that are stored and readable, by SHA-256 from ``after`` on, with what was made of each.

    Ask for many at once: each call looks up all files of the selected partitions.
    """
    columns = media_files.c[
        "sha256", "local_path", "file_size", "media_type", "mime_type", "width", "frames", "duration", "motion_photo"
    ]
    query = sa.select(*columns).where(
        sa.or_(media_files.c.local_path.is_not(None), media_files.c.archived_at.is_not(None)),
        media_files.c.facts_at.is_not(None),
        media_files.c.facts_error.is_(None),
        selects_file(selection),
    )
    files: Sequence[Any] = connection.execute(page_after(query, media_files.c.sha256, after, limit)).all()
    made: dict[str, dict[str, str | None]] = {}
    for piece in pieces(file.sha256 for file in files):
        query = sa.select(*renditions.c["sha256", "recipe", "local_path"]).where(renditions.c.sha256.in_(piece))
        for row in connection.execute(query):
            made.setdefault(row.sha256, {})[row.recipe] = row.local_path
    return [
        Source(
            file.sha256,
            file.local_path,
            file.file_size,
            file.mime_type,
            file.width is not None or (file.media_type == MediaType.DOCUMENT and file.frames is not None),
            frozenset(made.get(file.sha256, ())),
            tuple((recipe, place) for recipe, place in made.get(file.sha256, {}).items() if place is not None),
            file.frames,
            file.duration,
            bool(file.motion_photo and file.motion_photo["is_there"]),
        )
        for file in files
    ]


def save(connection: sa.Connection, sha256: str, rendered: RenderedFile, local_path: str | None) -> None:
    """Record a rendition that lies in the store, or, without a path, that the original stands for it."""
    _write(
        connection,
        (sha256, rendered.kind, rendered.recipe),
        {
            "mime_type": rendered.mime_type,
            "width": rendered.width,
            "height": rendered.height,
            "file_size": rendered.file_size,
            "rendition_sha256": rendered.sha256,
            "local_path": local_path,
            "stands_in": rendered.stands_in or None,
            "partial": rendered.partial or None,
            "error": None,
        },
    )


def save_failure(connection: sa.Connection, sha256: str, kind: str, recipe: str, error: str) -> None:
    """Record that this rendition can't be made, so that it is not tried in every run. One that was made stays."""
    made = sa.select(renditions.c.recipe).where(renditions.c.sha256 == sha256, renditions.c.recipe == recipe, _IS_THERE)
    if connection.execute(made).first() is None:
        _write(connection, (sha256, kind, recipe), {"error": error})


def of_files(connection: sa.Connection, sha256s: Iterable[str]) -> list[Made]:
    """Everything that was made of these files, and what could not be."""
    found: list[Made] = []
    columns = renditions.c["sha256", "kind", "recipe", "local_path"]
    for piece in pieces(sha256s):
        query = sa.select(*columns, _IS_THERE.label("is_there")).where(renditions.c.sha256.in_(piece))
        found += [
            Made(row.sha256, row.kind, row.recipe, row.local_path, bool(row.is_there))
            for row in connection.execute(query)
        ]
    return found


def forget(connection: sa.Connection, made: Iterable[Made]) -> None:
    """Remove the rows."""
    for rendition in made:
        connection.execute(
            sa.delete(renditions).where(
                renditions.c.sha256 == rendition.sha256,
                renditions.c.kind == rendition.kind,
                renditions.c.recipe == rendition.recipe,
            )
        )


def _write(connection: sa.Connection, key: tuple[str, str, str], values: Mapping[str, Any]) -> None:
    names = dict(zip(("sha256", "kind", "recipe"), key, strict=True))
    matches = sa.and_(*(renditions.c[name] == value for name, value in names.items()))
    values = {**values, "generated_at": datetime.now(UTC)}
    if connection.execute(sa.update(renditions).where(matches).values(values)).rowcount == 0:
        connection.execute(sa.insert(renditions).values(**names, **values))


def totals(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, dict[str, int]]:
    """For each partition: renditions, those that failed, their bytes, and the bytes of the pictures they stand for."""
    held = held_by(partitions)
    optimized = renditions.c.kind == RenditionKind.OPTIMIZED
    kinds = {name: renditions.c.kind == kind for name, kind in _COUNTED.items()}
    query = (
        sa.select(
            held.c.import_date,
            held.c.platform,
            *(sa.func.count().filter(is_kind, _IS_THERE).label(name) for name, is_kind in kinds.items()),
            sa.func.count(renditions.c.stands_in).label("originals_stand_in"),
            sa.func.count(renditions.c.partial).label("partial"),
            sa.func.count().filter(renditions.c.error.is_not(None)).label("failed"),
            sa.func.sum(renditions.c.file_size).filter(optimized).label("optimized_bytes"),
            sa.func.sum(media_files.c.file_size).filter(optimized, _IS_THERE).label("original_bytes"),
        )
        .join(renditions, renditions.c.sha256 == held.c.sha256)
        .join(media_files, media_files.c.sha256 == held.c.sha256)
        .group_by(held.c.import_date, held.c.platform)
    )
    return {
        partition_of_held(row): {name: int(getattr(row, name) or 0) for name in NUMBERS}
        for row in connection.execute(query)
    }


def thumbnails(connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int) -> list[tuple[str, str]]:
    """(media_id, local path) of thumbnails of the partitions, one a file, for a contact sheet."""
    query = (
        sa.select(sa.func.min(post_media.c.media_id), sa.func.max(renditions.c.local_path))
        .join(renditions, renditions.c.sha256 == post_media.c.sha256)
        .where(
            in_partitions(post_media.c.import_id, partitions),
            post_media.c.status == Status.STORED,
            renditions.c.kind == RenditionKind.THUMBNAIL,
            renditions.c.local_path.is_not(None),
        )
        .group_by(renditions.c.sha256)
        .order_by(sa.func.min(post_media.c.media_id))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Placed:
    """A rendition in the store, or the original that stands for it."""

    local_path: str
    """Below the storage path."""
    sha256: str
    """Of its own bytes."""
    file_size: int


def placed(connection: sa.Connection, sha256s: Iterable[str], kind: str) -> dict[str, Placed]:
    """The rendition of this kind of each of these files that has one.

    Of several sizes the one nearest to ``SHOWN_AT``, and of those the latest. Where the original stands for it, the
    original itself, unless that is no longer on this disk.
    """
    found: dict[str, Placed] = {}
    place = sa.case((renditions.c.stands_in.is_(True), media_files.c.local_path), else_=renditions.c.local_path)
    for piece in pieces(sha256s):
        query = (
            sa.select(*renditions.c["sha256", "rendition_sha256", "file_size"], place.label("place"))
            .join(media_files, media_files.c.sha256 == renditions.c.sha256)
            .where(renditions.c.sha256.in_(piece), renditions.c.kind == kind, place.is_not(None))
            .order_by(sa.func.abs(renditions.c.width - SHOWN_AT).desc(), renditions.c.generated_at)
        )
        found |= {
            row.sha256: Placed(row.place, row.rendition_sha256, row.file_size) for row in connection.execute(query)
        }
    return found


def failures(connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int) -> list[dict[str, Any]]:
    """Renditions that could not be made, with the reason."""
    refs = sa.select(post_media.c.sha256).where(in_partitions(post_media.c.import_id, partitions))
    query = (
        sa.select(*renditions.c["sha256", "kind", "recipe", "error"])
        .where(renditions.c.error.is_not(None), renditions.c.sha256.in_(refs))
        .order_by(renditions.c.sha256, renditions.c.kind)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
