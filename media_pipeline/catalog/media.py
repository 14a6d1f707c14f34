"""Media references of posts: what is written into the tables post_media and fetch_attempts.

What belongs here: what becomes of a reference when it is fetched, or is to be fetched again. What does not: which are
due (:mod:`media_pipeline.catalog.media_due`), counting and listing (:mod:`media_pipeline.catalog.media_reports`), what
an export says of them (:mod:`media_pipeline.catalog.manifests`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import random
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.manifests import url_digest
from media_pipeline.catalog.selection import in_partitions, is_decided_otherwise, is_wanted_by_now, pieces
from media_pipeline.catalog.storable import storable_text
from media_pipeline.catalog.tables import fetch_attempts, media_files, media_versions, post_media
from media_pipeline.model import FetchAttempt, ImportPartition, Reason, Role, Status
from media_pipeline.policy import retry
from media_pipeline.settings.downloads import Downloads

_DUE_AGAIN: Mapping[str, Any] = {
    "status": Status.PENDING,
    "reason": None,
    "error": None,
    "decided_under": None,
    "attempts": 0,
    "next_attempt_at": None,
}


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A success to write down."""

    media_id: str
    sha256: str
    etag: str | None
    last_modified: str | None
    fetched_at: datetime
    fetched_url: str | None = None
    declared_width: int | None = None
    """Pixels that the export declares for that URL."""
    declared_height: int | None = None
    downgrade: str | None = None
    """Why it came from a lesser candidate than the best."""


@dataclass(frozen=True, slots=True)
class FailedMedia:
    """A failure to write down."""

    media_id: str
    status: Status
    error: str
    attempts: int
    """How many runs have tried it, this one included."""
    retry_after_seconds: float | None = None
    reason: Reason = field(kw_only=True)
    decided_under: str | None = None
    """The settings that the reason hangs on, and those that the answers of hosts do."""


def ask_again(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> int:
    """Make pending what is stored, to see whether its host has another version by now; return how many.

    It keeps what it holds: that is only replaced by other bytes. A pruned entry is not asked for: its canonical is.
    """
    return connection.execute(
        sa.update(post_media)
        .where(
            in_partitions(post_media.c.import_id, partitions),
            post_media.c.status == Status.STORED,
            post_media.c.media_url.is_not(None),
            post_media.c.pruned_at.is_(None),
        )
        .values(
            status=Status.PENDING,
            reason=None,
            error=None,
            decided_under=None,
            attempts=0,
            next_attempt_at=None,
            updated_at=datetime.now(UTC),
        )
    ).rowcount


def unskip(connection: sa.Connection, partitions: Sequence[ImportPartition], roles: Collection[Role]) -> None:
    """Make pending what was skipped for a role that is wanted by now."""
    connection.execute(
        sa.update(post_media)
        .where(in_partitions(post_media.c.import_id, partitions), is_wanted_by_now(roles))
        .values(status=Status.PENDING, reason=None, error=None, updated_at=datetime.now(UTC))
    )


def reopen(
    connection: sa.Connection, partitions: Sequence[ImportPartition], decided_under: Mapping[Reason, str]
) -> int:
    """Make pending what was decided under settings that have changed since; return how many.

    ``decided_under``: the word of the present settings by reason (:mod:`media_pipeline.policy.decided`).
    """
    return connection.execute(
        sa.update(post_media)
        .where(in_partitions(post_media.c.import_id, partitions), is_decided_otherwise(decided_under))
        .values(updated_at=datetime.now(UTC), **_DUE_AGAIN)
    ).rowcount


def retry_now(connection: sa.Connection, media_ids: Sequence[str]) -> None:
    """Make these references pending, with all their tries before them. What they hold they keep."""
    for piece in pieces(media_ids):
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id.in_(piece))
            .values(updated_at=datetime.now(UTC), **_DUE_AGAIN)
        )


