"""Posts: the table of that name. A post that comes again is an update, never a second row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from media_pipeline.catalog.selection import in_partitions, page_after, paged, pieces
from media_pipeline.catalog.tables import imports, posts
from media_pipeline.model import ImportPartition, Post


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of a batch of posts."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: Upserted) -> Upserted:
        return Upserted(self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged)


@dataclass(frozen=True, slots=True)
class PendingPost:
    """A post whose manifest is to be made."""

    post_id: str
    platform: str
    native_id: str
    import_id: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PostContent:
    """What a post says, and the digest of that and of its media as it was last written down."""

    post_id: str
    author_id: str | None
    author_handle: str | None
    text: str | None
    content_sha256: str | None


@dataclass(frozen=True, slots=True)
class Repeating:
    """One of the posts of a content."""

    post_id: str
    duplicate_of: str | None
    """The oldest post of that content, as it was last written down; None for the oldest itself."""


def upsert(
    connection: sa.Connection,
    batch: Sequence[Post],
    import_id: str,
    import_date: date,
    manifest_version: int | None = None,
) -> tuple[Upserted, list[Post]]:
    """Write posts, and return those that stand in the catalogue now as they came.

    One that is there already is replaced by a sighting that differs, or that another version of its platform's module
    has read, and that is at least as good: not from an older import.
    The post itself always replaces, and is never replaced by, one nested in another post. ``manifest_version``: of the
    platform's module, where the manifests are written in this transaction too.
    """
    known = _known(connection, {post.post_id for post in batch})
    rows: dict[str, dict[str, Any]] = {}
    written: dict[str, Post] = {}
    new = changed = 0
    for post in batch:
        row = {**_row(post, import_id), "manifest_version": manifest_version}
        before = rows.get(post.post_id) or known.get(post.post_id)
        if before is not None and not _replaces(post, row, import_date, before):
            continue
        new += before is None
        changed += before is not None
        rows[post.post_id] = row | {"import_date": import_date}
        written[post.post_id] = post
    _write(connection, rows.values(), known)
    return Upserted(new, changed, len(batch) - new - changed), list(written.values())


def _known(connection: sa.Connection, post_ids: Iterable[str]) -> dict[str, sa.RowMapping]:
    columns = (*posts.c["post_id", "raw_sha256", "relation", "manifest_version"], imports.c.import_date)
    query = sa.select(*columns).join(imports, imports.c.import_id == posts.c.import_id)
    return {
        row["post_id"]: row
        for piece in pieces(post_ids)
        for row in connection.execute(query.where(posts.c.post_id.in_(piece))).mappings()
    }


def _replaces(post: Post, row: Mapping[str, Any], import_date: date, before: Mapping[Any, Any]) -> bool:
    nested, nested_before = post.relation is not None, before["relation"] is not None
    if nested != nested_before:
        return nested_before
    is_read_anew = row["manifest_version"] is not None and row["manifest_version"] != before["manifest_version"]
    return (row["raw_sha256"] != before["raw_sha256"] or is_read_anew) and import_date >= before["import_date"]


def _write(connection: sa.Connection, rows: Iterable[dict[str, Any]], known: Mapping[str, Any]) -> None:
    now = datetime.now(UTC)
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    for row in rows:
        row.pop("import_date")
        if row["post_id"] in known:
            updates.append({f"new_{name}": value for name, value in (row | {"updated_at": now}).items()})
        else:
            inserts.append(row | {"created_at": now, "updated_at": now})
    if inserts:
        connection.execute(sa.insert(posts), inserts)
    if updates:
        names = updates[0].keys() - {"new_post_id"}
        values: dict[str, sa.BindParameter[Any]] = {name.removeprefix("new_"): sa.bindparam(name) for name in names}
        connection.execute(
            sa.update(posts).where(posts.c.post_id == sa.bindparam("new_post_id")).values(values), updates
        )


def _row(post: Post, import_id: str) -> dict[str, Any]:
    return {
        "post_id": post.post_id,
        "platform": post.platform,
        "native_id": post.native_id,
        "author_id": post.author_id,
        "author_handle": post.author_handle,
        "author_name": post.author_name,
        "posted_at": post.posted_at,
        "url": post.url,
        "text": post.text,
        "like_count": _tally(post.like_count),
        "share_count": _tally(post.share_count),
        "relation": post.relation,
        "raw": post.raw,
        "raw_sha256": _digest(post.raw),
        "import_id": import_id,
        "locator": str(post.locator),
        "content_sha256": None,
        "duplicate_of": None,
    }


def _tally(number: int | None) -> int | None:
    """A count; an export may hold any number."""
    return number if number is not None and number >= 0 else None


def _digest(raw: Mapping[str, Any]) -> str:
    try:
        text = orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Integers over 64 bits and lone surrogates.
        text = json.dumps(raw, sort_keys=True, ensure_ascii=True).encode()
    return hashlib.sha256(text).hexdigest()


def without_manifest(
    connection: sa.Connection, partitions: Sequence[ImportPartition], platform: str, version: int, batch: int
) -> Iterator[list[str]]:
    """Ids of posts of one platform whose manifest is missing or was made by another version of its module.

    Streamed in batches from one query, so that the work grows with the posts and not with their square.
    """
    query = sa.select(posts.c.post_id).where(
        in_partitions(posts.c.import_id, [p for p in partitions if p.platform == platform]),
        posts.c.manifest_version.is_distinct_from(version),
    )
    result = connection.execute(query, execution_options={"yield_per": batch})
    for ids in result.scalars().partitions():
        yield list(ids)


def still_without_manifest(connection: sa.Connection, post_ids: Iterable[str], version: int) -> list[PendingPost]:
    """Those of the posts whose manifest is still to be made, as they are now.

    Ask in the transaction that writes the manifests: since the ids were streamed, another run may have read the
    posts in a newer export.
    """
    columns = posts.c["post_id", "platform", "native_id", "import_id", "raw"]
    missing = sa.select(*columns).where(posts.c.manifest_version.is_distinct_from(version))
    return [
        PendingPost(*row)
        for piece in pieces(post_ids)
        for row in connection.execute(missing.where(posts.c.post_id.in_(piece)))
    ]


def mark_manifest(connection: sa.Connection, post_ids: Iterable[str], version: int) -> None:
    """Record that the manifest of these posts stands in post_media."""
    for piece in pieces(post_ids):
        connection.execute(sa.update(posts).where(posts.c.post_id.in_(piece)).values(manifest_version=version))


def set_content(connection: sa.Connection, contents: Mapping[str, str | None]) -> None:
    """Write ``{post_id: content_sha256}``; a post whose content is another one now is no longer a duplicate."""
    rows = [{"id": post_id, "content": content} for post_id, content in contents.items()]
    if rows:
        connection.execute(
            sa.update(posts)
            .where(posts.c.post_id == sa.bindparam("id"))
            .values(content_sha256=sa.bindparam("content", type_=sa.String), duplicate_of=None),
            rows,
        )


def point_to(connection: sa.Connection, duplicate_of: Mapping[str, str | None]) -> None:
    """Write ``{post_id: the oldest post's id, or None for the oldest itself}``."""
    rows = [{"id": post_id, "of": of} for post_id, of in duplicate_of.items()]
    if rows:
        connection.execute(
            sa.update(posts)
            .where(posts.c.post_id == sa.bindparam("id"))
            .values(duplicate_of=sa.bindparam("of", type_=sa.String)),
            rows,
        )


def duplicates(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, int]:
    """For each partition that has any, how many posts repeat an older one."""
    query = (
        sa.select(imports.c.import_date, imports.c.platform, sa.func.count().label("number"))
        .join(imports, imports.c.import_id == posts.c.import_id)
        .where(in_partitions(posts.c.import_id, partitions), posts.c.duplicate_of.is_not(None))
        .group_by(imports.c.import_date, imports.c.platform)
    )
    return {ImportPartition(row.import_date, row.platform): row.number for row in connection.execute(query)}


def pages(connection: sa.Connection, partitions: Sequence[ImportPartition], size: int) -> Iterator[list[PostContent]]:
    """The partitions' posts in pages, by id."""
    columns = posts.c["post_id", "author_id", "author_handle", "text", "content_sha256"]
    query = sa.select(*columns).where(in_partitions(posts.c.import_id, partitions))

    def ask(after: str) -> list[PostContent]:
        return [PostContent(*row) for row in connection.execute(page_after(query, posts.c.post_id, after, size))]

    return paged(ask, lambda post: post.post_id, "")


def same_content(connection: sa.Connection, contents: Iterable[str]) -> dict[str, list[Repeating]]:
    """All posts of the library with one of these contents, by the content; oldest first."""
    found: dict[str, list[Repeating]] = {}
    for piece in pieces(contents):
        query = (
            sa.select(*posts.c["post_id", "duplicate_of", "content_sha256"])
            .where(posts.c.content_sha256.in_(piece))
            .order_by(posts.c.posted_at.is_(None), posts.c.posted_at, posts.c.post_id)
        )
        for row in connection.execute(query):
            found.setdefault(row.content_sha256, []).append(Repeating(row.post_id, row.duplicate_of))
    return found
