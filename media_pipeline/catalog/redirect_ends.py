"""URLs at which requests ended after redirects: which media have met there, and giving up what was none of them.

What belongs here: rows. What does not: when what they met at is a placeholder
(:mod:`media_pipeline.policy.placeholders`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from media_pipeline.catalog.files import LOCAL_FILE, LocalFile
from media_pipeline.catalog.manifests import url_digest
from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.tables import fetch_attempts, media_files, media_versions, post_media
from media_pipeline.model import Status
from media_pipeline.policy.placeholders import End

PLACEHOLDER = "placeholder"
"""The kind of error of a request that brought one."""

_HELD = ("sha256", "fetched_url", "etag", "last_modified", "fetched_at")


@dataclass(slots=True)
class Met:
    """What earlier requests have found out about a URL at which they ended."""

    is_placeholder: bool = False
    """Whether it was called one."""
    ends: dict[str, End] = field(default_factory=dict[str, End])
    """The references that hold what came from it, by their id."""


def met_at(connection: sa.Connection, urls: Collection[str]) -> dict[str, Met]:
    """For each of these URLs, what earlier requests that were redirected to it have brought."""
    found = {url_digest(url): Met() for url in urls}
    for piece in pieces(found):
        columns = (fetch_attempts.c.final_url_digest, fetch_attempts.c.media_id, fetch_attempts.c.url)
        query = sa.select(*columns, fetch_attempts.c.error_kind).where(fetch_attempts.c.final_url_digest.in_(piece))
        rows = list(connection.execute(query))
        held = _holding(connection, {row.media_id for row in rows})
        for row in rows:
            met = found[row.final_url_digest]
            met.is_placeholder = met.is_placeholder or row.error_kind == PLACEHOLDER
            for media_id, end in held.get(row.url, {}).items():
                met.ends[media_id] = end
    return {url: found[url_digest(url)] for url in urls}


def _holding(connection: sa.Connection, media_ids: Collection[str]) -> dict[str, dict[str, End]]:
    """By the URL that was asked: the references that hold what it brought, also those for which others asked."""
    columns = post_media.c["media_id", "media_key", "fetched_url", "candidates"]
    asked = sa.select(post_media.c.url_digest)
    held: dict[str, dict[str, End]] = {}
    for piece in pieces(media_ids):
        query = sa.select(*columns).where(
            post_media.c.url_digest.in_(asked.where(post_media.c.media_id.in_(piece))),
            post_media.c.status == Status.STORED,
            post_media.c.fetched_url.is_not(None),
        )
        for row in connection.execute(query):
            urls = frozenset(candidate["url"] for candidate in row.candidates)
            held.setdefault(row.fetched_url, {})[row.media_id] = End(row.media_key, row.fetched_url, urls)
    return held


def give_back(connection: sa.Connection, media_ids: Collection[str], why: str) -> list[str]:
    """Take from references what was a placeholder: they hold their last version again, or wait for their bytes.

    Return the digests of what they held.
    """
    given: list[str] = []
    for media_id in sorted(media_ids):
        row = connection.execute(sa.select(post_media.c.sha256).where(post_media.c.media_id == media_id)).one()
        found = connection.execute(
            sa.select(*media_versions.c[_HELD])
            .where(media_versions.c.media_id == media_id, media_versions.c.sha256 != row.sha256)
            .order_by(media_versions.c.version.desc())
            .limit(1)
        )
        before = found.mappings().first()
        values = dict(before) if before else dict.fromkeys(_HELD)
        status, error = (
            (Status.STORED, f"asked again in vain, and what it holds is kept: {why}")
            if before
            else (
                Status.PENDING,
                None,
            )
        )
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id == media_id)
            .values(**values, status=status, error=error, duplicate_of=None, updated_at=datetime.now(UTC))
        )
        given.append(row.sha256)
    return given


def unheld(connection: sa.Connection, sha256s: Collection[str]) -> list[LocalFile]:
    """Those of these files in the store that no reference holds, nor ever held."""
    is_held = [sa.exists().where(table.c.sha256 == media_files.c.sha256) for table in (post_media, media_versions)]
    return [
        LocalFile(*row)
        for piece in pieces(sha256s)
        for row in connection.execute(
            sa.select(*LOCAL_FILE).where(
                media_files.c.sha256.in_(piece), media_files.c.local_path.is_not(None), ~sa.or_(*is_held)
            )
        )
    ]
