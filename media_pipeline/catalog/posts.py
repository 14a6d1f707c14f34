"""Posts: the table of that name. A post that comes again is an update, never a second row."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from media_pipeline.catalog import sightings
from media_pipeline.catalog.imports import Import
from media_pipeline.catalog.selection import in_partitions, page_after, paged, pieces, post_ids_named
from media_pipeline.catalog.tables import imports, post_sightings, posts
from media_pipeline.model import ImportPartition, Observation, Post, Sighting
from media_pipeline.policy.sightings import believed, believed_for_media

_KEPT = ("author_id", "author_handle", "author_name", "posted_at", "url", "text", "like_count", "share_count")
"""What one sighting may leave out and another may not."""


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


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A post as an import shows it."""

    post: Post
    observed: Observation
    media: int
    """How many media it shows."""
    edited_at: datetime | None = None
    """Its last edit, where the export names it."""
    urls_end_at: datetime | None = None
    """When the last of its media URLs stops working, where one says so."""
    stub: str | None = None
    """Why it tells nothing of the post; None where it does."""


@dataclass(frozen=True, slots=True)
class Written:
    """A sighting of a post whose media are to be written, too."""

    seen: SeenPost
    tells_media: bool
    """Whether it is the sighting that tells which media the post shows; else it only adds to what is known of them."""


def upsert(
    connection: sa.Connection, batch: Sequence[SeenPost], found_in: Import, manifest_version: int | None = None
) -> tuple[Upserted, list[Written]]:
    """Write posts and their sightings; return what became of them, and those that may say something new of media.

    A post has the words and numbers of the sighting that is believed (:mod:`media_pipeline.policy.sightings`), in
    whatever order they come, and what that leaves out as it was known before. ``manifest_version``: of the platform's
    module, where the manifests are written in this transaction too.
    """
    ids = {seen.post.post_id for seen in batch}
    there, histories = _there(connection, ids), sightings.of_posts(connection, ids)
    in_rows, in_sightings = set(there), {(post_id, one) for post_id, some in histories.items() for one in some}
    changes: dict[str, dict[str, Any]] = {}
    sighted: dict[str, Sighting] = {}
    written: list[Written] = []
    counts = Counter[str]()
    now = datetime.now(UTC)
    for seen in batch:
        post_id = seen.post.post_id
        row: dict[str, Any] = {**_row(seen.post, found_in.import_id), "manifest_version": manifest_version}
        sighting = _sighting(seen, row["raw_sha256"], found_in, manifest_version or 0)
        history = histories.setdefault(post_id, {})
        before = history.get(found_in.import_id)
        if not sightings.is_better(sighting, before, now):
            counts["unchanged"] += 1
            if before is not None and before.raw_sha256 != sighting.raw_sha256:
                written.append(Written(seen, tells_media=False))
            continue
        history[found_in.import_id] = sighted[post_id] = sighting
        known = there.get(post_id)
        outcome, values = _outcome(row, known, _agree(sighting, believed(history.values(), now)))
        counts[outcome] += 1
        changes[post_id] = changes.get(post_id, {}) | values
        there[post_id] = (known or {}) | values
        is_known = sighting == before or (known is not None and row["raw_sha256"] == known["raw_sha256"])
        if outcome != "unchanged" or not is_known:
            written.append(Written(seen, _agree(sighting, believed_for_media(history.values(), now))))
    _write(connection, changes, in_rows)
    sightings.write(connection, list(sighted.items()), in_sightings)
    return Upserted(counts["new"], counts["changed"], counts["unchanged"]), written


