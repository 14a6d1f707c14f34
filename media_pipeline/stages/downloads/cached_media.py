"""Media references to verified originals: the whole life of a download.

Read from the top: what is stored is looked at, what came along is taken, what is due is fetched, and every new
file's facts are read.
What does not belong here: how a URL is fetched (``fetch``), where bytes lie (``storage``), what a file says
about itself (``imaging``).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from media_pipeline.catalog import file_facts, files, media, media_reports, placeholders, rowwise
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.files import LocalFile
from media_pipeline.catalog.selection import pieces
from media_pipeline.imaging.facts.version import FACTS_VERSION
from media_pipeline.imaging.workers import FactsTask, FailureKind, Workers, WorkFailure
from media_pipeline.model import FileFacts, ImportPartition, MediaPipelineError, Report, Status
from media_pipeline.stages.context import ROWS_ASKED_FOR, TABLE_ROWS, Reports, StageContext
from media_pipeline.stages.downloads.local_media import store_local_media
from media_pipeline.stages.downloads.loop import Downloads
from media_pipeline.stages.downloads.reopened import reopen
from media_pipeline.stages.integrity.stored_files import heal, set_aside, verify_if_touched
from media_pipeline.views.placeholders import Placeholder, placeholder_table

LEAST_SHARE_OF_DECLARED = 0.9
"""Of the declared pixels; a picture with fewer is a downgrade. Platforms round the sides that they declare."""

LAST_HOUR = timedelta(hours=1)
"""Before a URL expires: what was fetched in it was nearly lost."""


class FactsInterrupted(MediaPipelineError):
    """The machine, not the file, kept facts from being read. The next run goes on there.

    To do: Free memory or disk, and run again: only the files that are left are read.
    """


def cache_media(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Fetch what the partitions lack, once each, and read the facts of what is new."""
    started = time.monotonic()
    requests = received = 0
    if context.settings.download_media:
        with ExitStack() as locks:
            wait_for_other_runs(context, partitions, locks)
            verify_if_touched(context, partitions)
            heal(context, partitions)
            reopen(context, partitions)
            store_local_media(context, partitions)
            downloads = Downloads(context, partitions)
            downloads.run()
            requests, received = downloads.requests, downloads.bytes_received
        read_facts(context, partitions)
        with context.database.write() as connection:
            files.correct_last_uses(connection)
            media.flag_downgrades(connection, partitions, LEAST_SHARE_OF_DECLARED)
            placeholders.flag(connection, partitions, context.settings.media_placeholder_authors)
    else:
        context.log.info("DOWNLOAD_MEDIA is false: nothing is fetched")
    return _reports(context, partitions, requests, received, time.monotonic() - started)


def fetch_references(context: StageContext, partitions: Sequence[ImportPartition], media_ids: Collection[str]) -> None:
    """Fetch those of the references in the partitions that are due, and no other, and read the facts of new files.

    What :func:`cache_media` does besides (flags, reports, looking at what is stored) is left to the next run.
    """
    if context.settings.download_media:
        with ExitStack() as locks:
            wait_for_other_runs(context, partitions, locks)
            reopen(context, partitions)
            Downloads(context, partitions, media_ids).run()
        read_facts(context, partitions)
    else:
        context.log.info("DOWNLOAD_MEDIA is false: nothing is fetched")


def wait_for_other_runs(context: StageContext, partitions: Sequence[ImportPartition], locks: ExitStack) -> None:
    """One run at a time downloads for a platform: else two that hold the same URL would both fetch it."""
    for platform in sorted({partition.platform for partition in partitions}):
        waiting = f"another run is downloading media of {platform}: waiting for it"
        locks.enter_context(
            context.database.exclusive(f"fetch-{platform}", lambda waiting=waiting: context.log.info(waiting))
        )


