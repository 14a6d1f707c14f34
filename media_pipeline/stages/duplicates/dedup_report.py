"""Duplicates in three tiers: the same bytes, the same pixels, and what only looks alike.

What belongs here: which reference to the same bytes is canonical, which posts say the same, and what all of it comes to
in a partition. What does not: comparing pictures (:mod:`media_pipeline.stages.duplicates.near_duplicates`), the pages
(:mod:`media_pipeline.stages.duplicates.showing`). Nothing is deleted.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from media_pipeline.catalog import duplicates, imports
from media_pipeline.catalog import posts as posts_table
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.duplicates import Holder, Reference, SameBytes
from media_pipeline.catalog.near_duplicates import Tier
from media_pipeline.catalog.posts import PostContent
from media_pipeline.model import ImportPartition, Report, Role, Status
from media_pipeline.stages.context import TABLE_ROWS, Reports, StageContext
from media_pipeline.stages.duplicates.clusters import Cluster, Member, clusters_of, held_repeatedly
from media_pipeline.stages.duplicates.near_duplicates import search_near_duplicates
from media_pipeline.stages.duplicates.showing import show_clusters


@dataclass
class Findings:
    """What one partition's duplicates come to."""

    numbers: Counter[str] = field(
        default_factory=lambda: Counter(
            duplicates=0,
            duplicates_in_partition=0,
            duplicates_in_library=0,
            duplicates_of_same_author=0,
            pruned=0,
            bytes_saved=0,
            duplicate_posts=0,
            duplicates_same_pixels=0,
            near_duplicates=0,
            near_clusters=0,
            bytes_saved_if_pruned_same_pixels=0,
            bytes_saved_if_pruned_near=0,
        )
    )
    table: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """The first copies of the same bytes."""
    lookalikes: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    """The first files of the same pixels, or near."""


