"""References to the same content: which hold the same bytes, which came first, and how copies are pruned.

What does not belong here: files that only show the same (:mod:`media_pipeline.catalog.near_duplicates`).

"Oldest" is by the post's own date (posts without one last), then by id, so that the answer never depends on
the order of imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from media_pipeline.catalog.selection import Selection, in_partitions, page_after, paged, pieces, selects_post
from media_pipeline.catalog.tables import media_files, media_versions, post_media, posts, renditions
from media_pipeline.model import ImportPartition, Role, Status


@dataclass(frozen=True, slots=True)
class Holder:
    """A reference that holds a content."""

    media_id: str
    post_id: str
    author: str | None
    import_id: str
    duplicate_of: str | None
    is_pruned: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Who posted a medium, as the export says: text, never markup."""

    platform: str
    author_name: str | None
    author_handle: str | None
    posted_at: datetime | None
    url: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of a post."""

    role: Role
    status: Status
    sha256: str | None


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
    held = sa.select(post_media.c.sha256).where(
        in_partitions(post_media.c.import_id, partitions), post_media.c.status == Status.STORED
    )

    def ask(after: str) -> list[str]:
        return list(connection.execute(page_after(held.distinct(), post_media.c.sha256, after, page)).scalars())

    for sha256s in paged(ask, str, ""):
        yield list(holders(connection, sha256s))


def holders(connection: sa.Connection, sha256s: Iterable[str]) -> Iterator[SameBytes]:
    """Every one of these files that a reference holds, with all that hold it."""
    for piece in pieces(sha256s):
        yield from _holders_of_piece(connection, piece)


def _holders_of_piece(connection: sa.Connection, sha256s: Sequence[str]) -> Iterator[SameBytes]:
    query = (
        sa.select(
            *post_media.c["sha256", "media_id", "post_id", "import_id", "duplicate_of", "pruned_at"],
            sa.func.coalesce(posts.c.author_id, posts.c.author_handle).label("author"),
            posts.c.platform,
            media_files.c.file_size,
        )
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .join(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(post_media.c.sha256.in_(sha256s), post_media.c.status == Status.STORED)
        .order_by(post_media.c.sha256, posts.c.posted_at.is_(None), posts.c.posted_at, post_media.c.media_id)
    )
    found: dict[str, list[Holder]] = {}
    sizes: dict[str, int] = {}
    for row in connection.execute(query):
        author = f"{row.platform}:{row.author}" if row.author else None
        is_pruned = row.pruned_at is not None
        holder = Holder(row.media_id, row.post_id, author, row.import_id, row.duplicate_of, is_pruned)
        found.setdefault(row.sha256, []).append(holder)
        sizes[row.sha256] = row.file_size
    for sha256, held_by in found.items():
        yield SameBytes(sha256, sizes[sha256], tuple(held_by))


def point_to(connection: sa.Connection, duplicate_of: Mapping[str, str | None]) -> None:
    """Write ``{media_id: the canonical's media_id, or None for a canonical itself}``.

    A canonical is an entry of its own, also where it was pruned as a copy of another before.
    """
    rows = [{"id": media_id, "of": of} for media_id, of in duplicate_of.items()]
    if rows:
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id == sa.bindparam("id"))
            .values(
                duplicate_of=sa.bindparam("of", type_=sa.String),
                pruned_at=sa.case(
                    (sa.bindparam("of", type_=sa.String).is_not(None), post_media.c.pruned_at), else_=sa.null()
                ),
            ),
            rows,
        )


def media_of_posts(connection: sa.Connection, post_ids: Sequence[str]) -> dict[str, list[Reference]]:
    """The references of what posts show now, in order, by the id of the post."""
    found: dict[str, list[Reference]] = {}
    for piece in pieces(post_ids):
        query = (
            sa.select(*post_media.c["post_id", "role", "status", "sha256"])
            .where(post_media.c.post_id.in_(piece), post_media.c.removed_at.is_(None))
            .order_by(post_media.c.post_id, post_media.c.position)
        )
        for row in connection.execute(query):
            found.setdefault(row.post_id, []).append(Reference(Role(row.role), Status(row.status), row.sha256))
    return found


def sources(connection: sa.Connection, media_ids: Iterable[str]) -> dict[str, Source]:
    """What is shown of the posts of these references, by the reference."""
    return {
        row.media_id: Source(row.platform, row.author_name, row.author_handle, row.posted_at, row.url, row.text)
        for piece in pieces(media_ids)
        for row in connection.execute(
            sa.select(
                post_media.c.media_id,
                *posts.c["platform", "author_name", "author_handle", "posted_at", "url", "text"],
            )
            .join(posts, posts.c.post_id == post_media.c.post_id)
            .where(post_media.c.media_id.in_(piece))
        )
    }


def prunable(connection: sa.Connection, user: str | None) -> list[str]:
    """Entries that may become links: copies whose canonical is stored too; with a user, both of that author."""
    canonical = post_media.alias("canonical")
    query = (
        sa.select(post_media.c.media_id)
        .join(canonical, canonical.c.media_id == post_media.c.duplicate_of)
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(canonical.c.status == Status.STORED, canonical.c.sha256 == post_media.c.sha256)
        .where(post_media.c.status == Status.STORED, post_media.c.pruned_at.is_(None))
        .order_by(post_media.c.media_id)
    )
    if user is not None:
        is_of_author = selects_post(Selection(user=user))
        authors_posts = sa.select(posts.c.post_id).where(is_of_author)
        query = query.where(is_of_author, canonical.c.post_id.in_(authors_posts))
    return list(connection.execute(query).scalars())


def prune(connection: sa.Connection, media_ids: Sequence[str]) -> int:
    """Make links to their canonical of these entries, and return how many were none before.

    A link still holds the bytes for its post, so that the post shows its medium and a later import finds it known.
    """
    return _write_pruned(connection, media_ids, datetime.now(UTC))


def unprunable(connection: sa.Connection, user: str | None) -> list[str]:
    """Links that can be made entries again; with a user, those in posts of that author."""
    query = sa.select(post_media.c.media_id).where(post_media.c.pruned_at.is_not(None))
    if user is not None:
        query = query.join(posts, posts.c.post_id == post_media.c.post_id).where(selects_post(Selection(user=user)))
    return list(connection.execute(query.order_by(post_media.c.media_id)).scalars())


def unprune(connection: sa.Connection, media_ids: Sequence[str]) -> int:
    """Make entries of these links again, and return how many were links."""
    return _write_pruned(connection, media_ids, None)


def _write_pruned(connection: sa.Connection, media_ids: Sequence[str], pruned_at: datetime | None) -> int:
    is_link = post_media.c.pruned_at.is_not(None)
    is_other = sa.and_(~is_link, post_media.c.duplicate_of.is_not(None)) if pruned_at else is_link
    return sum(
        connection.execute(
            sa.update(post_media)
            .where(post_media.c.media_id.in_(piece), is_other)
            .values(pruned_at=pruned_at, updated_at=datetime.now(UTC))
        ).rowcount
        for piece in pieces(media_ids)
    )


def of_author(connection: sa.Connection, media_ids: Iterable[str], user: str) -> set[str]:
    """Those of the references that are in a post of this author."""
    return {
        media_id
        for piece in pieces(media_ids)
        for media_id in connection.execute(
            sa.select(post_media.c.media_id)
            .join(posts, posts.c.post_id == post_media.c.post_id)
            .where(post_media.c.media_id.in_(piece), selects_post(Selection(user=user)))
        ).scalars()
    }


def give_other_file(connection: sa.Connection, media_ids: Iterable[str], sha256: str) -> int:
    """Let stored references hold another file that is stored too, and return how many did.

    What they held is a version of theirs: media_versions keeps which file it was, and where it came from.
    """
    now = datetime.now(UTC)
    names = ["media_id", "version", "sha256", "fetched_url", "etag", "last_modified", "fetched_at"]
    other = post_media.alias("other")
    is_stored = sa.exists().where(other.c.sha256 == sha256, other.c.status == Status.STORED)
    changed = 0
    for piece in pieces(media_ids):
        these = sa.and_(
            post_media.c.media_id.in_(piece),
            post_media.c.status == Status.STORED,
            post_media.c.sha256 != sha256,
            is_stored,
        )
        held = sa.select(*post_media.c[tuple(names)], sa.literal(now, type_=post_media.c.updated_at.type)).where(these)
        connection.execute(sa.insert(media_versions).from_select([*names, "replaced_at"], held))
        changed += connection.execute(
            sa.update(post_media)
            .where(these)
            .values(sha256=sha256, version=post_media.c.version + 1, duplicate_of=None, updated_at=now)
        ).rowcount
    return changed


def names_of_file(connection: sa.Connection, sha256: str) -> int:
    """How many references hold or held this file, in whatever state, and how many older versions are it."""
    count = sa.select(sa.func.count())
    references = connection.execute(count.select_from(post_media).where(post_media.c.sha256 == sha256)).scalar_one()
    versions = connection.execute(count.select_from(media_versions).where(media_versions.c.sha256 == sha256))
    return references + versions.scalar_one()


def forget_renditions(connection: sa.Connection, sha256: str) -> list[str]:
    """Remove what is known of the pictures that were drawn of a file, and return where they lie."""
    of_file = renditions.c.sha256 == sha256
    places = connection.execute(sa.select(renditions.c.local_path).where(of_file)).scalars()
    found = [place for place in places if place is not None]
    connection.execute(sa.delete(renditions).where(of_file))
    return found
