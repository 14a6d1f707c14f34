"""What was decided about media references, for the person who asks why, and which are meant to be tried again.

What belongs here: reading. What does not: deciding (:mod:`media_pipeline.catalog.media`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.manifests import url_digest
from media_pipeline.catalog.selection import (
    Selection,
    is_decided_otherwise,
    is_named,
    is_wanted_by_now,
    selects_post,
)
from media_pipeline.catalog.tables import fetch_attempts, imports, media_files, post_media, posts
from media_pipeline.model import ImportPartition, Reason, Role, Status

REQUESTS_SHOWN = 50
"""Of a reference, the latest: a link that is tried for years has many."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A reference that may be tried again."""

    media_id: str
    media_url: str
    partition: ImportPartition


def named(
    connection: sa.Connection, names: Collection[str], decided_under: Mapping[Reason, str], roles: Collection[Role]
) -> list[dict[str, Any]]:
    """The references that are named by a reference's id, a post's id or address, or a URL of a medium, as it is there.

    ``decided_under``: digests of the present settings, and ``roles``: those that are wanted now, for
    ``is_due_by_settings``. Those that the post no longer shows come last.
    """
    of_url = sa.select(post_media.c.media_id).where(post_media.c.url_digest.in_(list(map(url_digest, names))))
    of_post = sa.select(post_media.c.media_id).join(posts, posts.c.post_id == post_media.c.post_id)
    query = (
        sa.select(
            *post_media.c["media_id", "post_id", "position", "media_type", "role", "status", "reason", "error"],
            *post_media.c["media_url", "url_digest", "fetched_url", "attempts", "next_attempt_at", "removed_at"],
            *post_media.c["candidates", "sha256", "downgrade", "duplicate_of", "pruned_at", "updated_at"],
            *posts.c["platform", "author_handle", "url"],
            media_files.c.local_path,
            sa.or_(is_decided_otherwise(decided_under), is_wanted_by_now(roles)).label("is_due_by_settings"),
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .outerjoin(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(
            sa.or_(
                post_media.c.media_id.in_(names),
                post_media.c.media_id.in_(sa.union(of_url, of_post.where(is_named(names)))),
            )
        )
        .order_by(post_media.c.post_id, post_media.c.removed_at.is_not(None), post_media.c.position)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def urls_with(connection: sa.Connection, part: str) -> Iterator[str]:
    """The URLs of references that hold this text. Every reference is looked at."""
    query = sa.select(post_media.c.media_url).where(post_media.c.media_url.contains(part, autoescape=True)).distinct()
    yield from connection.execute(query, execution_options={"yield_per": 500}).scalars()


def requests(connection: sa.Connection, reference: dict[str, Any]) -> list[dict[str, Any]]:
    """The latest requests for a reference, oldest first: a URL is asked once for all references that have it."""
    same_url = sa.select(post_media.c.media_id).where(post_media.c.url_digest == reference["url_digest"])
    columns = fetch_attempts.c["started_at", "url", "status", "error_kind", "bytes", "seconds", "remote_address"]
    query = (
        sa.select(*columns)
        .where(sa.or_(fetch_attempts.c.media_id == reference["media_id"], fetch_attempts.c.media_id.in_(same_url)))
        .order_by(fetch_attempts.c.id.desc())
        .limit(REQUESTS_SHOWN)
    )
    return [dict(row) for row in connection.execute(query).mappings()][::-1]


def tried(
    connection: sa.Connection,
    selection: Selection,
    statuses: Collection[Status],
    reasons: Sequence[Reason] | None,
) -> Iterator[Tried]:
    """References of the selected posts in these statuses, and for these reasons, that have a URL to ask."""
    query = (
        sa.select(*post_media.c["media_id", "media_url"], *imports.c["import_date", "platform"])
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(selects_post(selection), post_media.c.status.in_(statuses), post_media.c.media_url.is_not(None))
    )
    if reasons is not None:
        query = query.where(post_media.c.reason.in_(reasons))
    for row in connection.execute(query, execution_options={"yield_per": 500}):
        yield Tried(row.media_id, row.media_url, ImportPartition(row.import_date, row.platform))