def report_duplicates(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Name the canonical of every content that the partitions hold, look for near duplicates, report what repeats."""
    search_near_duplicates(context, partitions)
    with context.database.read() as connection:
        partition_of = imports.partition_by_import(connection, partitions)
    findings = {partition: Findings() for partition in partitions}
    with context.progress.of("duplicates") as progress:
        for group in _in_pages(context, partitions):
            for same in group:
                _count(same, partition_of, findings)
            progress.advance(len(group))
    _report_posts(context, partitions, findings)
    return {partition: _report(context, partition, partition_of, findings[partition]) for partition in partitions}


def _report(
    context: StageContext, partition: ImportPartition, partition_of: Mapping[str, ImportPartition], found: Findings
) -> Report:
    """Show the partition's clusters, counting them on the way."""

    def own(member: Member) -> bool:
        return any(partition_of.get(holder.import_id) == partition for holder in member.holders)

    def counted() -> Iterator[Cluster]:
        clustered: set[str] = set()
        with context.database.read() as connection:
            for cluster in clusters_of(connection, partition):
                clustered.update(member.sha256 for member in cluster.members)
                _count_cluster(cluster, [member for member in cluster.members if own(member)], found)
                yield cluster
            yield from held_repeatedly(connection, partition, clustered)

    pages = show_clusters(context, partition, counted())
    table = (found.lookalikes[: TABLE_ROWS // 2] + found.table)[:TABLE_ROWS]
    return Report(dict(found.numbers), tuple(table), pages)


def _count_cluster(cluster: Cluster, own: Sequence[Member], found: Findings) -> None:
    """Add what a partition's own files in a cluster come to. The best file of a cluster is no duplicate."""
    found.numbers["near_clusters"] += bool(own) and any(pair.tier is Tier.NEAR for pair in cluster.pairs)
    canonical = cluster.canonical.holders[0]
    for member in own:
        if member.tier is None:
            continue
        is_near = member.tier is Tier.NEAR
        found.numbers["near_duplicates" if is_near else "duplicates_same_pixels"] += 1
        found.numbers[f"bytes_saved_if_pruned_{member.tier}"] += member.file.file_size
        holder = member.holders[0]
        if len(found.lookalikes) < TABLE_ROWS:
            found.lookalikes.append(_row(holder, canonical, member.tier, member.distance, member.file.file_size))


def _row(holder: Holder, canonical: Holder, tier: Tier, distance: int | None, file_size: int) -> Mapping[str, Any]:
    """A line of the table. Without a PDQ there is no distance."""
    return {
        "media_id": holder.media_id,
        "duplicate_of": canonical.media_id,
        "tier": tier.replace("_", " "),
        "distance": distance,
        "author": holder.author or "",
        "canonical_author": canonical.author or "",
        "file_size": file_size,
    }


def _in_pages(context: StageContext, partitions: Sequence[ImportPartition]) -> Iterator[list[SameBytes]]:
    """The partitions' contents in pages, each written down before it is handed on."""
    with context.database.read() as reading:
        for page in duplicates.same_bytes(reading, partitions):
            pointers = {
                holder.media_id: pointer
                for same in page
                for holder in same.holders
                if holder.duplicate_of != (pointer := _pointer(holder, same)) or (holder.is_pruned and not pointer)
            }
            if pointers:
                with context.database.write() as connection:
                    duplicates.point_to(connection, pointers)
            yield page


def _pointer(holder: Holder, same: SameBytes) -> str | None:
    return None if holder is same.canonical else same.canonical.media_id


def _count(
    same: SameBytes, partition_of: Mapping[str, ImportPartition], findings: Mapping[ImportPartition, Findings]
) -> None:
    """Add a content to the findings of every partition that holds a copy of it."""
    seen_partitions = {partition_of.get(same.canonical.import_id)}
    seen_authors = {same.canonical.author}
    for holder in same.holders[1:]:
        partition = partition_of.get(holder.import_id)
        if partition is not None:
            within = "duplicates_in_partition" if partition in seen_partitions else "duplicates_in_library"
            same_author = holder.author is not None and holder.author in seen_authors
            found = findings[partition]
            found.numbers["bytes_saved"] += same.file_size
            if holder.is_pruned:
                found.numbers["pruned"] += 1
                continue
            found.numbers.update({"duplicates": 1, within: 1, "duplicates_of_same_author": int(same_author)})
            if len(found.table) < TABLE_ROWS:
                found.table.append(_row(holder, same.canonical, Tier.SAME_BYTES, 0, same.file_size))
        seen_partitions.add(partition)
        seen_authors.add(holder.author)


def _report_posts(
    context: StageContext, partitions: Sequence[ImportPartition], findings: Mapping[ImportPartition, Findings]
) -> None:
    """Give every settled post the digest of its content, and point posts that say the same to the oldest."""
    with context.database.read() as reading:
        for page in posts_table.pages(reading, partitions, context.settings.media_batch_size * 10):
            held = duplicates.media_of_posts(reading, [post.post_id for post in page])
            contents = {post.post_id: content_digest(post, held.get(post.post_id, [])) for post in page}
            changed = [post.post_id for post in page if post.content_sha256 != contents[post.post_id]]
            with context.database.write() as connection:
                posts_table.set_content(connection, {post_id: contents[post_id] for post_id in changed})
                _point_posts(connection, {content for content in contents.values() if content})
    with context.database.read() as connection:
        for partition, number in posts_table.duplicates(connection, partitions).items():
            findings[partition].numbers["duplicate_posts"] = number


def _point_posts(connection: Connection, contents: set[str]) -> None:
    pointers = {
        post.post_id: pointer
        for group in posts_table.same_content(connection, contents).values()
        for post in group
        if post.duplicate_of != (pointer := None if post is group[0] else group[0].post_id)
    }
    posts_table.point_to(connection, pointers)


def content_digest(post: PostContent, references: Sequence[Reference]) -> str | None:
    """SHA-256 of what a post says: its text, white space aside, and the bytes of its media in order.

    None while a medium is not stored, and for a post that has neither. Text alone counts only within one author:
    two people who write "thank you" have not posted the same thing.
    """
    own = [reference for reference in references if reference.role is Role.MEDIA]
    stored = [reference.sha256 for reference in own if reference.status is Status.STORED and reference.sha256]
    if len(stored) < len(own):
        return None
    text = " ".join((post.text or "").split())
    if not text and not own:
        return None
    author = "" if own else post.author_id or post.author_handle or post.post_id
    parts = [text, author, *stored]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
