"""Posts to media references: what each post holds, in the best quality that its export offers.

What belongs here: writing references, and reading anew the posts whose platform module has changed since. What does
not: the media of a post that is read from its export (``raw_posts``), which are told then and there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from media_pipeline.catalog import imports, manifests, media_reports, rowwise
from media_pipeline.catalog import posts as posts_table
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.manifests import Manifest
from media_pipeline.catalog.posts import PendingPost
from media_pipeline.model import ImportPartition, Report, Status
from media_pipeline.posts.extract import MEDIA_UNTOLD
from media_pipeline.posts.platforms import Platform, platform_named
from media_pipeline.stages.context import Reports, StageContext

POSTS_PER_TRANSACTION = 500
"""Rows are small: at 50 a transaction, commits took a third of the time of an import of 200,000 posts."""


def write_manifests(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Make sure of the media references of every post: those of posts that an older platform module has read are told
    anew from the raw JSON.
    """
    with context.progress.of("manifests") as progress:
        for name in sorted({partition.platform for partition in partitions}):
            for done in _write_platform(context, partitions, platform_named(name)):
                progress.advance(done)
    with context.database.write() as connection:
        imports.count_media(connection, partitions)
    return _reports(context, partitions)


def _write_platform(context: StageContext, partitions: Sequence[ImportPartition], platform: Platform) -> Iterator[int]:
    with context.database.read() as reading:
        batches = posts_table.without_manifest(
            reading, partitions, platform.name, platform.version, POSTS_PER_TRANSACTION
        )
        for post_ids in batches:
            with context.database.write() as connection:
                batch = posts_table.still_without_manifest(connection, post_ids, platform.version)
                written = rowwise.write(connection, batch, lambda some: _save_anew(context, connection, platform, some))
                for refused in written.refused:
                    _name(context, connection, refused.row.post_id, refused.reason)
                posts_table.mark_manifest(connection, [post.post_id for post in batch], platform.version)
            yield len(post_ids)


def _save_anew(context: StageContext, connection: Connection, platform: Platform, batch: Sequence[PendingPost]) -> None:
    found = [
        Manifest(post.post_id, post.platform, post.native_id, post.import_id, platform.media(post.raw))
        for post in batch
    ]
    manifests.save(connection, found, context.settings.media_fetch_roles)


def _name(context: StageContext, connection: Connection, post_id: str, reason: str) -> None:
    """A post whose media can't be told is a fault of its import. Another version of its module tries again."""
    context.log.warning(f"{post_id}: {MEDIA_UNTOLD}: {reason}")
    imports.add_fault_of_post(connection, post_id, f"{MEDIA_UNTOLD}: {reason}")


def _reports(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    with context.database.read() as connection:
        statuses = media_reports.statuses(connection, partitions)
        kinds = media_reports.kinds(connection, partitions)
    return {
        partition: Report(
            {
                "media": sum(counts.values()),
                "to_fetch": counts.get(Status.PENDING, 0),
                "skipped": counts.get(Status.SKIPPED, 0),
            },
            tuple(kinds[partition]),
        )
        for partition, counts in statuses.items()
    }
