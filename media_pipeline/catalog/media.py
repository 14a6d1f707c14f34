"""Media references of posts: the tables post_media and fetch_attempts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import by_author, clean, holds_import, in_partitions, pieces
from media_pipeline.catalog.tables import fetch_attempts, imports, media_files, post_media, posts
from media_pipeline.model import FetchAttempt, ImportPartition, MediaRef, Role, Status, media_id_of

RETRY_AFTER_HOURS = 1
"""Wait before the second try; doubled with each further one."""
RETRY_AFTER_HOURS_AT_MOST = 7 * 24
KEPT_STATUSES = (Status.PENDING, Status.STORED)
"""A reference in one of these stays as it is when a newer export names it again."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The media references of one post, as its platform module reads them today."""

    post_id: str
    platform: str
    native_id: str
    import_id: str
    refs: Sequence[MediaRef]


@dataclass(frozen=True, slots=True)
class PendingMedia:
    """A reference that is due to be fetched."""

    media_id: str
    url: str
    url_digest: str
    expires_at: datetime | None
    attempts: int
    sha256: str | None
    """What it held before, when it is fetched again."""


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A success to write down."""

    media_id: str
    sha256: str
    etag: str | None
    last_modified: str | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class FailedMedia:
    """A failure to write down."""

    media_id: str
    status: Status
    error: str
    attempts: int
    """How many runs have tried it, this one included."""
    retry_after_seconds: float | None = None


def save_manifests(connection: sa.Connection, manifests: Sequence[Manifest], roles: Collection[Role]) -> int:
    """Write the references of posts and return how many are new or changed.

    A reference keeps what was fetched: only what the export says is updated. One that failed and whose URL is
    another one now (signed anew) is pending again. References that a newer export no longer names are kept.
    """
    wanted = {
        media_id_of(manifest.platform, manifest.native_id, ref.position): _row(manifest, ref, roles)
        for manifest in manifests
        for ref in manifest.refs
    }
    known = {
        row["media_id"]: row
        for piece in pieces(wanted)
        for row in connection.execute(sa.select(post_media).where(post_media.c.media_id.in_(piece))).mappings()
    }
    now = datetime.now(UTC)
    new = [
        {"media_id": media_id, "created_at": now, "updated_at": now} | row
        for media_id, row in wanted.items()
        if media_id not in known
    ]
    if new:
        connection.execute(sa.insert(post_media), new)
    changed = 0
    for media_id in wanted.keys() & known.keys():
        values = _changes(known[media_id], wanted[media_id])
        if values:
            changed += 1
            connection.execute(
                sa.update(post_media).where(post_media.c.media_id == media_id).values(updated_at=now, **values)
            )
    return len(new) + changed


def _row(manifest: Manifest, ref: MediaRef, roles: Collection[Role]) -> dict[str, Any]:
    skipped = _skip_reason(ref, roles)
    return {
        "post_id": manifest.post_id,
        "import_id": manifest.import_id,
        "position": ref.position,
        "media_type": ref.media_type,
        "role": ref.role,
        "media_url": clean(ref.url),
        "url_digest": url_digest(ref.url) if ref.url else None,
        "candidates": [asdict(candidate) for candidate in ref.candidates],
        "alt_text": clean(ref.alt_text),
        "url_expires_at": ref.expires_at,
        "status": Status.SKIPPED if skipped else Status.PENDING,
        "error": skipped,
    }


def _skip_reason(ref: MediaRef, roles: Collection[Role]) -> str | None:
    if ref.url is None:
        return ref.note or "the export gives no URL for it"
    if ref.role not in roles:
        return f"role {ref.role.value} is not among MEDIA_FETCH_ROLES"
    return None


def _changes(before: sa.RowMapping, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a newer manifest changes in a known row."""
    values = {name: row[name] for name in row.keys() - {"status", "error"} if before[name] != row[name]}
    same_url = before["url_digest"] == row["url_digest"]
    if (
        before["status"] not in KEPT_STATUSES
        and before["status"] != row["status"]
        and not (same_url and before["status"] != Status.SKIPPED)
    ):
        values |= {"status": row["status"], "error": row["error"], "attempts": 0, "next_attempt_at": None}
    return values


