"""Posts to media references: what each post holds, in the best quality that its export offers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from media_pipeline.catalog import imports, manifests, media_reports, rowwise
from media_pipeline.catalog import posts as posts_table
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.manifests import Manifest
from media_pipeline.catalog.posts import PendingPost
from media_pipeline.model import ImportPartition, Report, Status
from media_pipeline.posts.platforms import Platform, platform_named
from media_pipeline.stages.context import Reports, StageContext
from media_pipeline.stages.imports.raw_posts import POSTS_PER_TRANSACTION


def write_manifests(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Write the media references of every post that is new, changed, or read by an older platform module."""
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
                written = rowwise.write(connection, batch, lambda some: _save(context, connection, platform, some))
                for refused in written.refused:
                    _name(context, connection, refused)
                posts_table.mark_manifest(connection, [post.post_id for post in batch], platform.version)
            yield len(post_ids)


def _save(context: StageContext, connection: Connection, platform: Platform, batch: Sequence[PendingPost]) -> None:
    found = [
        Manifest(post.post_id, post.platform, post.native_id, post.import_id, platform.media(post.raw))
        for post in batch
    ]
    manifests.save(connection, found, context.settings.media_fetch_roles)


def _name(context: StageContext, connection: Connection, refused: rowwise.Refused[PendingPost]) -> None:
    """A post whose media can't be told is a fault of its import. Another version of its module tries again."""
    reason = f"what media it shows can't be told: {refused.reason}"
    context.log.warning(f"{refused.row.post_id}: {reason}")
    imports.add_fault_of_post(connection, refused.row.post_id, reason)


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
