"""Verified originals to the archive, each sent once; then the local cache gives way where it is over its limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog import files
from media_pipeline.catalog.files import ToArchive
from media_pipeline.catalog.selection import pieces
from media_pipeline.model import ArchivedObject, ImportPartition, MediaPipelineError, Report
from media_pipeline.stages.context import ROWS_ASKED_FOR, TABLE_ROWS, Reports, StageContext
from media_pipeline.storage.archive import ArchiveError, archive_key

EVICTED_TOGETHER = 100


class ArchiveIncomplete(MediaPipelineError):
    """Some files could not be archived; the others were. The next run tries again."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What was sent, what was there already, and what could not be archived."""

    sent: int
    sent_bytes: int
    already_there: int
    failures: tuple[Mapping[str, Any], ...]


def archive_media(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Archive the stored files of the partitions. Raises ArchiveIncomplete, at the end, when some could not be."""
    archived = archive_files(context, files.of_partitions(partitions))
    evict(context)
    with context.database.read() as connection:
        totals = files.archive_totals(connection, partitions)
    if archived.failures:
        first = archived.failures[0]
        raise ArchiveIncomplete(
            f"{len(archived.failures)} file(s) could not be archived, the first {first['media_id']}: {first['error']}; "
            "run again when the archive can be reached"
        )
    return {
        partition: Report(
            {
                **totals.get(partition, {"archived": 0, "archived_bytes": 0, "not_archived": 0}),
                "sent": archived.sent,
                "sent_bytes": archived.sent_bytes,
                "already_there": archived.already_there,
            }
        )
        for partition in partitions
    }


def archive_files(context: StageContext, condition: sa.ColumnElement[bool] | None = None) -> Archived:
    """Archive every stored file that the archive lacks, or those of them that meet the condition."""
    sent = sent_bytes = already_there = 0
    failures: list[Mapping[str, Any]] = []
    with (
        context.progress.of("archive") as progress,
        ThreadPoolExecutor(context.settings.media_download_workers, thread_name_prefix="archive") as pool,
    ):
        for batch in _batches(context, condition):
            results = list(pool.map(partial(_put, context), batch))
            objects = {
                item.file.sha256: result
                for item, result in zip(batch, results, strict=True)
                if isinstance(result, ArchivedObject)
            }
            with context.database.write() as connection:
                files.mark_archived(connection, objects)
            sent += sum(stored.sent for stored in objects.values())
            sent_bytes += sum(stored.size for stored in objects.values() if stored.sent)
            already_there += sum(not stored.sent for stored in objects.values())
            failures += [
                {"media_id": item.media_id, "file": item.file.local_path, "error": str(result)}
                for item, result in zip(batch, results, strict=True)
                if isinstance(result, ArchiveError)
            ]
            progress.advance(len(batch))
    return Archived(sent, sent_bytes, already_there, tuple(failures[:TABLE_ROWS]))


def _batches(context: StageContext, condition: sa.ColumnElement[bool] | None) -> Iterator[list[ToArchive]]:
    last = ""
    while True:
        with context.database.read() as connection:
            found = files.not_archived(connection, condition, ROWS_ASKED_FOR, last)
        if not found:
            return
        last = found[-1].file.sha256
        yield from pieces(found, context.settings.media_batch_size)


def _put(context: StageContext, item: ToArchive) -> ArchivedObject | ArchiveError:
    """In a thread: send one file. Touches no database."""
    file = item.file
    key = archive_key(item.media_id, item.posted_at or item.fetched_at, file.extension)
    try:
        return context.archive.put(
            key,
            context.store.path_of(file.local_path),
            sha256=file.sha256,
            md5_sum=file.md5_sum,
            mime_type=file.mime_type,
        )
    except ArchiveError as error:
        return error


def evict(context: StageContext) -> int:
    """Remove archived originals, oldest use first, until the store is within its limit; return how many."""
    removed = 0
    with context.database.read() as connection:
        excess = files.local_bytes(connection) - context.settings.cache_limit_bytes
    while excess > 0:
        with context.database.read() as connection:
            candidates = files.least_recently_used(connection, EVICTED_TOGETHER)
        if not candidates:
            context.log.warning(f"the store is {excess} bytes over its limit, and nothing more of it is archived")
            break
        for file in candidates:
            if excess <= 0:
                break
            with context.database.write() as connection:
                files.mark_missing(connection, file.sha256)
            context.store.remove(file.local_path)
            excess -= file.file_size
            removed += 1
    return removed
