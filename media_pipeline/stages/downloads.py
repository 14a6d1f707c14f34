"""The download loop: references that are due, grouped by URL, are fetched, put in the store, and written down.

What belongs here: what is fetched when, by how many, and that each result is written down as it arrives.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from media_pipeline.catalog import files, media
from media_pipeline.catalog.files import ArchivedFile
from media_pipeline.catalog.media import FailedMedia, PendingMedia, StoredMedia
from media_pipeline.fetch.processes import Downloader, Fetched
from media_pipeline.fetch.worker import DownloadDropped
from media_pipeline.model import FetchAttempt, FetchedFile, FetchFailure, ImportPartition
from media_pipeline.stages.context import ROWS_ASKED_FOR, StageContext
from media_pipeline.stages.integrity import restore
from media_pipeline.storage.archive import ArchiveError

REFERENCES_HELD = 5000
"""References in memory at most; a URL that very many posts name fills this up, and waits for its download then."""

SUBMITTED_PER_WORKER = 2
"""One that is fetched and one that waits, so that workers go on while results are written down."""

SUBMITTED_PER_PROCESS = 32
"""As many again, where worker processes fetch: what two of them get done while this one writes a transaction."""


@dataclass
class Download:
    """One URL and the references that wait for it."""

    url: str
    digest: str
    expires_at: datetime | None
    references: list[PendingMedia] = field(default_factory=list[PendingMedia])
    archived: ArchivedFile | None = None
    """What the references held before, where the archive has it: for when the host no longer does."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one URL: a file with its place in the store, or the failure."""

    result: FetchedFile | FetchFailure
    local_path: str = ""
    restored: ArchivedFile | None = None
    """What came back from the archive since the host no longer has it."""

    @property
    def attempts(self) -> tuple[FetchAttempt, ...]:
        return self.result.attempts


