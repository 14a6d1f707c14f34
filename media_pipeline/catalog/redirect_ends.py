"""URLs at which requests ended after redirects: which media have met there, and giving up what was none of them.

What belongs here: rows. What does not: when what they met at is a placeholder
(:mod:`media_pipeline.policy.placeholders`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.files import LOCAL_FILE, LocalFile
from media_pipeline.catalog.manifests import url_digest
from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.tables import fetch_attempts, media_files, media_versions, post_media
from media_pipeline.model import Status
from media_pipeline.policy.placeholders import End, host_of

PLACEHOLDER = "placeholder"
"""The kind of error of a request that brought one."""

_HELD = ("sha256", "fetched_url", "etag", "last_modified", "fetched_at")


@dataclass(slots=True)
class Met:
    """What earlier requests have found out about a URL at which they ended."""

    hosts: set[str] = field(default_factory=set[str])
    """Those whose redirects to it were found to lead to a placeholder."""
    ends: dict[str, End] = field(default_factory=dict[str, End])
    """The references that hold what came from it, by their id."""
    asked_again: dict[str, End] = field(default_factory=dict[str, End])
    """Those of the references that are due again."""


def met_at(connection: sa.Connection, urls: Collection[str]) -> dict[str, Met]:
    """For each of these URLs, what earlier requests that were redirected to it have brought."""
    found = {url_digest(url): Met() for url in urls}
    for piece in pieces(found):
        columns = fetch_attempts.c["final_url_digest", "media_id", "url", "final_url", "error_kind"]
        query = sa.select(*columns).where(fetch_attempts.c.final_url_digest.in_(piece)).order_by(fetch_attempts.c.id)
        rows = list(connection.execute(query).mappings())
        for digest, host in _refused(rows):
            found[digest].hosts.add(host)
        for holding in _holding(connection, {row["media_id"] for row in rows}):
            if holding.digest in found:
                met = found[holding.digest]
                (met.ends if holding.is_stored else met.asked_again)[holding.media_id] = holding.end
    return {url: found[url_digest(url)] for url in urls}


def _refused(rows: Iterable[sa.RowMapping]) -> Iterator[tuple[str, str]]:
    """The digest of each URL that was found to be a placeholder, with the host that was asked and redirected to it."""
    asked: dict[tuple[str, str], str] = {}
    for row in rows:
        place = row["media_id"], row["final_url_digest"]
        asked.setdefault(place, row["url"])
        if row["url"] == row["final_url"]:
            first = asked.pop(place)
            if row["error_kind"] == PLACEHOLDER:
                yield row["final_url_digest"], host_of(first)


@dataclass(frozen=True, slots=True)
class _Holding:
    media_id: str
    end: End
    digest: str | None
    """Of the URL at which the request ended that brought what is held; None where that was not redirected."""
    is_stored: bool


def _holding(connection: sa.Connection, media_ids: Collection[str]) -> Iterator[_Holding]:
    """The references that hold what these ones, or others with their URLs, have asked for."""
    columns = post_media.c["media_id", "media_key", "fetched_url", "fetched_at", "url_digest", "candidates", "status"]
    asked = sa.select(post_media.c.url_digest)
    for piece in pieces(media_ids):
        query = sa.select(*columns).where(
            post_media.c.url_digest.in_(asked.where(post_media.c.media_id.in_(piece))),
            post_media.c.status.in_([Status.STORED, Status.PENDING]),
            post_media.c.sha256.is_not(None),
            post_media.c.fetched_url.is_not(None),
            post_media.c.fetched_at.is_not(None),
        )
        rows: Sequence[Any] = connection.execute(query).all()
        requests = _requests(connection, {row.media_id for row in rows} | set(piece))
        for row in rows:
            urls = frozenset(candidate["url"] for candidate in row.candidates)
            # What was asked since did not bring what is held.
            brought = [one for one in requests.get(row.fetched_url, ()) if one.started_at <= row.fetched_at]
            digest = max(brought, key=lambda one: one.id).final_url_digest if brought else None
            end = End(row.media_key, row.fetched_url, urls)
            yield _Holding(row.media_id, end, digest, row.status == Status.STORED)


def _requests(connection: sa.Connection, media_ids: Collection[str]) -> dict[str, list[Any]]:
    """The requests for these references that did not fail, by the URL that was asked."""
    found: dict[str, list[Any]] = {}
    columns = fetch_attempts.c["id", "url", "started_at", "final_url_digest"]
    for piece in pieces(media_ids):
        query = sa.select(*columns).where(
            fetch_attempts.c.media_id.in_(piece),
            sa.or_(fetch_attempts.c.error_kind.is_(None), fetch_attempts.c.error_kind == PLACEHOLDER),
        )
        for row in connection.execute(query):
            found.setdefault(row.url, []).append(row)
    return found


def give_back(connection: sa.Connection, media_ids: Collection[str], why: str) -> list[str]:
    """Take from references what was a placeholder: they hold their last version again, or wait for their bytes.

    A last version whose file is neither in the store nor in the archive is none. Return the digests of what they held.
    """
    given: list[str] = []
    for media_id in sorted(media_ids):
        row = connection.execute(sa.select(post_media.c.sha256).where(post_media.c.media_id == media_id)).one()
        found = connection.execute(
            sa.select(*media_versions.c[_HELD])
            .join(media_files, media_files.c.sha256 == media_versions.c.sha256)
            .where(
                media_versions.c.media_id == media_id,
                media_versions.c.sha256 != row.sha256,
                media_files.c.facts_error.is_(None),
                sa.or_(media_files.c.local_path.is_not(None), media_files.c.archived_at.is_not(None)),
            )
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
