"""What the archive holds: the columns of media_files from archive_url to archive_proved_at.

What belongs here: which files wait for the archive, where it has them, how that was proven, and which may leave the
store for it. What does not: files and their places in the store (:mod:`media_pipeline.catalog.files`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.files import held_by, partition_of_held
from media_pipeline.catalog.selection import EVERYTHING, Selection, page_after, paged, pieces, selects_file
from media_pipeline.catalog.tables import media_files, media_versions, post_media, posts
from media_pipeline.model import ArchivedObject, Content, ImportPartition, Proof, Reason, Status


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file that has a key in the archive, with what is needed to bring it back."""

    sha256: str
    md5_sum: str
    media_type: str
    mime_type: str
    extension: str
    file_size: int
    s3_key: str
    s3_etag: str | None
    """As the archive gave it when the bytes were proven."""
    local_path: str | None
    proof: Proof | None
    """How its bytes in the archive were last proven."""
    proved_at: datetime | None
    last_used_at: datetime
    """When it last came into the store."""

    @property
    def content(self) -> Content:
        return Content(self.sha256, self.md5_sum, self.file_size, self.mime_type, self.s3_etag)


@dataclass(frozen=True, slots=True)
class ToArchive:
    """A file that the archive is to hold, and the reference that names its key: the oldest."""

    content: Content
    extension: str
    local_path: str | None
    s3_key: str | None
    """The key that it already has there, or had."""
    media_id: str
    when: datetime
    """When it was posted; where nothing says so, when it was fetched."""


_TIME = media_files.c.last_used_at.type

_ARCHIVED = media_files.c[
    "sha256",
    "md5_sum",
    "media_type",
    "mime_type",
    "extension",
    "file_size",
    "s3_key",
    "s3_etag",
    "local_path",
    "archive_proof",
    "archive_proved_at",
    "last_used_at",
]


def _archived_file(row: Any) -> ArchivedFile:
    return ArchivedFile(
        row.sha256,
        row.md5_sum,
        row.media_type,
        row.mime_type,
        row.extension,
        row.file_size,
        row.s3_key,
        row.s3_etag,
        row.local_path,
        Proof(row.archive_proof) if row.archive_proof else None,
        row.archive_proved_at,
        row.last_used_at,
    )


def by_digest(connection: sa.Connection, sha256s: Iterable[str]) -> dict[str, ArchivedFile]:
    """Those of the files that the archive holds, by SHA-256."""
    return {
        file.sha256: file
        for piece in Selection(sha256s=tuple(sha256s)).pieces()
        for file in _read(connection, _archived(piece))
    }


def archived_sample(connection: sa.Connection, selection: Selection, limit: int) -> list[ArchivedFile]:
    """Some of the selected files that the archive holds, others each time."""
    return _read(connection, _archived(selection).order_by(sa.func.random()).limit(limit))


def archived_page(connection: sa.Connection, after: str, limit: int) -> list[ArchivedFile]:
    """Files that the archive holds, by SHA-256 from ``after`` on."""
    return _read(connection, page_after(_archived(EVERYTHING), media_files.c.sha256, after, limit))


def _archived(selection: Selection) -> sa.Select[Any]:
    return sa.select(*_ARCHIVED).where(media_files.c.archived_at.is_not(None), selects_file(selection))


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[ArchivedFile]:
    return [_archived_file(row) for row in connection.execute(query)]


def to_archive(
    connection: sa.Connection,
    selection: Selection,
    limit: int,
    after: str,
    with_archived: bool = False,
) -> list[ToArchive]:
    """Selected files of the store that the archive lacks, by SHA-256 from ``after`` on, each with its oldest reference.

    A file counts that a stored reference holds, or held before its host changed it. ``with_archived``: also what the
    archive was found to hold, in the store or not. Ask for many at once: each call looks up all files of the selected
    partitions.
    """
    is_held = sa.exists().where(post_media.c.sha256 == media_files.c.sha256, post_media.c.status == Status.STORED)
    was_held = sa.exists().where(media_versions.c.sha256 == media_files.c.sha256)
    waiting = sa.and_(media_files.c.archived_at.is_(None), media_files.c.local_path.is_not(None))
    anywhere = sa.or_(media_files.c.archived_at.is_not(None), media_files.c.local_path.is_not(None))
    query = sa.select(*_ARCHIVED, media_files.c.created_at).where(
        anywhere if with_archived else waiting,
        media_files.c.facts_error.is_(None),
        sa.or_(is_held, was_held),
        selects_file(selection),
    )
    found = connection.execute(page_after(query, media_files.c.sha256, after, limit))
    rows = {row.sha256: row for row in found}
    oldest = _oldest_references(connection, list(rows))
    return [
        ToArchive(
            Content(sha256, row.md5_sum, row.file_size, row.mime_type, row.s3_etag),
            row.extension,
            row.local_path,
            row.s3_key,
            oldest[sha256].media_id,
            oldest[sha256].posted_at or oldest[sha256].fetched_at or row.created_at,
        )
        for sha256, row in rows.items()
    ]