def url_digest(url: str) -> str:
    """The key by which the same URL is found again."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def pending(
    connection: sa.Connection,
    partitions: Sequence[ImportPartition],
    limit: int,
    without: Collection[str] = (),
    post_id: str | None = None,
) -> list[PendingMedia]:
    """References to fetch now: pending ones, and failed ones whose time has come; soonest to expire first."""
    columns = (
        post_media.c.media_id,
        post_media.c.media_url,
        post_media.c.url_digest,
        post_media.c.url_expires_at,
        post_media.c.attempts,
        post_media.c.sha256,
    )
    query = (
        sa.select(*columns)
        .where(in_partitions(post_media.c.import_id, partitions), is_due(), post_media.c.media_id.not_in(without))
        .order_by(post_media.c.url_expires_at.is_(None), post_media.c.url_expires_at, post_media.c.media_id)
        .limit(limit)
    )
    if post_id:
        query = query.where(post_media.c.post_id == post_id)
    return [PendingMedia(*row) for row in connection.execute(query)]


def is_due() -> sa.ColumnElement[bool]:
    """Condition on ``post_media``: to be fetched now."""
    retryable = sa.and_(post_media.c.status == Status.FAILED, post_media.c.next_attempt_at <= datetime.now(UTC))
    return sa.or_(post_media.c.status == Status.PENDING, retryable)


def count_due(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> int:
    """How many references are to be fetched now."""
    query = sa.select(sa.func.count()).where(in_partitions(post_media.c.import_id, partitions), is_due())
    return connection.execute(query).scalar_one()


def unskip(connection: sa.Connection, partitions: Sequence[ImportPartition], roles: Collection[Role]) -> None:
    """Make pending what was skipped for a role that is wanted by now."""
    connection.execute(
        sa.update(post_media)
        .where(
            in_partitions(post_media.c.import_id, partitions),
            post_media.c.status == Status.SKIPPED,
            post_media.c.media_url.is_not(None),
            post_media.c.role.in_(roles),
        )
        .values(status=Status.PENDING, error=None, updated_at=datetime.now(UTC))
    )


def stored_under_url(connection: sa.Connection, digests: Iterable[str]) -> dict[str, StoredMedia]:
    """For each of these URLs that some reference has fetched: that success."""
    found: dict[str, StoredMedia] = {}
    for piece in pieces(digests):
        query = (
            sa.select(post_media)
            .join(media_files, media_files.c.sha256 == post_media.c.sha256)
            .where(post_media.c.url_digest.in_(piece), post_media.c.status == Status.STORED)
        )
        for row in connection.execute(query):
            found[row.url_digest] = StoredMedia("", row.sha256, row.etag, row.last_modified, row.fetched_at)
    return found


def mark_stored(connection: sa.Connection, successes: Sequence[StoredMedia]) -> None:
    """Write successes; a content that differs from what the reference held before raises its version."""
    rows = [
        {
            "id": success.media_id,
            "sha": success.sha256,
            "tag": success.etag,
            "modified": success.last_modified,
            "fetched": success.fetched_at,
            "now": datetime.now(UTC),
        }
        for success in successes
    ]
    if not rows:
        return
    sha = sa.bindparam("sha", type_=sa.String)
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.media_id == sa.bindparam("id"))
        .values(
            status=Status.STORED,
            error=None,
            next_attempt_at=None,
            attempts=post_media.c.attempts + 1,
            version=sa.case((post_media.c.sha256 != sha, post_media.c.version + 1), else_=post_media.c.version),
            sha256=sha,
            etag=sa.bindparam("tag", type_=sa.Text),
            last_modified=sa.bindparam("modified", type_=sa.Text),
            fetched_at=sa.bindparam("fetched", type_=post_media.c.fetched_at.type),
            updated_at=sa.bindparam("now", type_=post_media.c.updated_at.type),
        ),
        rows,
    )


def mark_failed(connection: sa.Connection, failures: Sequence[FailedMedia], max_attempts: int) -> None:
    """Write failures. One that may yet succeed gets its next time, or is abandoned when its tries are spent."""
    now = datetime.now(UTC)
    for failure in failures:
        status, next_attempt_at = _next_step(failure, max_attempts, now)
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id == failure.media_id)
            .values(
                status=status,
                error=clean(failure.error),
                attempts=failure.attempts,
                next_attempt_at=next_attempt_at,
                updated_at=now,
            )
        )


def _next_step(failure: FailedMedia, max_attempts: int, now: datetime) -> tuple[Status, datetime | None]:
    if failure.status != Status.FAILED:
        return failure.status, None
    if failure.attempts >= max_attempts:
        return Status.ABANDONED, None
    hours = min(RETRY_AFTER_HOURS * 2 ** (failure.attempts - 1), RETRY_AFTER_HOURS_AT_MOST)
    seconds = max(hours * 3600, failure.retry_after_seconds or 0)
    return Status.FAILED, now + timedelta(seconds=seconds)


def mark_file(connection: sa.Connection, sha256: str, status: Status, error: str) -> None:
    """Give every stored reference to this file another status: it turned out corrupt or unreadable."""
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.sha256 == sha256, post_media.c.status == Status.STORED)
        .values(status=status, error=clean(error), next_attempt_at=None, updated_at=datetime.now(UTC))
    )


def add_attempts(connection: sa.Connection, attempts: Iterable[tuple[str, FetchAttempt]]) -> None:
    """Append requests as they went, each with the reference that it was made for."""
    rows = [
        {
            "media_id": media_id,
            "url": clean(attempt.url),
            "started_at": attempt.started_at,
            "status": attempt.http_status,
            "error_kind": attempt.error_kind,
            "bytes": attempt.bytes_received,
            "seconds": attempt.seconds,
            "remote_address": attempt.remote_address,
        }
        for media_id, attempt in attempts
    ]
    if rows:
        connection.execute(sa.insert(fetch_attempts), rows)


def statuses(
    connection: sa.Connection, partitions: Sequence[ImportPartition]
) -> dict[ImportPartition, dict[Status, int]]:
    """For each partition, how many references are in each status."""
    query = (
        sa.select(imports.c.import_date, imports.c.platform, post_media.c.status, sa.func.count().label("number"))
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(holds_import(partitions))
        .group_by(imports.c.import_date, imports.c.platform, post_media.c.status)
    )
    counted: dict[ImportPartition, dict[Status, int]] = {partition: {} for partition in partitions}
    for row in connection.execute(query):
        counted[ImportPartition(row.import_date, row.platform)][Status(row.status)] = row.number
    return counted


def failures(connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int) -> list[dict[str, Any]]:
    """References that are neither stored, pending nor skipped, with the reason."""
    columns = (post_media.c.media_id, post_media.c.status, post_media.c.error, post_media.c.media_url)
    fine = [Status.STORED, Status.PENDING, Status.SKIPPED]
    query = (
        sa.select(*columns)
        .where(in_partitions(post_media.c.import_id, partitions), post_media.c.status.not_in(fine))
        .order_by(post_media.c.status, post_media.c.media_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def failures_by_reason(
    connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int
) -> list[dict[str, Any]]:
    """References that are neither stored, pending nor skipped: how many for each status and reason, and one of them."""
    fine = [Status.STORED, Status.PENDING, Status.SKIPPED]
    query = (
        sa.select(
            post_media.c.status,
            post_media.c.error,
            sa.func.count().label("media"),
            sa.func.min(post_media.c.media_url).label("example"),
        )
        .where(in_partitions(post_media.c.import_id, partitions), post_media.c.status.not_in(fine))
        .group_by(post_media.c.status, post_media.c.error)
        .order_by(sa.func.count().desc(), post_media.c.status)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def listing(
    connection: sa.Connection,
    post_id: str | None = None,
    user: str | None = None,
    status: str | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """References with their post and file, by the catalogue's column names."""
    query = (
        sa.select(
            *post_media.c["media_id", "post_id", "position", "media_type", "role", "status", "error", "media_url"],
            *post_media.c["url_expires_at", "attempts", "next_attempt_at", "fetched_at", "duplicate_of", "alt_text"],
            *posts.c["platform", "native_id", "author_id", "author_handle", "posted_at", "url"],
            *media_files.c["sha256", "md5_sum", "file_size", "mime_type", "width", "height", "duration", "frames"],
            *media_files.c["taken_at", "camera_make", "camera_model", "latitude", "longitude", "local_path"],
            *media_files.c["archive_url", "storage_provider", "s3_key", "archived_at"],
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
        .order_by(posts.c.posted_at, post_media.c.post_id, post_media.c.position)
    )
    if post_id:
        query = query.where(sa.or_(post_media.c.post_id == post_id, posts.c.native_id == post_id))
    if user:
        query = query.where(by_author(user))
    if status:
        query = query.where(post_media.c.status == status)
    if limit:
        query = query.limit(limit)
    for row in connection.execute(query).mappings():
        yield dict(row)


def kinds(
    connection: sa.Connection, partitions: Sequence[ImportPartition]
) -> dict[ImportPartition, list[dict[str, Any]]]:
    """For each partition, how many references there are of each type and role."""
    query = (
        sa.select(
            imports.c.import_date,
            imports.c.platform,
            post_media.c.media_type,
            post_media.c.role,
            sa.func.count().label("media"),
        )
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(holds_import(partitions))
        .group_by(imports.c.import_date, imports.c.platform, post_media.c.media_type, post_media.c.role)
        .order_by(post_media.c.media_type, post_media.c.role)
    )
    counted: dict[ImportPartition, list[dict[str, Any]]] = {partition: [] for partition in partitions}
    for row in connection.execute(query):
        counted[ImportPartition(row.import_date, row.platform)].append(
            {"media_type": row.media_type, "role": row.role, "media": row.media}
        )
    return counted
