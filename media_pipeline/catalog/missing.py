"""What was stored and is nowhere now: the references whose status is missing, and the way back.

What belongs here: losing and finding again the bytes of references. What does not: looking for them
(:mod:`media_pipeline.stages.integrity.stored_files`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from media_pipeline.catalog.selection import in_partitions, pieces
from media_pipeline.catalog.tables import media_files, media_versions, post_media
from media_pipeline.model import Content, ImportPartition, MediaType, Reason, Status

held = media_files.alias("held")

_HELD = tuple(one for one in Status if one not in (Status.SKIPPED, Status.QUARANTINED, Status.MISSING))
"""Statuses of references that may hold a file: those that are asked again hold it until other bytes come, and one that
was given up after its file was found unreadable names bytes that another reference may bring again, readable."""


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file that references name and that was nowhere when it was last looked for."""

    content: Content
    media_type: MediaType
    extension: str
    local_path: str | None
    """Where it lies by now, when other references brought it back."""
    s3_key: str | None
    """The key that the archive had it under."""


def of_partitions(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> list[MissingFile]:
    """The files that references of the partitions miss, or held before others came and are nowhere now."""
    of_these = in_partitions(post_media.c.import_id, partitions)
    named = sa.select(post_media.c.sha256).where(of_these, post_media.c.status == Status.MISSING)
    before = (
        sa.select(media_versions.c.sha256)
        .join(post_media, post_media.c.media_id == media_versions.c.media_id)
        .join(held, held.c.sha256 == media_versions.c.sha256)
        .where(of_these, held.c.local_path.is_(None), held.c.archived_at.is_(None))
    )
    return _files(connection, media_files.c.sha256.in_(sa.union(named, before)))


def by_digest(connection: sa.Connection, sha256s: Iterable[str]) -> list[MissingFile]:
    """These files, by SHA-256."""
    found = (_files(connection, media_files.c.sha256.in_(piece)) for piece in pieces(sorted(sha256s)))
    return [file for piece in found for file in piece]


def _files(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[MissingFile]:
    """Files with what is needed to find them. Those in quarantine are not meant."""
    columns = media_files.c["sha256", "md5_sum", "file_size", "mime_type", "media_type", "extension"]
    query = (
        sa.select(*columns, *media_files.c["local_path", "s3_key"])
        .where(condition, media_files.c.facts_error.is_(None))
        .order_by(media_files.c.sha256)
    )
    return [
        MissingFile(
            Content(row.sha256, row.md5_sum, row.file_size, row.mime_type),
            MediaType(row.media_type),
            row.extension,
            row.local_path,
            row.s3_key,
        )
        for row in connection.execute(query)
    ]


def mark_lost(connection: sa.Connection, sha256: str, reason: str) -> None:
    """Record that the store has lost a file. References to it are missing, with all their tries before them.

    They are no longer duplicates of each other: the next bytes of each may be different ones.
    """
    now = datetime.now(UTC)
    connection.execute(sa.update(media_files).where(media_files.c.sha256 == sha256).values(local_path=None))
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.sha256 == sha256, post_media.c.status.in_(_HELD))
        .values(
            status=Status.MISSING,
            reason=Reason.FILE_LOST,
            error=reason,
            attempts=0,
            next_attempt_at=None,
            duplicate_of=None,
            updated_at=now,
        )
    )


def mark_found(connection: sa.Connection, sha256: str, local_path: str) -> int:
    """Record that a file lies in the store, and return how many missing references are stored again."""
    now = datetime.now(UTC)
    connection.execute(
        sa.update(media_files)
        .where(media_files.c.sha256 == sha256)
        .values(local_path=local_path, verified_at=now, last_used_at=now)
    )
    return connection.execute(
        sa.update(post_media)
        .where(post_media.c.sha256 == sha256, post_media.c.status == Status.MISSING)
        .values(status=Status.STORED, reason=None, error=None, next_attempt_at=None, updated_at=now)
    ).rowcount


def forget_store(connection: sa.Connection) -> None:
    """Nothing counts as stored any more: another folder takes the place of the one that everything lay in.

    What the archive has stays stored, the rest is missing.
    """
    lost = sa.select(media_files.c.sha256).where(
        media_files.c.local_path.is_not(None), media_files.c.archived_at.is_(None), media_files.c.facts_error.is_(None)
    )
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.sha256.in_(lost), post_media.c.status.in_(_HELD))
        .values(
            status=Status.MISSING,
            reason=Reason.FILE_LOST,
            error="its store was replaced by another one",
            attempts=0,
            next_attempt_at=None,
            duplicate_of=None,
            updated_at=datetime.now(UTC),
        )
    )
    connection.execute(sa.update(media_files).where(media_files.c.local_path.is_not(None)).values(local_path=None))