def _oldest_references(connection: sa.Connection, sha256s: Sequence[str]) -> dict[str, Any]:
    """The oldest reference that holds each file; where none does, the oldest that held it."""
    oldest: dict[str, Any] = {}
    for piece in pieces(sha256s):
        query = (
            sa.select(post_media.c.sha256, post_media.c.media_id, posts.c.posted_at, post_media.c.fetched_at)
            .join(posts, posts.c.post_id == post_media.c.post_id)
            .where(post_media.c.sha256.in_(piece), post_media.c.status == Status.STORED)
            .order_by(posts.c.posted_at.is_(None), posts.c.posted_at, post_media.c.media_id)
        )
        for row in connection.execute(query):
            oldest.setdefault(row.sha256, row)
        earlier = (
            # Outer: a version outlives a reference that was pruned.
            sa.select(
                media_versions.c.sha256, media_versions.c.media_id, posts.c.posted_at, media_versions.c.fetched_at
            )
            .outerjoin(post_media, post_media.c.media_id == media_versions.c.media_id)
            .outerjoin(posts, posts.c.post_id == post_media.c.post_id)
            .where(media_versions.c.sha256.in_(piece))
            .order_by(posts.c.posted_at.is_(None), posts.c.posted_at, media_versions.c.media_id)
        )
        for row in connection.execute(earlier):
            oldest.setdefault(row.sha256, row)
    return oldest


def owners_of_keys(connection: sa.Connection, keys: Sequence[str]) -> dict[str, set[str]]:
    """The contents that the archive was found to hold under each of these keys."""
    owners: dict[str, set[str]] = {}
    for piece in pieces(keys):
        query = sa.select(media_files.c.s3_key, media_files.c.sha256).where(
            media_files.c.s3_key.in_(piece), media_files.c.archived_at.is_not(None)
        )
        for row in connection.execute(query):
            owners.setdefault(row.s3_key, set()).add(row.sha256)
    return owners


def mark_archived(connection: sa.Connection, archived: Mapping[str, ArchivedObject], archive_id: str) -> None:
    """Write where the archive holds these files, and what was proven just now."""
    now = datetime.now(UTC)
    for sha256, stored in archived.items():
        proven = {"archive_proof": stored.proof, "archive_proved_at": now} if stored.proof else {}
        connection.execute(
            sa.update(media_files)
            .where(media_files.c.sha256 == sha256)
            .values(
                archive_url=stored.url,
                storage_provider=stored.provider,
                s3_key=stored.key,
                s3_etag=stored.etag,
                archived_at=sa.func.coalesce(media_files.c.archived_at, now),
                archive_id=archive_id,
                **proven,
            )
        )


def mark_not_archived(connection: sa.Connection, sha256s: Sequence[str]) -> None:
    """Record that the archive was found not to hold these files. Their keys stay known: the files may come back.

    References to what is not in the store either are missing from now on.
    """
    for piece in pieces(sha256s):
        these = media_files.c.sha256.in_(piece)
        connection.execute(
            sa.update(media_files).where(these).values(archived_at=None, archive_proof=None, archive_proved_at=None)
        )
        lost = sa.select(media_files.c.sha256).where(these, media_files.c.local_path.is_(None))
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.sha256.in_(lost), post_media.c.status == Status.STORED)
            .values(
                status=Status.MISSING,
                reason=Reason.FILE_LOST,
                error="neither the store nor the archive has it",
                attempts=0,
                next_attempt_at=None,
                updated_at=datetime.now(UTC),
            )
        )


def forget_archive(connection: sa.Connection) -> None:
    """Nothing counts as archived any more: another archive takes the place of the one that everything was sent to."""
    for page in paged(partial(archived_page, connection, limit=5000), lambda file: file.sha256, ""):
        mark_not_archived(connection, [file.sha256 for file in page])


def claim_archive(connection: sa.Connection, archive_id: str) -> None:
    """What was archived before archives had ids lies in this one."""
    connection.execute(
        sa.update(media_files)
        .where(media_files.c.archived_at.is_not(None), media_files.c.archive_id.is_(None))
        .values(archive_id=archive_id)
    )


def local_bytes(connection: sa.Connection) -> int:
    """How many bytes of originals lie in the store."""
    query = sa.select(sa.func.coalesce(sa.func.sum(media_files.c.file_size), 0))
    return int(connection.execute(query.where(media_files.c.local_path.is_not(None))).scalar_one())


def least_recently_used(connection: sa.Connection, limit: int, after: ArchivedFile | None = None) -> list[ArchivedFile]:
    """Archived files that the store may let go, oldest use first, from one on that was given before."""
    query = (
        _archived(EVERYTHING)
        .where(media_files.c.local_path.is_not(None), media_files.c.facts_error.is_(None))
        .order_by(media_files.c.last_used_at, media_files.c.sha256)
        .limit(limit)
    )
    if after is not None:
        position = sa.tuple_(media_files.c.last_used_at, media_files.c.sha256)
        query = query.where(position > sa.tuple_(sa.literal(after.last_used_at, _TIME), sa.literal(after.sha256)))
    return _read(connection, query)


def totals(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, dict[str, int]]:
    """For each partition: files and bytes that the archive holds, and files that it lacks."""
    held = held_by(partitions)
    is_archived = media_files.c.archived_at.is_not(None)
    query = (
        sa.select(
            held.c.import_date,
            held.c.platform,
            sa.func.count().filter(is_archived).label("archived"),
            sa.func.coalesce(sa.func.sum(media_files.c.file_size).filter(is_archived), 0).label("archived_bytes"),
            sa.func.count().filter(sa.not_(is_archived)).label("not_archived"),
        )
        .join(media_files, media_files.c.sha256 == held.c.sha256)
        .group_by(held.c.import_date, held.c.platform)
    )
    names = ("archived", "archived_bytes", "not_archived")
    return {
        partition_of_held(row): {name: int(getattr(row, name)) for name in names} for row in connection.execute(query)
    }
