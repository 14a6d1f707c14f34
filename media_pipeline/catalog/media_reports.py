"""What became of media references, counted and listed for reports and for people.

What belongs here: reading. What does not: what is due (:mod:`media_pipeline.catalog.media_due`), and writing
(:mod:`media_pipeline.catalog.media`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import EVERYTHING, Selection, holds_import, in_partitions, selects_post
from media_pipeline.catalog.tables import imports, media_files, post_media, posts
from media_pipeline.model import ImportPartition, Reason, Status


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


def flags(
    connection: sa.Connection, partitions: Sequence[ImportPartition], last_hour: timedelta
) -> dict[ImportPartition, dict[str, int]]:
    """For each partition: stored references that are downgrades, and those fetched within ``last_hour`` of expiry."""
    query = (
        sa.select(
            imports.c.import_date,
            imports.c.platform,
            post_media.c.url_expires_at,
            post_media.c.fetched_at,
            post_media.c.downgrade.is_not(None).label("is_downgrade"),
        )
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(
            holds_import(partitions),
            post_media.c.status == Status.STORED,
            sa.or_(post_media.c.downgrade.is_not(None), post_media.c.url_expires_at >= post_media.c.fetched_at),
        )
    )
    counted = {partition: {"downgrades": 0, "saved_in_last_hour": 0} for partition in partitions}
    for row in connection.execute(query):
        numbers = counted[ImportPartition(row.import_date, row.platform)]
        numbers["downgrades"] += row.is_downgrade
        life = row.url_expires_at - row.fetched_at if row.url_expires_at else None
        numbers["saved_in_last_hour"] += life is not None and timedelta() <= life <= last_hour
    return counted


def failures(connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int) -> list[dict[str, Any]]:
    """References that are neither stored, pending nor skipped, with the reason, and whose they are."""
    columns = (*post_media.c["media_id", "status", "error", "media_url"], posts.c.author_handle)
    fine = [Status.STORED, Status.PENDING, Status.SKIPPED]
    query = (
        sa.select(*columns, posts.c.url.label("post_url"))
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(in_partitions(post_media.c.import_id, partitions), post_media.c.status.not_in(fine))
        .order_by(post_media.c.status, post_media.c.media_id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def failures_by_reason(
    connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int
) -> list[dict[str, Any]]:
    """References that are neither stored, pending nor skipped: how many for each status and reason, and one detail and
    URL of them.
    """
    fine = [Status.STORED, Status.PENDING, Status.SKIPPED]
    query = (
        sa.select(
            post_media.c.status,
            post_media.c.reason,
            sa.func.count().label("media"),
            sa.func.min(post_media.c.error).label("detail"),
            sa.func.min(post_media.c.media_url).label("example"),
        )
        .where(in_partitions(post_media.c.import_id, partitions), post_media.c.status.not_in(fine))
        .group_by(post_media.c.status, post_media.c.reason)
        .order_by(sa.func.count().desc(), post_media.c.status)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def listing(
    connection: sa.Connection,
    selection: Selection = EVERYTHING,
    statuses: Collection[Status] | None = None,
    reasons: Collection[Reason] | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """References of the selected posts with their file, by the catalogue's column names, oldest post first."""
    query = (
        sa.select(
            *post_media.c["media_id", "post_id", "position", "media_type", "role", "status"],
            *post_media.c["reason", "error", "media_url"],
            *post_media.c["url_expires_at", "attempts", "next_attempt_at", "fetched_at", "duplicate_of", "alt_text"],
            *post_media.c["removed_at", "pruned_at"],
            *posts.c["platform", "native_id", "author_id", "author_handle", "author_name", "posted_at", "url"],
            *posts.c["relation", "text"],
            *media_files.c["sha256", "md5_sum", "file_size", "mime_type", "width", "height", "duration", "frames"],
            *media_files.c["taken_at", "camera_make", "camera_model", "latitude", "longitude", "local_path"],
            *media_files.c["archive_url", "storage_provider", "s3_key", "archived_at"],
            *media_files.c["truncated", "placeholder_authors"],
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(selects_post(selection))
        .order_by(posts.c.posted_at.is_(None), posts.c.posted_at, post_media.c.post_id, post_media.c.position)
    )
    if statuses is not None:
        query = query.where(post_media.c.status.in_(statuses))
    if reasons is not None:
        query = query.where(post_media.c.reason.in_(reasons))
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