def read_facts(context: StageContext, partitions: Sequence[ImportPartition]) -> None:
    """Read the facts and fingerprints of every stored file that has none, or whose were read by an older version.

    A file that can't be read is quarantined. The references to one that is truncated are fetched again: what can be
    decoded in part is kept for them, and the other is quarantined.
    """

    def ask(connection: Connection, after: str) -> list[LocalFile]:
        return file_facts.without_facts(connection, partitions, FACTS_VERSION, after, ROWS_ASKED_FOR)

    with context.progress.of("facts") as progress, Workers(context.settings) as workers:
        for found in context.database.paged(ask, lambda file: file.sha256, ""):
            progress.expect(len(found))
            for batch in pieces(found, context.settings.media_batch_size):
                _read_batch(context, workers, batch)


def _read_batch(context: StageContext, workers: Workers, batch: Sequence[LocalFile]) -> None:
    by_sha256 = {file.sha256: file for file in batch}
    facts: dict[str, FileFacts] = {}
    failures: dict[str, WorkFailure] = {}
    tasks = [FactsTask(file.sha256, context.store.path_of(file.local_path), file.mime_type) for file in batch]
    for task, result in context.progress.each(workers.map_facts(tasks)):
        if isinstance(result, WorkFailure):
            failures[task.key] = result
        else:
            facts[task.key] = result
    cut_short = {sha256: fact.truncated for sha256, fact in facts.items() if fact.truncated}
    undecodable = {key: failure.error for key, failure in failures.items() if failure.kind is FailureKind.TRUNCATED}
    for sha256, how in cut_short.items():
        context.log.warning(f"{by_sha256[sha256].local_path} is truncated: {how}")
    with context.database.write() as connection:
        media.mark_truncated(connection, cut_short | undecodable, context.settings)
        file_facts.mark_undecodable(connection, undecodable)
        written = rowwise.write(
            connection, list(facts), lambda some: file_facts.save_facts(connection, {key: facts[key] for key in some})
        )
    for refused in written.refused:
        failures[refused.row] = WorkFailure(FailureKind.UNFORESEEN, f"its facts can't be kept: {refused.reason}")
    for sha256, failure in failures.items():
        file = by_sha256[sha256]
        if not failure.blames_file:
            raise FactsInterrupted(f"the facts of {file.local_path} could not be read: {failure.error}")
        context.log.warning(f"{file.local_path} can't be read and is put in quarantine: {failure.error}")
        set_aside(context, file, failure.error)


def _reports(
    context: StageContext, partitions: Sequence[ImportPartition], requests: int, received: int, seconds: float
) -> Reports:
    """Numbers for each partition; requests, bytes and rates are those of the whole run."""
    with context.database.read() as connection:
        statuses = media_reports.statuses(connection, partitions)
        sizes = files.sizes(connection, partitions)
        flags = media_reports.flags(connection, partitions, LAST_HOUR)
        flagged = files.flagged(connection, partitions)
        shared = {partition: placeholders.listed(connection, [partition])[:TABLE_ROWS] for partition in partitions}
        failures = {partition: media_reports.failures(connection, [partition], TABLE_ROWS) for partition in partitions}
    reports: dict[ImportPartition, Report] = {}
    for partition, counts in statuses.items():
        numbers: dict[str, int | float] = {status.value: counts.get(status, 0) for status in Status}
        numbers |= flags[partition] | flagged[partition]
        numbers["stored_bytes"] = sizes.get(partition, 0)
        numbers["requests"] = requests
        numbers["bytes_received"] = received
        numbers["files_per_second"] = round(requests / seconds, 1) if seconds else 0.0
        pages = {"placeholder_pictures": _placeholder_table(shared[partition])} if shared[partition] else {}
        reports[partition] = Report(numbers, tuple(failures[partition]), pages)
    return reports


def _placeholder_table(rows: Sequence[Mapping[str, Any]]) -> str:
    return placeholder_table(
        [Placeholder(row["md5_sum"], row["authors"], row["media"], row["example"]) for row in rows]
    )
