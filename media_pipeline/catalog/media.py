"""Media references of posts: the tables post_media and fetch_attempts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import by_author, clean, holds_import, in_partitions, pieces
from media_pipeline.catalog.tables import fetch_attempts, import_files, imports, media_files, post_media, posts
from media_pipeline.model import FetchAttempt, ImportPartition, Role, Status

RETRY_AFTER_HOURS = 1
"""Wait before the second try; doubled with each further one."""
RETRY_AFTER_HOURS_AT_MOST = 7 * 24
RETRY_AFTER_DAYS_AT_MOST = 30
"""A host that asks for a longer wait is asked again after this one."""


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


def pending(
    connection: sa.Connection,
    partitions: Sequence[ImportPartition],
    limit: int,
    without: Collection[str] = (),
    post_id: str | None = None,
) -> list[PendingMedia]:
    """References to fetch now: pending ones, and failed ones whose time has come; soonest to expire first.

    Each call sorts everything that is due (200,000: 0.1 s), however few are asked for: ask for many at once.
    """
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
    return sa.and_(
        # Says it twice, since SQLite finds the statuses of a list in the index, those of an OR it doesn't.
        post_media.c.status.in_([Status.PENDING, Status.FAILED]),
        sa.or_(post_media.c.status == Status.PENDING, post_media.c.next_attempt_at <= datetime.now(UTC)),
    )


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
    asked = min(timedelta(seconds=failure.retry_after_seconds or 0), timedelta(days=RETRY_AFTER_DAYS_AT_MOST))
    return Status.FAILED, now + max(timedelta(hours=hours), asked)


def mark_file(connection: sa.Connection, sha256: str, status: Status, error: str) -> None:
    """Give every stored reference to this file another status: it turned out corrupt or unreadable.

    They are no longer duplicates of each other: the next bytes of each may be different ones.
    """
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.sha256 == sha256, post_media.c.status == Status.STORED)
        .values(
            status=status, error=clean(error), next_attempt_at=None, duplicate_of=None, updated_at=datetime.now(UTC)
        )
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


def statuses(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, dict[str, int]]:
    """For each partition, how many references are in each status."""
    query = (
        sa.select(imports.c.import_date, imports.c.platform, post_media.c.status, sa.func.count().label("number"))
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(holds_import(partitions))
        .group_by(imports.c.import_date, imports.c.platform, post_media.c.status)
    )
    counted: dict[ImportPartition, dict[str, int]] = {partition: {} for partition in partitions}
    for row in connection.execute(query):
        counted[ImportPartition(row.import_date, row.platform)][row.status] = row.number
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
    """References with their post and file, by the catalogue's column names, oldest post first."""
    query = (
        sa.select(
            *post_media.c["media_id", "post_id", "position", "media_type", "role", "status", "error", "media_url"],
            *post_media.c["url_expires_at", "attempts", "next_attempt_at", "fetched_at", "duplicate_of", "alt_text"],
            *posts.c["platform", "native_id", "author_id", "author_handle", "author_name", "posted_at", "url"],
            *posts.c["relation", "text"],
            *media_files.c["sha256", "md5_sum", "file_size", "mime_type", "width", "height", "duration", "frames"],
            *media_files.c["taken_at", "camera_make", "camera_model", "latitude", "longitude", "local_path"],
            *media_files.c["archive_url", "storage_provider", "s3_key", "archived_at"],
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
        .order_by(posts.c.posted_at.is_(None), posts.c.posted_at, post_media.c.post_id, post_media.c.position)
    )
    if post_id:
        query = query.where(sa.or_(posts.c.post_id == post_id, posts.c.native_id == post_id))
    if user:
        query = query.where(by_author(user))
    if status:
        query = query.where(post_media.c.status == status)
    if limit:
        query = query.limit(limit)
    for row in connection.execute(query, execution_options={"yield_per": 500}).mappings():
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
    """An import's references that name a URL and are not stored."""
    query = (
        sa.select(post_media.c.media_id, post_media.c.candidates, post_media.c.role, posts.c.native_id)
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(
            post_media.c.import_id == import_id,
            post_media.c.status.not_in([Status.STORED, Status.QUARANTINED]),
            post_media.c.role == Role.MEDIA,
        )
        .order_by(post_media.c.media_id)
    )
    return [
        WaitingMedia(
            row.media_id,
            row.native_id,
            tuple(entry["url"] for entry in row.candidates if entry["role"] == row.role),
        )
        for row in connection.execute(query)
    ]
