"""Numbers over the library or one author, for `media-pipeline stats`, the summary of a run and the checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import Selection, in_partitions, selects_post
from media_pipeline.catalog.tables import media_files, post_media, posts, renditions
from media_pipeline.model import ImportPartition, Status


def totals(
    connection: sa.Connection, partitions: Sequence[ImportPartition] | None = None, user: str | None = None
) -> dict[str, Any]:
    """Of a part of the library: posts, references by status, files, duplicates (pruned ones apart), bytes, renditions,
    and how many of the files are archived, truncated, or flagged as placeholders.
    """
    of_posts = selects_post(Selection(partitions, user))
    refs = (
        sa.select(*post_media.c["media_id", "status", "sha256", "pruned_at"])
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(of_posts)
        .subquery()
    )
    stored = sa.select(refs.c.sha256).where(refs.c.status == Status.STORED)
    by_status = {
        row.status: row.number
        for row in connection.execute(
            sa.select(refs.c.status, sa.func.count().label("number")).group_by(refs.c.status).order_by(refs.c.status)
        )
    }
    files = connection.execute(
        sa.select(
            sa.func.count().label("files"),
            sa.func.coalesce(sa.func.sum(media_files.c.file_size), 0).label("file_size"),
            sa.func.count(media_files.c.archived_at).label("archived"),
            sa.func.count(media_files.c.truncated).label("truncated"),
            sa.func.count(media_files.c.placeholder_authors).label("placeholders"),
        ).where(media_files.c.sha256.in_(stored))
    ).one()
    held = connection.execute(
        sa.select(
            sa.func.count().label("refs"),
            sa.func.count(refs.c.pruned_at).label("pruned"),
            sa.func.coalesce(sa.func.sum(media_files.c.file_size), 0).label("size"),
        )
        .select_from(refs)
        .join(media_files, media_files.c.sha256 == refs.c.sha256)
        .where(refs.c.status == Status.STORED)
    ).one()
    made = connection.execute(
        sa.select(
            sa.func.count().label("number"), sa.func.coalesce(sa.func.sum(renditions.c.file_size), 0).label("size")
        ).where(renditions.c.local_path.is_not(None), renditions.c.sha256.in_(stored))
    ).one()
    return {
        "posts": connection.execute(sa.select(sa.func.count()).select_from(posts).where(of_posts)).scalar_one(),
        "media": sum(by_status.values()),
        "status": by_status,
        "stored": held.refs,
        "files": files.files,
        "file_size": int(files.file_size),
        "duplicates": held.refs - files.files - held.pruned,
        "pruned": held.pruned,
        "bytes_saved": int(held.size) - int(files.file_size),
        "renditions": made.number,
        "renditions_size": int(made.size),
        "archived": files.archived,
        "truncated": files.truncated,
        "placeholders": files.placeholders,
    }


def unaccounted(connection: sa.Connection, partitions: Sequence[ImportPartition] | None = None) -> int:
    """References that are in none of the named statuses, or not as their status says: stored without a file that lies
    in the store or in the archive, missing without a digest to look for, failed without a next attempt, due without a
    URL.
    """
    no_place = sa.and_(media_files.c.local_path.is_(None), media_files.c.archived_at.is_(None))
    status = post_media.c.status
    wrong = sa.or_(
        status.not_in(list(Status)),
        sa.and_(status == Status.STORED, no_place),
        sa.and_(status == Status.MISSING, post_media.c.sha256.is_(None)),
        sa.and_(status == Status.FAILED, post_media.c.next_attempt_at.is_(None)),
        sa.and_(status.in_([Status.PENDING, Status.FAILED]), post_media.c.media_url.is_(None)),
    )
    # Outer: what names no file has none of its columns, i.e. no place.
    joined = post_media.outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
    query = sa.select(sa.func.count()).select_from(joined).where(wrong)
    if partitions is not None:
        query = query.where(in_partitions(post_media.c.import_id, partitions))
    return connection.execute(query).scalar_one()


def posts_without_manifest(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> int:
    """Posts whose media references have not been written down."""
    query = sa.select(sa.func.count()).select_from(posts)
    return connection.execute(
        query.where(in_partitions(posts.c.import_id, partitions), posts.c.manifest_version.is_(None))
    ).scalar_one()


def tried_and_failed(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> tuple[int, int]:
    """How many references were tried, and how many of them are not stored."""
    query = sa.select(sa.func.count(), sa.func.count().filter(post_media.c.status != Status.STORED)).where(
        in_partitions(post_media.c.import_id, partitions),
        post_media.c.status.not_in([Status.PENDING, Status.SKIPPED]),
    )
    tried, failed = connection.execute(query).one()
    return tried, failed