class Downloads:
    """Fetches everything that is due in some partitions. Make one for a run, and call :meth:`run`."""

    def __init__(self, context: StageContext, partitions: Sequence[ImportPartition]) -> None:
        self._context = context
        self._partitions = partitions
        self._waiting: deque[Download] = deque()
        self._running: dict[str, Download] = {}
        """Begun, and not yet written down."""
        self._done: dict[str, tuple[Download, Future[Outcome]]] = {}
        """Those of them that have ended."""
        self._news = threading.Event()
        self._by_url: dict[str, Download] = {}
        self._failed: dict[str, FetchFailure] = {}
        self._exhausted = False
        self.requests = 0
        self.bytes_received = 0

    def run(self) -> None:
        """Fetch until nothing is due. Raises StorageError when the store can't take more; what came is written down."""
        context = self._context
        with context.database.write() as connection:
            media.unskip(connection, self._partitions, context.settings.media_fetch_roles)
        with context.database.read() as connection:
            total = media.count_due(connection, self._partitions)
        workers = context.settings.media_download_workers
        folder = context.store.temporary_folder()
        with (
            context.progress.of("downloads", total),
            ThreadPoolExecutor(workers, thread_name_prefix="store") as keepers,
            Downloader(context.settings, total) as downloader,
        ):
            most = SUBMITTED_PER_WORKER * workers + SUBMITTED_PER_PROCESS * downloader.processes
            try:
                while self._refill(most):
                    while self._waiting and len(self._running) < most:
                        self._start(self._waiting.popleft(), downloader, keepers, folder)
                    self._wait(lambda: bool(self._done))
                    self._write_down()
            finally:
                # Broken off: what is under way ends, and is not lost.
                downloader.stop()
                self._wait(lambda: self._running.keys() <= self._done.keys())
                self._write_down()

    def _start(self, download: Download, downloader: Downloader, keepers: ThreadPoolExecutor, folder: Path) -> None:
        """Fetch a URL, then keep its bytes in a thread of this process; what came of it arrives in ``_done``."""

        def keep(fetched: Future[Fetched]) -> None:
            kept = keepers.submit(self._keep, download, fetched, folder)
            kept.add_done_callback(arrive)

        def arrive(kept: Future[Outcome]) -> None:
            self._done[download.digest] = (download, kept)
            self._news.set()

        downloader.submit(download.url, folder, download.expires_at).add_done_callback(keep)
        self._running[download.digest] = download

    def _wait(self, enough: Callable[[], bool]) -> None:
        while not enough():
            self._news.wait()
            self._news.clear()

    def _refill(self, enough: int) -> bool:
        """Keep enough URLs waiting; False when there is nothing left to do."""
        while not self._exhausted and len(self._waiting) < enough:
            held = [reference.media_id for download in self._by_url.values() for reference in download.references]
            if len(held) >= REFERENCES_HELD:
                break
            with self._context.database.read() as connection:
                batch = media.pending(connection, self._partitions, ROWS_ASKED_FOR, held)
                archived = files.archived(connection, [ref.sha256 for ref in batch if ref.sha256])
                known = media.stored_under_url(connection, {reference.url_digest for reference in batch})
            self._exhausted = not batch
            self._settle(batch, known)
            for reference in batch:
                if reference.url_digest not in known and reference.url_digest not in self._failed:
                    self._enqueue(reference, archived.get(reference.sha256 or ""))
        return bool(self._waiting or self._running)

    def _enqueue(self, reference: PendingMedia, archived: ArchivedFile | None) -> None:
        download = self._by_url.get(reference.url_digest)
        if download is None:
            download = Download(reference.url, reference.url_digest, reference.expires_at, archived=archived)
            self._by_url[reference.url_digest] = download
            self._waiting.append(download)
        download.references.append(reference)

    def _settle(self, batch: Sequence[PendingMedia], known: dict[str, StoredMedia]) -> None:
        """What another post's reference found out about the same URL needs no request: its bytes, or that it failed."""
        stored = [
            StoredMedia(reference.media_id, found.sha256, found.etag, found.last_modified, found.fetched_at)
            for reference in batch
            if (found := known.get(reference.url_digest))
        ]
        failed = [
            _failed(reference, failure)
            for reference in batch
            if (failure := self._failed.get(reference.url_digest)) and reference.url_digest not in known
        ]
        with self._context.database.write() as connection:
            media.mark_stored(connection, stored)
            media.mark_failed(connection, failed, self._context.settings.media_max_attempts)
        self._context.progress.advance(len(stored) + len(failed))

    def _keep(self, download: Download, fetched: Future[Fetched], folder: Path) -> Outcome:
        """In a thread: put what was fetched in its place. Touches no database."""
        result = fetched.result()
        store = self._context.store
        if isinstance(result, FetchedFile):
            place = store.adopt(
                result.path,
                sha256=result.sha256,
                md5_sum=result.md5_sum,
                media_type=result.media_type,
                extension=result.extension,
            )
            return Outcome(result, place)
        if result.evidence is not None:
            details = {"url": download.url, "status": result.status.value, "error": result.error}
            store.quarantine(result.evidence, download.references[0].media_id, details)
        return self._restored(download, result, folder) or Outcome(result)

    def _restored(self, download: Download, failure: FetchFailure, folder: Path) -> Outcome | None:
        """What the references held before, from the archive; None when it isn't there or can't be had."""
        if download.archived is None:
            return None
        try:
            return Outcome(failure, restore(self._context, download.archived, folder), download.archived)
        except ArchiveError as error:
            self._context.log.warning(f"{download.archived.s3_key} can't be restored: {error}")
            return None

    def _write_down(self) -> None:
        """Write what has ended in one transaction, then raise what stopped a download, if anything did.

        It is only forgotten afterwards: Ctrl-C may break a transaction off, and then it is written once more.
        """
        done = list(self._done.values())
        errors = [future.exception() for _, future in done]
        outcomes = [(download, future.result()) for download, future in done if future.exception() is None]
        if outcomes:
            with self._context.database.write() as connection:
                self._write_outcomes(connection, outcomes)
        for download, _ in done:
            self._by_url.pop(download.digest, None)
            self._running.pop(download.digest, None)
            self._done.pop(download.digest, None)
        for error in errors:
            if error is not None and not isinstance(error, DownloadDropped):
                raise error

    def _write_outcomes(self, connection: sa.Connection, outcomes: Sequence[tuple[Download, Outcome]]) -> None:
        """One statement a table, not one a file: a run of small files waits for this thread."""
        attempts = [
            (download.references[0].media_id, attempt) for download, outcome in outcomes for attempt in outcome.attempts
        ]
        self.requests += len(attempts)
        self.bytes_received += sum(attempt.bytes_received for _, attempt in attempts)
        media.add_attempts(connection, attempts)
        files.save(
            connection,
            [
                (outcome.result, outcome.local_path)
                for _, outcome in outcomes
                if isinstance(outcome.result, FetchedFile)
            ],
        )
        stored: list[StoredMedia] = []
        failed: list[FailedMedia] = []
        for download, outcome in outcomes:
            if outcome.restored is not None:
                files.mark_local(connection, outcome.restored.sha256, outcome.local_path)
            if isinstance(outcome.result, FetchFailure) and outcome.restored is None:
                self._failed[download.digest] = outcome.result
                failed += [_failed(reference, outcome.result) for reference in download.references]
            else:
                stored += [_stored(reference, outcome) for reference in download.references]
        media.mark_stored(connection, stored)
        media.mark_failed(connection, failed, self._context.settings.media_max_attempts)
        self._context.progress.advance(len(stored) + len(failed))


def _stored(reference: PendingMedia, outcome: Outcome) -> StoredMedia:
    now = datetime.now(UTC)
    if outcome.restored is not None:
        return StoredMedia(reference.media_id, outcome.restored.sha256, None, None, now)
    assert isinstance(outcome.result, FetchedFile)
    return StoredMedia(
        reference.media_id, outcome.result.sha256, outcome.result.etag, outcome.result.last_modified, now
    )


def _failed(reference: PendingMedia, failure: FetchFailure) -> FailedMedia:
    return FailedMedia(
        reference.media_id, failure.status, failure.error, reference.attempts + 1, failure.retry_after_seconds
    )
