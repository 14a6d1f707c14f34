"""Exact duplicates: which references hold the same bytes, which posts the same content, and which came first.

"Oldest" is by the post's own date (posts without one last), then by id, so that the answer never depends on
the order of imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import by_author, in_partitions, pieces
from media_pipeline.catalog.tables import media_files, post_media, posts
from media_pipeline.model import ImportPartition, Status


@dataclass(frozen=True, slots=True)
class Holder:
    """A reference that holds a content."""

    media_id: str
    post_id: str
    author: str | None
    import_id: str
    duplicate_of: str | None


@dataclass(frozen=True, slots=True)
class SameBytes:
    """One content and every reference of the library that holds it, oldest first."""

    sha256: str
    file_size: int
    holders: tuple[Holder, ...]

    @property
    def canonical(self) -> Holder:
        return self.holders[0]


def same_bytes(
    connection: sa.Connection, partitions: Sequence[ImportPartition], page: int = 2000
) -> Iterator[list[SameBytes]]:
    """Contents of the partitions in pages by SHA-256, each with its holders in the whole library; also single ones."""
    last = ""
    while True:
        query = (
            sa.select(post_media.c.sha256)
            .where(
                in_partitions(post_media.c.import_id, partitions),
                post_media.c.status == Status.STORED,
                post_media.c.sha256 > last,
            )
            .distinct()
            .order_by(post_media.c.sha256)
            .limit(page)
        )
        sha256s = list(connection.execute(query).scalars())
        if not sha256s:
            return
        yield list(_holders(connection, sha256s))
        last = sha256s[-1]


def _holders(connection: sa.Connection, sha256s: Iterable[str]) -> Iterator[SameBytes]:
    for piece in pieces(sha256s):
        yield from _holders_of_piece(connection, piece)


def _holders_of_piece(connection: sa.Connection, sha256s: Sequence[str]) -> Iterator[SameBytes]:
    query = (
        sa.select(
            *post_media.c["sha256", "media_id", "post_id", "import_id", "duplicate_of"],
            sa.func.coalesce(posts.c.author_id, posts.c.author_handle).label("author"),
            posts.c.platform,
            media_files.c.file_size,
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .join(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(post_media.c.sha256.in_(sha256s), post_media.c.status == Status.STORED)
        .order_by(post_media.c.sha256, posts.c.posted_at.is_(None), posts.c.posted_at, post_media.c.media_id)
    )
    holders: dict[str, list[Holder]] = {}
    sizes: dict[str, int] = {}
    for row in connection.execute(query):
        author = f"{row.platform}:{row.author}" if row.author else None
        holder = Holder(row.media_id, row.post_id, author, row.import_id, row.duplicate_of)
        holders.setdefault(row.sha256, []).append(holder)
        sizes[row.sha256] = row.file_size
    for sha256, found in holders.items():
        yield SameBytes(sha256, sizes[sha256], tuple(found))


def point_to(connection: sa.Connection, duplicate_of: Mapping[str, str | None]) -> None:
    """Write ``{media_id: the canonical's media_id, or None for a canonical itself}``."""
    rows = [{"id": media_id, "of": of} for media_id, of in duplicate_of.items()]
    if rows:
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id == sa.bindparam("id"))
            .values(duplicate_of=sa.bindparam("of", type_=sa.String)),
            rows,
        )


def media_of_posts(connection: sa.Connection, post_ids: Sequence[str]) -> dict[str, list[sa.Row[Any]]]:
    """The references (status, sha256) of posts, in order."""
    found: dict[str, list[sa.Row[Any]]] = {}
    for piece in pieces(post_ids):
        query = (
            sa.select(*post_media.c["post_id", "status", "sha256", "role"])
            .where(post_media.c.post_id.in_(piece))
            .order_by(post_media.c.post_id, post_media.c.position)
        )
        for row in connection.execute(query):
            found.setdefault(row.post_id, []).append(row)
    return found


def prunable(connection: sa.Connection, user: str | None) -> list[str]:
    """References that may be removed: a copy whose canonical is stored too; with a user, both of that author."""
    canonical = post_media.alias("canonical")
    query = (
        sa.select(post_media.c.media_id)
        .join(canonical, canonical.c.media_id == post_media.c.duplicate_of)
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(canonical.c.status == Status.STORED, canonical.c.sha256 == post_media.c.sha256)
        .order_by(post_media.c.media_id)
    )
    if user is not None:
        authors_posts = sa.select(posts.c.post_id).where(by_author(user))
        query = query.where(by_author(user), canonical.c.post_id.in_(authors_posts))
    return list(connection.execute(query).scalars())


def prune(connection: sa.Connection, media_ids: Sequence[str]) -> int:
    """Remove these references and return how many there were. Their bytes stay, held by the canonical."""
    removed = 0
    for piece in pieces(media_ids):
        removed += connection.execute(sa.delete(post_media).where(post_media.c.media_id.in_(piece))).rowcount
    return removed