def mark_stored(connection: sa.Connection, successes: Sequence[StoredMedia]) -> None:
    """Write successes; a content that differs from what the reference held before is a new version of it."""
    _keep_versions(connection, successes)
    rows = [
        {
            "id": success.media_id,
            "sha": success.sha256,
            "tag": success.etag,
            "modified": success.last_modified,
            "fetched": success.fetched_at,
            "fetched_from": success.fetched_url,
            "declared_w": success.declared_width,
            "declared_h": success.declared_height,
            "less": success.downgrade,
            "now": datetime.now(UTC),
        }
        for success in successes
    ]
    if not rows:
        return
    sha = sa.bindparam("sha", type_=post_media.c.sha256.type)
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.media_id == sa.bindparam("id"))
        .values(
            status=Status.STORED,
            reason=None,
            error=None,
            decided_under=None,
            next_attempt_at=None,
            attempts=post_media.c.attempts + 1,
            version=sa.case((post_media.c.sha256 != sha, post_media.c.version + 1), else_=post_media.c.version),
            sha256=sha,
            etag=sa.bindparam("tag", type_=post_media.c.etag.type),
            last_modified=sa.bindparam("modified", type_=post_media.c.last_modified.type),
            fetched_at=sa.bindparam("fetched", type_=post_media.c.fetched_at.type),
            fetched_url=sa.bindparam("fetched_from", type_=post_media.c.fetched_url.type),
            declared_width=sa.bindparam("declared_w", type_=post_media.c.declared_width.type),
            declared_height=sa.bindparam("declared_h", type_=post_media.c.declared_height.type),
            downgrade=sa.bindparam("less", type_=post_media.c.downgrade.type),
            updated_at=sa.bindparam("now", type_=post_media.c.updated_at.type),
        ),
        rows,
    )


def _keep_versions(connection: sa.Connection, successes: Sequence[StoredMedia]) -> None:
    """Write down what references held whose host sent other bytes now."""
    new = {success.media_id: success.sha256 for success in successes}
    before: list[str] = []
    for piece in pieces(new):
        query = sa.select(post_media.c.media_id, post_media.c.sha256).where(
            post_media.c.media_id.in_(piece), post_media.c.sha256.is_not(None)
        )
        before += [row.media_id for row in connection.execute(query) if new[row.media_id] != row.sha256]
    names = ["media_id", "version", "sha256", "fetched_url", "etag", "last_modified", "fetched_at"]
    for piece in pieces(before):
        held = sa.select(*post_media.c[tuple(names)], sa.literal(datetime.now(UTC), type_=post_media.c.updated_at.type))
        connection.execute(
            sa.insert(media_versions).from_select([*names, "replaced_at"], held.where(post_media.c.media_id.in_(piece)))
        )


def mark_kept(connection: sa.Connection, kept: Mapping[str, str | None]) -> None:
    """References that were asked again and keep what they hold: by id, why there is nothing newer, if that is odd."""
    now = datetime.now(UTC)
    rows = [{"id": media_id, "why": why, "now": now} for media_id, why in kept.items()]
    if rows:
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id == sa.bindparam("id"))
            .values(
                status=Status.STORED,
                reason=None,
                decided_under=None,
                error=sa.bindparam("why", type_=post_media.c.error.type),
                next_attempt_at=None,
                updated_at=sa.bindparam("now", type_=post_media.c.updated_at.type),
            ),
            rows,
        )


def flag_downgrades(connection: sa.Connection, partitions: Sequence[ImportPartition], least_share: float) -> None:
    """Flag references whose picture has less than this share of the pixels that the export declares for its URL."""
    got = (
        sa.select(media_files.c.width * media_files.c.height)
        .where(media_files.c.sha256 == post_media.c.sha256)
        .scalar_subquery()
    )
    declared = post_media.c.declared_width * post_media.c.declared_height
    connection.execute(
        sa.update(post_media)
        .where(
            in_partitions(post_media.c.import_id, partitions),
            post_media.c.status == Status.STORED,
            post_media.c.downgrade.is_(None),
            got < declared * least_share,
        )
        .values(
            downgrade=sa.literal("the export declares ")
            + sa.cast(post_media.c.declared_width, sa.Text)
            + "x"
            + sa.cast(post_media.c.declared_height, sa.Text)
            + ", the host sent less",
            updated_at=datetime.now(UTC),
        )
    )