def _there(connection: sa.Connection, post_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    query = sa.select(*posts.c["post_id", "raw_sha256", "relation", "manifest_version", *_KEPT])
    return {
        row["post_id"]: dict(row)
        for piece in pieces(post_ids)
        for row in connection.execute(query.where(posts.c.post_id.in_(piece))).mappings()
    }


def _sighting(seen: SeenPost, raw_sha256: str, found_in: Import, reader_version: int) -> Sighting:
    return Sighting(
        import_id=found_in.import_id,
        import_date=found_in.partition.import_date,
        first_read_at=found_in.seen_at,
        locator=str(seen.post.locator),
        raw_sha256=raw_sha256,
        relation=seen.post.relation,
        stub=seen.stub,
        observed=seen.observed,
        edited_at=seen.edited_at,
        urls_end_at=seen.urls_end_at,
        media=seen.media,
        reader_version=reader_version,
    )


def _agree(sighting: Sighting, other: Sighting | None) -> bool:
    """Whether two sightings say the same of the post."""
    if other is None:
        return False
    is_as_own = (sighting.relation is None) == (other.relation is None)
    return sighting is other or (sighting.raw_sha256 == other.raw_sha256 and is_as_own)


def _outcome(row: dict[str, Any], known: dict[str, Any] | None, is_believed: bool) -> tuple[str, dict[str, Any]]:
    """What becomes of a post by one sighting: new, changed or unchanged, and the columns that are written."""
    if known is None:
        return "new", row
    if is_believed and _differs(row, known):
        left_out = {name: known[name] for name in _KEPT if row[name] is None}
        return "changed", row | left_out
    told = {name: row[name] for name in _KEPT if known[name] is None and row[name] is not None}
    return "unchanged", told


def _differs(row: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    is_read_anew = row["manifest_version"] is not None and row["manifest_version"] != known["manifest_version"]
    became_own = row["relation"] is None and known["relation"] is not None
    return is_read_anew or became_own or row["raw_sha256"] != known["raw_sha256"]


def _write(connection: sa.Connection, changes: Mapping[str, dict[str, Any]], in_rows: Collection[str]) -> None:
    now = datetime.now(UTC)
    new = [row | {"created_at": now, "updated_at": now} for post_id, row in changes.items() if post_id not in in_rows]
    if new:
        connection.execute(sa.insert(posts), new)
    by_columns: dict[frozenset[str], list[dict[str, Any]]] = {}
    for post_id, row in changes.items():
        if row and post_id in in_rows:
            said = {f"new_{name}": value for name, value in (row | {"updated_at": now, "post_id": post_id}).items()}
            by_columns.setdefault(frozenset(said), []).append(said)
    for rows in by_columns.values():
        names = rows[0].keys() - {"new_post_id"}
        values: dict[str, sa.BindParameter[Any]] = {name.removeprefix("new_"): sa.bindparam(name) for name in names}
        connection.execute(sa.update(posts).where(posts.c.post_id == sa.bindparam("new_post_id")).values(values), rows)


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


def since(
    connection: sa.Connection,
    partitions: Sequence[ImportPartition],
    started: datetime,
    import_ids: Collection[str] = (),
) -> Upserted:
    """What became of the posts of partitions, and of further imports, from a moment on. Stubs are no posts."""
    became = sa.case(
        (posts.c.created_at >= started, "new"), (posts.c.updated_at >= started, "changed"), else_="unchanged"
    )
    is_of_partitions = posts.c.post_id.in_(_seen(in_partitions(post_sightings.c.import_id, partitions)))
    count = sa.select(became, sa.func.count()).where(is_of_partitions).group_by(became)
    total = Counter[str](dict(connection.execute(count).tuples().all()))
    further: dict[str, str] = {}
    for piece in pieces(import_ids):
        is_of_imports = posts.c.post_id.in_(_seen(post_sightings.c.import_id.in_(piece)))
        query = sa.select(posts.c.post_id, became).where(is_of_imports, sa.not_(is_of_partitions))
        further |= dict(connection.execute(query).tuples().all())
    total.update(further.values())
    return Upserted(total["new"], total["changed"], total["unchanged"])


def _seen(is_of_import: sa.ColumnElement[bool]) -> sa.Select[tuple[str]]:
    return sa.select(post_sightings.c.post_id).where(post_sightings.c.stub.is_(None), is_of_import)


def named(connection: sa.Connection, name: str) -> list[dict[str, Any]]:
    """The posts that a person means by our id, the platform's id or the address, without their raw JSON."""
    columns = [column for column in posts.c if column.name != "raw"]
    query = sa.select(*columns).where(posts.c.post_id.in_(post_ids_named(connection, name))).order_by(posts.c.post_id)
    return [dict(row) for row in connection.execute(query).mappings()]


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
