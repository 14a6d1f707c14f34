"""The download loop: references that are due, grouped by URL, are fetched, kept, and written down.

What belongs here: which references wait for which download, and that each result is written down as it arrives. What
does not: what is asked when (``fetch``), and what a result means to references
(:mod:`media_pipeline.stages.downloads.outcomes`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from media_pipeline.catalog import archived, media, media_due
from media_pipeline.catalog.archived import ArchivedFile
from media_pipeline.catalog.media import StoredMedia
from media_pipeline.catalog.media_due import PendingMedia
from media_pipeline.fetch.dispatch.downloader import DownloadDropped, Downloader
from media_pipeline.fetch.dispatch.journey import Wanted
from media_pipeline.fetch.dispatch.medium import Fetched
from media_pipeline.fetch.unfinished import UnfinishedDownloads
from media_pipeline.model import Candidate, FetchFailure, ImportPartition, Status, is_of_the_one, unforeseen
from media_pipeline.policy.expiry import end_of, is_over
from media_pipeline.policy.retry import is_last_try, wait_after
from media_pipeline.policy.templates import addresses_of
from media_pipeline.posts.expiry import expires_at
from media_pipeline.stages.context import ROWS_ASKED_FOR, StageContext
from media_pipeline.stages.downloads.outcomes import (
    Download,
    Outcome,
    forget_unfinished,
    keep,
    write_attempts,
    write_down,
    write_verdicts,
)

REFERENCES_HELD = 5000
"""References in memory at most: enough that a host which is waited for doesn't keep others waiting. One URL that very
many posts name fills this up, and waits for its download then."""

_DAY_SECONDS = 24 * 3600.0

_NOTHING_TO_ASK = FetchFailure(Status.ABANDONED, "its file was lost, and the export gives no URL to fetch it from", ())


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
        self._waiting: list[Download] = []
        self._running: dict[str, Download] = {}
        """Begun, and not yet written down."""
        self._done: dict[str, tuple[Download, Future[Outcome]]] = {}
        """Those of them that have ended."""
        self._news = threading.Event()
        self._by_url: dict[str, Download] = {}
        self._failed: dict[str, FetchFailure] = {}
        self._fetched: set[str] = set()
        """Digests of URLs that this run has asked: what is held need not be asked for again."""
        self._exhausted = False
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
        with context.database.write() as connection:
            media.unskip(connection, self._partitions, context.settings.media_fetch_roles)
        with context.database.read() as connection:
            total = media_due.count_due(connection, self._partitions, self._media_ids)
        folder = context.store.temporary_folder()
        with (
            context.progress.of("downloads", total),
            ThreadPoolExecutor(context.settings.media_download_workers, thread_name_prefix="store") as keepers,
            Downloader(context.settings, total) as downloader,
        ):
            try:
                while self._refill():
                    with downloader.together():
                        while self._waiting:
                            self._start(self._waiting.pop(0), downloader, keepers, folder)
                    self._wait(lambda: bool(self._done))
                    self._write_down()
            finally:
                # Broken off: what is under way ends, and is not lost.
                downloader.stop()
                self._wait(lambda: self._running.keys() <= self._done.keys())
                self._write_down()

    def _start(self, download: Download, downloader: Downloader, keepers: ThreadPoolExecutor, folder: Path) -> None:
        """Fetch a URL, then keep its bytes in a thread of this process; what came of it arrives in ``_done``."""

        def fetched(future: Future[Fetched]) -> None:
            kept = keepers.submit(lambda: keep(self._context, download, future.result()))
            kept.add_done_callback(arrive)

        def arrive(kept: Future[Outcome]) -> None:
            self._done[download.digest] = (download, kept)
            self._news.set()

        self._ask(download, downloader, folder).add_done_callback(fetched)
        self._running[download.digest] = download

    def _ask(self, download: Download, downloader: Downloader, folder: Path) -> Future[Fetched]:
        if download.url is None:
            return _settled(_NOTHING_TO_ASK)
        try:
            wanted = self._wanted(download.url, download.asked_for)
        except Exception as error:
            if not is_of_the_one(error):
                raise
            return _settled(FetchFailure(Status.FAILED, unforeseen(error), (), is_unforeseen=True))
        return downloader.submit(wanted, folder)

    def _wanted(self, url: str, reference: PendingMedia) -> Wanted:
        """What is fetched for a reference, the chosen URL first."""
        settings, now = self._context.settings, datetime.now(UTC)
        chosen = Candidate(url, expires_at=reference.expires_at)
        others: list[Candidate] = []
        for candidate in reference.candidates:
            if candidate.url == url:
                chosen = replace(candidate, expires_at=reference.expires_at)
            else:
                others.append(replace(candidate, expires_at=end_of(expires_at(candidate.url), candidate.expires_at)))
        is_last = is_last_try(reference.attempts, settings.media_max_attempts)
        expires_first = is_over(reference.expires_at, now + wait_after(reference.attempts + 1))
        candidates = (chosen, *others)
        if reference.is_held and reference.status is Status.PENDING:
            candidates = self._no_worse_than_held(reference, candidates)
        return Wanted(
            candidates,
            known=reference.validators if reference.is_held else None,
            known_url=reference.fetched_url,
            is_last_chance=is_last or expires_first,
        )

    def _no_worse_than_held(self, reference: PendingMedia, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """What is asked again may only be replaced by what is as good: up to the candidate that brought what is held.

        Where none did (it was signed anew since, or came along with its export), that is the best one alone.
        """
        urls = [addresses_of(candidate.url, self._context.settings.media_fetch_via) for candidate in candidates]
        place = next((place for place, found in enumerate(urls) if reference.fetched_url in found), 0)
        return candidates[: place + 1]

    def _wait(self, enough: Callable[[], bool]) -> None:
        while not enough():
            self._news.wait()
            self._news.clear()

    def _refill(self) -> bool:
        """Have as many URLs waiting as may be held; False when there is nothing left to do."""
        held = [reference.media_id for download in self._by_url.values() for reference in download.references]
        while not self._exhausted and len(held) <= REFERENCES_HELD - ROWS_ASKED_FOR:
            with self._context.database.read() as connection:
                batch = media_due.pending(connection, self._partitions, ROWS_ASKED_FOR, held, media_ids=self._media_ids)
                in_archive = archived.by_digest(connection, [ref.sha256 for ref in batch if ref.sha256])
                known = media_due.stored_under_url(connection, {ref.url_digest for ref in batch if self._may_know(ref)})
            self._exhausted = not batch
            self._settle(batch, known)
            for reference in batch:
                if reference.url_digest not in known and reference.url_digest not in self._failed:
                    self._enqueue(reference, in_archive.get(reference.sha256 or ""))
                    held.append(reference.media_id)
        return bool(self._waiting or self._running)

    def _may_know(self, reference: PendingMedia) -> bool:
        """Whether what another reference found under the URL will do: not when it is asked again on purpose."""
        return not reference.is_held or reference.url_digest in self._fetched

    def _enqueue(self, reference: PendingMedia, in_archive: ArchivedFile | None) -> None:
        digest = reference.url_digest or reference.media_id
        download = self._by_url.get(digest)
        if download is None:
            download = Download(reference.url, digest, archived=in_archive)
            self._by_url[digest] = download
            self._waiting.append(download)
        download.references.append(reference)

    def _settle(self, batch: Sequence[PendingMedia], known: dict[str, StoredMedia]) -> None:
        """What another post's reference found out about the same URL needs no request: its bytes, or that it failed."""
        stored = [
            replace(found, media_id=reference.media_id)
            for reference in batch
            if (found := known.get(reference.url_digest))
        ]
        failures = [
            (reference, Outcome(failure))
            for reference in batch
            if (failure := self._failed.get(reference.url_digest)) and reference.url_digest not in known
        ]
        with self._context.database.write() as connection:
            media.mark_stored(connection, stored)
            write_verdicts(self._context, connection, failures)
        self._context.progress.advance(len(stored) + len(failures))

    def _write_down(self) -> None:
        """Write what has ended in one transaction, then raise what stopped a download, if anything did.

        It is only forgotten afterwards: Ctrl-C may break a transaction off, and then it is written once more.
        """
        done = list(self._done.values())
        ended = [(download, future, future.exception()) for download, future in done]
        outcomes = [(download, future.result()) for download, future, error in ended if error is None]
        dropped = [(download, error.attempts) for download, _, error in ended if isinstance(error, DownloadDropped)]
        settled, without_row = 0, list[str]()
        if outcomes or any(attempts for _, attempts in dropped):
            with self._context.database.write() as connection:
                settled, without_row = write_down(self._context, connection, outcomes)
                write_attempts(self._context, connection, dropped)
        self._context.store.written_down(outcome.local_path for _, outcome in outcomes if outcome.local_path)
        self._context.remove(without_row)
        if settled < sum(len(download.references) for download, _ in outcomes):
            # What is left of them is settled like every URL that the catalogue knows.
            self._exhausted = False
        for download, _ in done:
            self._by_url.pop(download.digest, None)
            self._running.pop(download.digest, None)
            self._done.pop(download.digest, None)
        self._account(outcomes)
        self._context.progress.advance(settled)
        for error in [error for _, _, error in ended] + [outcome.stops for _, outcome in outcomes]:
            if error is not None and not isinstance(error, DownloadDropped):
                raise error

    def _account(self, outcomes: Sequence[tuple[Download, Outcome]]) -> None:
        """Remember what later references of the same URLs need to know, and count."""
        for download, outcome in outcomes:
            attempts = outcome.result.attempts
            self.requests += len(attempts)
            self.bytes_received += sum(attempt.bytes_received for attempt in attempts)
            self._fetched.add(download.digest)
            if isinstance(outcome.result, FetchFailure) and outcome.restored is None:
                self._failed[download.digest] = outcome.result
                forget_unfinished(self._context, self._unfinished, download)


def _settled(result: Fetched) -> Future[Fetched]:
    future: Future[Fetched] = Future()
    future.set_result(result)
    return future
