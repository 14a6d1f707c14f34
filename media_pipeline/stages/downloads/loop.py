"""The download loop: references that are due, grouped by URL, are fetched, kept, and written down.

What belongs here: which references wait for which download, and that each result is written down as it arrives. What
does not: what is asked when (``fetch``), and what a result means to references
(:mod:`media_pipeline.stages.downloads.outcomes`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from media_pipeline.catalog import archived, final_answers, media, media_due
from media_pipeline.catalog.media import StoredMedia
from media_pipeline.catalog.media_due import PendingMedia
from media_pipeline.fetch.dispatch.downloader import DownloadDropped, Downloader
from media_pipeline.fetch.dispatch.medium import Fetched
from media_pipeline.fetch.unfinished import UnfinishedDownloads
from media_pipeline.model import FetchFailure, ImportPartition, Reason, Status, is_of_the_one, unforeseen
from media_pipeline.policy.decided import do_answers_count
from media_pipeline.policy.placeholders import Placeholders
from media_pipeline.stages.context import ROWS_ASKED_FOR, StageContext
from media_pipeline.stages.downloads import shared_ends
from media_pipeline.stages.downloads.outcomes import (
    Outcome,
    forget_unfinished,
    keep,
    write_attempts,
    write_down,
    write_verdicts,
)
from media_pipeline.stages.downloads.under_way import UnderWay
from media_pipeline.stages.downloads.url_book import Download, UrlBook
from media_pipeline.stages.downloads.wanted import wanted_of

REFERENCES_HELD = 5000
"""References in memory at most: enough that a host which is waited for doesn't keep others waiting. One URL that very
many posts name fills this up, and waits for its download then."""

_DAY_SECONDS = 24 * 3600.0

_NOTHING_TO_ASK = FetchFailure(
    Status.ABANDONED, "its file was lost, and no export gives a URL to fetch it from", (), reason=Reason.NO_URL
)


class Downloads:
    """Fetches what is due in some partitions, everything or of these references. Make one for a run, then
    :meth:`run` it."""

    def __init__(
        self, context: StageContext, partitions: Sequence[ImportPartition], media_ids: Collection[str] | None = None
    ) -> None:
        self._context = context
        self._partitions = partitions
        self._media_ids = media_ids
        self._unfinished = UnfinishedDownloads(context.store.unfinished_folder)
        self._book = UrlBook()
        self._under_way = UnderWay()
        self._placeholders = Placeholders(context.settings.placeholder_digests)
        self._is_all_read = False
        """Whether the catalogue has no due reference that is not in the book."""
        self.requests = 0
        self.bytes_received = 0

    def run(self) -> None:
        """Fetch until nothing is due.

        Raises StorageError when the store can't take more, ScannerUnavailable when files can't be scanned any more;
        what came is written down.
        """
        context = self._context
        if context.scanner:
            context.scanner.ping()
        self._unfinished.remove_older_than(context.settings.media_part_days * _DAY_SECONDS)
        with context.database.read() as connection:
            total = media_due.count_due(connection, self._partitions, self._media_ids)
        folder = context.store.temporary_folder()
        with (
            context.progress.of("downloads", total),
            ThreadPoolExecutor(context.settings.media_download_workers, thread_name_prefix="store") as keepers,
            Downloader(context.settings, total, self._placeholders) as downloader,
        ):
            try:
                while (new := self._read_due()) or self._under_way:
                    with downloader.together():
                        for download in new:
                            self._start(download, downloader, keepers, folder)
                    self._under_way.wait_for_any()
                    self._write_down()
            finally:
                # Broken off: what is under way ends, and is not lost.
                downloader.stop()
                self._under_way.wait_for_all()
                self._write_down()

    def _start(self, download: Download, downloader: Downloader, keepers: ThreadPoolExecutor, folder: Path) -> None:
        """Fetch a URL, then keep its bytes in a thread of this process, then it is under way no more."""

        def keep_it(fetched: Future[Fetched]) -> None:
            kept = keepers.submit(lambda: keep(self._context, download, fetched.result()))
            kept.add_done_callback(partial(self._under_way.end, download))

        self._ask(download, downloader, folder).add_done_callback(keep_it)
        self._under_way.begin(download)

    def _ask(self, download: Download, downloader: Downloader, folder: Path) -> Future[Fetched]:
        if download.url is None:
            return _settled(_NOTHING_TO_ASK)
        try:
            wanted = wanted_of(
                self._context.settings, download.url, download.asked_for, download.answered, datetime.now(UTC)
            )
        except Exception as error:
            if not is_of_the_one(error):
                raise
            return _settled(FetchFailure(Status.FAILED, unforeseen(error), (), reason=Reason.UNFORESEEN))
        return downloader.submit(wanted, folder)

    def _read_due(self) -> list[Download]:
        """Enter as many due references into the book as it may hold; return the downloads that are new in it."""
        new: list[Download] = []
        held = self._book.waiting()
        while not self._is_all_read and len(held) <= REFERENCES_HELD - ROWS_ASKED_FOR:
            with self._context.database.read() as connection:
                batch = media_due.pending(connection, self._partitions, ROWS_ASKED_FOR, held, media_ids=self._media_ids)
                in_archive = archived.by_digest(connection, [ref.sha256 for ref in batch if ref.sha256])
                asked = {reference.url_digest for reference in batch if self._book.may_be_known(reference)}
                known = media_due.stored_under_url(connection, asked)
                answered = final_answers.final_answers(
                    connection, [reference.media_id for reference in batch if self._do_answers_count(reference)]
                )
            self._is_all_read = not batch
            for reference in self._settle(batch, known):
                download = self._book.enter(
                    reference, in_archive.get(reference.sha256 or ""), answered.get(reference.media_id)
                )
                new += [download] if download else []
                held.append(reference.media_id)
        return new

    def _do_answers_count(self, reference: PendingMedia) -> bool:
        return do_answers_count(reference.status, reference.decided_under, self._context.decided_under[Reason.GONE])

    def _settle(self, batch: Sequence[PendingMedia], known: dict[str, StoredMedia]) -> list[PendingMedia]:
        """What another post's reference found out about the same URL needs no request: its bytes, or that it failed.

        Return the others.
        """
        stored: list[StoredMedia] = []
        failures: list[tuple[PendingMedia, Outcome]] = []
        others: list[PendingMedia] = []
        for reference in batch:
            if found := known.get(reference.url_digest):
                stored.append(replace(found, media_id=reference.media_id))
            elif failure := self._book.failure_of(reference):
                failures.append((reference, Outcome(failure)))
            else:
                others.append(reference)
        with self._context.database.write() as connection:
            media.mark_stored(connection, stored)
            write_verdicts(self._context, connection, failures)
        self._context.progress.advance(len(stored) + len(failures))
        return others

    def _write_down(self) -> None:
        """Write what has ended in one transaction, then raise what stopped a download, if anything did."""
        ended = [(download, future, future.exception()) for download, future in self._under_way.ended()]
        outcomes = [(download, future.result()) for download, future, error in ended if error is None]
        dropped = [(download, error.attempts) for download, _, error in ended if isinstance(error, DownloadDropped)]
        settled, without_row = 0, list[str]()
        again: list[tuple[Download, Outcome]] = []
        if outcomes or any(attempts for _, attempts in dropped):
            with self._context.database.write() as connection:
                found = shared_ends.sort(connection, outcomes, self._placeholders)
                outcomes, again = found.outcomes, found.again
                settled, without_row = write_down(self._context, connection, outcomes)
                made_again = [(download, outcome.result.attempts) for download, outcome in again]
                write_attempts(self._context, connection, (*dropped, *made_again))
            without_row += found.without_row
            shared_ends.put_aside(self._context, found.digests)
        self._context.store.written_down(outcome.local_path for _, outcome in outcomes if outcome.local_path)
        self._context.remove(without_row)
        if again or settled < sum(len(download.references) for download, _ in outcomes):
            # What is left of them is settled like every URL that the catalogue knows.
            self._is_all_read = False
        for download, _, error in ended:
            if error is not None:
                self._book.drop(download)
        for download, outcome in again:
            self._book.drop(download)
            self._count(outcome)
        self._under_way.forget(download for download, _, _ in ended)
        self._account(outcomes)
        self._context.progress.advance(settled)
        for error in [error for _, _, error in ended] + [outcome.stops for _, outcome in outcomes]:
            if error is not None and not isinstance(error, DownloadDropped):
                raise error

    def _account(self, outcomes: Sequence[tuple[Download, Outcome]]) -> None:
        """Remember what later references of the same URLs need to know, and count."""
        for download, outcome in outcomes:
            self._count(outcome)
            result = outcome.result
            failure = result if isinstance(result, FetchFailure) and outcome.restored is None else None
            self._book.close(download, failure)
            if failure:
                forget_unfinished(self._context, self._unfinished, download)

    def _count(self, outcome: Outcome) -> None:
        self.requests += len(outcome.result.attempts)
        self.bytes_received += sum(attempt.bytes_received for attempt in outcome.result.attempts)


def _settled(result: Fetched) -> Future[Fetched]:
    future: Future[Fetched] = Future()
    future.set_result(result)
    return future
