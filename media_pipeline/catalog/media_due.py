"""Media references that wait for their bytes: which are to be fetched now, and what is known of their URLs.

What belongs here: reading. What does not: what becomes of them (:mod:`media_pipeline.catalog.media`), and where their
exports lie (:mod:`media_pipeline.catalog.origins`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.media import StoredMedia
from media_pipeline.catalog.selection import in_partitions, pieces
from media_pipeline.catalog.tables import media_files, post_media
from media_pipeline.model import Candidate, ImportPartition, MediaType, Role, Status, Validators
from media_pipeline.policy import clocks
from media_pipeline.policy.retry import LONGEST_RECHECK, LONGEST_WAIT, RECHECKED


@dataclass(frozen=True, slots=True)
class PendingMedia:
    """A reference that is due to be fetched."""

    media_id: str
    url: str | None
    """None: its file was lost, and its export names no URL any more."""
    url_digest: str
    expires_at: datetime | None
    attempts: int
    sha256: str | None
    """What it held before, when it is fetched again."""
    status: Status
    candidates: tuple[Candidate, ...]
    """Of its own role, best first."""
    validators: Validators
    """Of what it held before."""
    fetched_url: str | None
    """What brought that."""
    is_held: bool
    """Whether the store has what it held before, and it can be read."""
    is_archived: bool
    """Whether the archive has it, by what is known."""
    declared_type: MediaType
    """What its export says that it is."""
    media_key: str
    """By what its post knows it."""
    held_type: MediaType | None
    """What the file that it held before is."""
    decided_under: str | None
    """The settings under which final answers of hosts were given; None: all of its URLs are asked."""


def pending(
    connection: sa.Connection,
    partitions: Sequence[ImportPartition],
    limit: int,
    without: Collection[str] = (),
    media_ids: Collection[str] | None = None,
) -> list[PendingMedia]:
    """References to fetch now: pending ones, and failed ones whose time has come; soonest to expire first.
    ``media_ids``: only these, some thousands at most.

    Each call sorts everything that is due (200,000: 0.1 s), however few are asked for: ask for many at once.
    """
    columns = (
        post_media.c.media_id,
        post_media.c.media_url,
        post_media.c.url_digest,
        post_media.c.url_expires_at,
        post_media.c.attempts,
        post_media.c.sha256,
        *post_media.c[
            "status",
            "role",
            "candidates",
            "etag",
            "last_modified",
            "fetched_url",
            "media_type",
            "media_key",
            "decided_under",
        ],
        media_files.c.media_type.label("held_type"),
        sa.and_(media_files.c.local_path.is_not(None), media_files.c.facts_error.is_(None)).label("is_held"),
        media_files.c.archived_at.is_not(None).label("is_archived"),
    )
    query = (
        sa.select(*columns)
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(in_partitions(post_media.c.import_id, partitions), is_due(), post_media.c.media_id.not_in(without))
        .order_by(post_media.c.url_expires_at.is_(None), post_media.c.url_expires_at, post_media.c.media_id)
        .limit(limit)
    )
    if media_ids is not None:
        query = query.where(post_media.c.media_id.in_(media_ids))
    return [_pending(row) for row in connection.execute(query)]


def _pending(row: Any) -> PendingMedia:
    return PendingMedia(
        row.media_id,
        row.media_url,
        row.url_digest,
        row.url_expires_at,
        row.attempts,
        row.sha256,
        Status(row.status),
        tuple(candidate_of(entry) for entry in row.candidates if entry["role"] == row.role),
        Validators(row.etag, row.last_modified),
        row.fetched_url,
        bool(row.is_held),
        bool(row.is_archived),
        MediaType(row.media_type),
        row.media_key,
        MediaType(row.held_type) if row.held_type else None,
        row.decided_under,
    )


def candidate_of(entry: Mapping[str, Any]) -> Candidate:
    """A candidate as the column ``candidates`` holds it."""
    expires_at = entry.get("expires_at")
    known = {name: entry[name] for name in ("url", "width", "height", "bitrate", "rule", "codec") if name in entry}
    return Candidate(
        **known, role=Role(entry["role"]), expires_at=datetime.fromisoformat(expires_at) if expires_at else None
    )


def is_due() -> sa.ColumnElement[bool]:
    """Condition on ``post_media``: to be fetched now."""
    columns, now = post_media.c, datetime.now(UTC)
    return sa.and_(
        # Says it twice, since SQLite finds the statuses of a list in the index, those of an OR it doesn't.
        columns.status.in_([Status.PENDING, Status.FAILED, Status.MISSING, Status.EXPIRED, *RECHECKED]),
        sa.or_(
            columns.status == Status.PENDING,
            sa.and_(columns.status == Status.MISSING, columns.next_attempt_at.is_(None)),
            sa.and_(
                columns.status.in_(RECHECKED),
                clocks.is_waited_out(columns.next_attempt_at, columns.updated_at, now, LONGEST_RECHECK),
            ),
            sa.and_(
                columns.status.in_([Status.FAILED, Status.MISSING]),
                clocks.is_waited_out(columns.next_attempt_at, columns.updated_at, now, LONGEST_WAIT),
            ),
            sa.and_(
                columns.status == Status.EXPIRED,
                clocks.is_expired_too_soon(columns.url_expires_at, columns.attempts, columns.updated_at, now),
            ),
        ),
    )


def count_due(
    connection: sa.Connection, partitions: Sequence[ImportPartition], media_ids: Collection[str] | None = None
) -> int:
    """How many references are to be fetched now. ``media_ids``: of these only, some thousands at most."""
    query = sa.select(sa.func.count()).where(in_partitions(post_media.c.import_id, partitions), is_due())
    if media_ids is not None:
        query = query.where(post_media.c.media_id.in_(media_ids))
    return connection.execute(query).scalar_one()


def stored_under_url(connection: sa.Connection, digests: Iterable[str]) -> dict[str, StoredMedia]:
    """For each of these URLs that some reference has fetched: that success, the latest if there are several."""
    found: dict[str, StoredMedia] = {}
    for piece in pieces(digests):
        query = (
            sa.select(post_media)
            .join(media_files, media_files.c.sha256 == post_media.c.sha256)
            .where(post_media.c.url_digest.in_(piece), post_media.c.status == Status.STORED)
            .order_by(post_media.c.fetched_at)
        )
        for row in connection.execute(query):
            found[row.url_digest] = StoredMedia(
                "",
                row.sha256,
                row.etag,
                row.last_modified,
                row.fetched_at,
                row.fetched_url,
                row.declared_width,
                row.declared_height,
                row.downgrade,
            )
    return found


def without_bytes(connection: sa.Connection, media_ids: Sequence[str]) -> list[str]:
    """Those of the references that hold nothing and never did."""
    return [
        media_id
        for piece in pieces(media_ids)
        for media_id in connection.execute(
            sa.select(post_media.c.media_id).where(
                post_media.c.media_id.in_(piece),
                post_media.c.sha256.is_(None),
                post_media.c.status.not_in([Status.STORED, Status.QUARANTINED]),
            )
        ).scalars()
    ]