def mark_failed(connection: sa.Connection, failures: Sequence[FailedMedia], settings: Downloads) -> None:
    """Write failures. One that may yet succeed gets its next time, or is abandoned when its tries are spent.

    A reference that was stored never becomes worse than missing, whatever its host answers: what the store holds stays
    stored, and what it has lost stays due, and keeps its SHA-256.
    """
    now = datetime.now(UTC)
    kind = post_media.c.next_attempt_at.type
    for failure in failures:
        status = retry.status_after(failure.status, failure.attempts, settings.media_max_attempts)
        next_time = sa.literal(retry.next_time(failure.attempts, failure.retry_after_seconds, now), type_=kind)
        later = next_time if status is Status.FAILED else sa.null()
        if status in retry.RECHECKED:
            later = sa.literal(retry.recheck_time(settings.media_recheck_days, random(), now), type_=kind)
        is_kept = sa.and_(
            _file_is(media_files.c.local_path.is_not(None)),
            sa.true() if status is not Status.FAILED else post_media.c.status.in_([Status.PENDING, Status.MISSING]),
        )
        is_lost = _file_is(media_files.c.local_path.is_(None))
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id == failure.media_id)
            .values(
                status=sa.case((is_kept, Status.STORED), (is_lost, Status.MISSING), else_=status),
                reason=sa.case((is_kept, sa.null()), else_=failure.reason),
                decided_under=failure.decided_under,
                error=failure.error,
                attempts=failure.attempts,
                next_attempt_at=sa.case((is_kept, sa.null()), (is_lost, next_time), else_=later),
                updated_at=now,
            )
        )


def mark_truncated(connection: sa.Connection, truncated: Mapping[str, str], settings: Downloads) -> int:
    """Make the references to these files fail, so that they are fetched again; return how many.

    ``{sha256: how its end is missing}``. To be called before that is written to the files: one that is known as
    truncated already came a second time, so its host has no better, and its references stay stored. So do those
    whose tries are spent, and those without a URL: half a picture is better than none. All keep the file. Where nothing
    of it can be decoded, those that stay stored are for who calls to quarantine.
    """
    failures: list[FailedMedia] = []
    for piece in pieces(truncated):
        query = (
            sa.select(*post_media.c["media_id", "attempts", "sha256"])
            .join(media_files, media_files.c.sha256 == post_media.c.sha256)
            .where(
                post_media.c.sha256.in_(piece),
                post_media.c.status == Status.STORED,
                post_media.c.media_url.is_not(None),
                post_media.c.attempts < settings.media_max_attempts,
                media_files.c.truncated.is_(None),
            )
        )
        failures += [
            FailedMedia(
                row.media_id,
                Status.FAILED,
                f"truncated: {truncated[row.sha256]}",
                row.attempts,
                reason=Reason.TRUNCATED,
            )
            for row in connection.execute(query)
        ]
    mark_failed(connection, failures, settings)
    return len(failures)


def _file_is(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Condition on ``post_media``: it names a file of which this holds, and which can be read."""
    return sa.exists().where(
        media_files.c.sha256 == post_media.c.sha256, media_files.c.facts_error.is_(None), condition
    )


def mark_quarantined(connection: sa.Connection, sha256: str, error: str, decided_under: str | None = None) -> None:
    """Give every stored reference to this file the status of a file that can't be used.

    They are no longer duplicates of each other: the next bytes of each may be different ones.
    """
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.sha256 == sha256, post_media.c.status == Status.STORED)
        .values(
            status=Status.QUARANTINED,
            reason=Reason.UNREADABLE,
            error=error,
            decided_under=decided_under,
            next_attempt_at=None,
            duplicate_of=None,
            updated_at=datetime.now(UTC),
        )
    )


def add_attempts(connection: sa.Connection, attempts: Iterable[tuple[str, FetchAttempt]]) -> None:
    """Append requests as they went, each with the reference that it was made for."""
    rows = [
        {
            "media_id": media_id,
            "url": attempt.url,
            "started_at": attempt.started_at,
            "status": attempt.http_status,
            "error_kind": attempt.error_kind,
            "bytes": attempt.bytes_received,
            "seconds": attempt.seconds,
            "remote_address": attempt.remote_address,
            "final_url": attempt.final_url,
            "final_url_digest": url_digest(attempt.final_url) if attempt.final_url else None,
            "headers": None if attempt.headers is None else _storable(attempt.headers),
            "http_version": attempt.http_version,
            "certificate_sha256": attempt.certificate_sha256,
        }
        for media_id, attempt in attempts
    ]
    if rows:
        connection.execute(sa.insert(fetch_attempts), rows)


def _storable(headers: Mapping[str, str]) -> dict[str, str]:
    return {storable_text(name): storable_text(value) for name, value in headers.items()}
