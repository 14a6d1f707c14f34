"""What came of downloads, and what that means to the references that waited for them.

What belongs here: keeping what was fetched, setting aside what must not be kept, and the rows that say so. What does
not: fetching, and which references wait for what (:mod:`media_pipeline.stages.downloads.url_book`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from media_pipeline.catalog import files, media, removals, rowwise
from media_pipeline.catalog.archived import ArchivedFile
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.media import FailedMedia, StoredMedia
from media_pipeline.catalog.media_due import PendingMedia
from media_pipeline.fetch.dispatch.medium import Fetched
from media_pipeline.fetch.scan import ScannerError, ScannerUnavailable
from media_pipeline.fetch.unfinished import UnfinishedDownloads
from media_pipeline.model import (
    FetchAttempt,
    FetchedFile,
    FetchFailure,
    FetchUnchanged,
    MediaType,
    Reason,
    Status,
    is_of_the_one,
    unforeseen,
)
from media_pipeline.policy.decided import do_answers_count, without_answers
from media_pipeline.policy.reasons import reason_of
from media_pipeline.policy.retry import RECHECKED, is_last_try
from media_pipeline.policy.templates import addresses_of
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.downloads.url_book import Download
from media_pipeline.stages.integrity.stored_files import NotArchived, restore
from media_pipeline.storage.archive import ArchiveError

MOST_DECLARED_PIXELS = 2**31 - 1
"""An export that declares more is wrong, and PostgreSQL's integers end there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one URL: a file with its place in the store, nothing new, or the failure."""

    result: Fetched
    local_path: str = ""
    restored: ArchivedFile | None = None
    """What came back from the archive since the host no longer has it."""
    is_lost: bool = False
    """Whether the archive turned out not to hold what the references held before."""
    stops: ScannerUnavailable | None = None
    """Why nothing more can be kept in this run."""


def keep(context: StageContext, download: Download, result: Fetched) -> Outcome:
    """Put what was fetched in its place, or aside. Safe for threads.

    Raises StorageError when the store can't take it. An error that no rule foresees fails this download alone.
    """
    if isinstance(result, FetchFailure) and result.is_unforeseen:
        context.log.warning(f"{download.url}: {result.error}")
    try:
        return _keep(context, download, result)
    except Exception as error:
        if not is_of_the_one(error):
            raise
        context.log.warning(f"{download.url} can't be kept: {unforeseen(error)}")
        if isinstance(result, FetchedFile):
            result.path.unlink(missing_ok=True)
        return Outcome(FetchFailure(Status.FAILED, unforeseen(error), result.attempts, reason=Reason.UNFORESEEN))


def _keep(context: StageContext, download: Download, result: Fetched) -> Outcome:
    if isinstance(result, FetchedFile):
        return _keep_file(context, download, result)
    if isinstance(result, FetchUnchanged):
        return Outcome(result)
    if result.evidence is not None:
        _set_aside(context, download, result, result.evidence)
    return _restored(context, download, result) or Outcome(result)


def _keep_file(context: StageContext, download: Download, file: FetchedFile) -> Outcome:
    try:
        infection = context.scanner.scan(file.path) if context.scanner else None
    except ScannerError as error:
        file.path.unlink(missing_ok=True)
        failure = FetchFailure(Status.FAILED, f"not scanned: {error}", file.attempts, reason=Reason.NOT_SCANNED)
        return Outcome(failure, stops=error if isinstance(error, ScannerUnavailable) else None)
    if infection:
        failure = FetchFailure(Status.QUARANTINED, f"infected: {infection}", file.attempts, reason=Reason.INFECTED)
        _set_aside(context, download, failure, file.path)
        return Outcome(failure)
    place = context.store.adopt(
        file.path,
        sha256=file.sha256,
        md5_sum=file.md5_sum,
        media_type=file.media_type,
        extension=file.extension,
    )
    return Outcome(file, place)


def _set_aside(context: StageContext, download: Download, failure: FetchFailure, path: Path) -> None:
    details = {
        "url": download.url,
        "status": failure.status.value,
        "error": failure.error,
        "headers": dict(failure.evidence_headers),
    }
    context.store.quarantine(path, download.references[0].media_id, details)


def _restored(context: StageContext, download: Download, failure: FetchFailure) -> Outcome | None:
    """What the references held before, from the archive; None when it isn't needed, or there, or can't be had."""
    if download.archived is None or any(reference.is_held for reference in download.references):
        return None
    held = download.archived
    try:
        place = restore(context, held.content, MediaType(held.media_type), held.extension, held.s3_key)
    except NotArchived as error:
        context.log.warning(f"{held.s3_key} can't be restored: {error}")
        return Outcome(failure, is_lost=True)
    except ArchiveError as error:
        context.log.warning(f"{held.s3_key} can't be restored now: {error}")
        return None
    return Outcome(failure, place, held)


def write_down(
    context: StageContext, connection: Connection, outcomes: Sequence[tuple[Download, Outcome]]
) -> tuple[int, list[str]]:
    """Write what came of downloads; return how many references that settles, and files whose removal that begins.

    Not settled are those that hold less than others keep: by now the catalogue knows their URL.
    One statement a table, not one a file: a run of small files waits for this. What the database refuses is a failure
    of its references alone, and its file goes again.
    """
    write_attempts(context, connection, ((download, outcome.result.attempts) for download, outcome in outcomes))
    outcomes = [(download, _still_there(context, outcome)) for download, outcome in outcomes]
    written = rowwise.write(connection, outcomes, lambda some: _write_outcomes(context, connection, some))
    refused = [(one.row[0], _refused(context, one)) for one in written.refused]
    settled = sum(written.results) + _write_outcomes(context, connection, refused)
    without_row = [one.row[1].local_path for one in written.refused if one.row[1].local_path]
    removals.begin(connection, without_row)
    return settled, without_row


def _refused(context: StageContext, refused: rowwise.Refused[tuple[Download, Outcome]]) -> Outcome:
    download, outcome = refused.row
    context.log.warning(f"what came of {download.url} can't be written down: {refused.reason}")
    error = f"what came of it can't be written down: {refused.reason}"
    return Outcome(FetchFailure(Status.FAILED, error, outcome.result.attempts, reason=Reason.UNFORESEEN))


def _write_outcomes(context: StageContext, connection: Connection, outcomes: Sequence[tuple[Download, Outcome]]) -> int:
    files.save(
        connection,
        [(outcome.result, outcome.local_path) for _, outcome in outcomes if isinstance(outcome.result, FetchedFile)],
    )
    for _, outcome in outcomes:
        if outcome.restored is not None:
            files.mark_local(connection, outcome.restored.sha256, outcome.local_path)
    pairs = [
        (reference, outcome) for download, outcome in outcomes for reference in _settled(context, download, outcome)
    ]
    return write_verdicts(context, connection, pairs)


def _still_there(context: StageContext, outcome: Outcome) -> Outcome:
    """An outcome whose file another run has removed meanwhile, since no row named it yet, is a failure for now."""
    if not outcome.local_path or context.store.path_of(outcome.local_path).exists():
        return outcome
    error = "its file was removed by another run at that moment"
    return Outcome(FetchFailure(Status.FAILED, error, (), reason=Reason.FILE_LOST))


def _settled(context: StageContext, download: Download, outcome: Outcome) -> list[PendingMedia]:
    """The references that an outcome settles: where some keep what they hold, only these."""
    result = outcome.result
    if isinstance(result, FetchUnchanged):
        held = download.asked_for.sha256
        return [reference for reference in download.references if reference.is_held and reference.sha256 == held]
    if isinstance(result, FetchFailure) and outcome.restored is None and not outcome.is_lost:
        keeping = [reference for reference in download.references if _keeps_what_it_holds(context, reference, result)]
        return keeping or download.references
    return download.references


def write_verdicts(context: StageContext, connection: Connection, pairs: Iterable[tuple[PendingMedia, Outcome]]) -> int:
    """Write what an outcome means to each reference, and return how many they are."""
    rows = _Rows(context)
    for reference, outcome in pairs:
        rows.add(reference, outcome)
    media.mark_stored(connection, rows.stored)
    media.mark_kept(connection, rows.kept)
    media.mark_failed(connection, rows.failed, context.settings)
    return len(rows.stored) + len(rows.kept) + len(rows.failed)


def write_attempts(
    context: StageContext, connection: Connection, made: Iterable[tuple[Download, Sequence[FetchAttempt]]]
) -> None:
    """Write every request that was made, with the first reference that it was made for."""
    rows = [(download.references[0].media_id, attempt) for download, attempts in made for attempt in attempts]
    written = rowwise.write(connection, rows, lambda some: media.add_attempts(connection, some))
    for refused in written.refused:
        context.log.warning(f"a request of {refused.row[0]} can't be written down: {refused.reason}")


def forget_unfinished(context: StageContext, unfinished: UnfinishedDownloads, download: Download) -> None:
    """What a reference that is given up had begun is of no use to anyone."""
    for reference in download.references:
        if is_last_try(reference.attempts, context.settings.media_max_attempts):
            for candidate in reference.candidates:
                for address in addresses_of(candidate.url, context.settings.media_fetch_via):
                    unfinished.discard(address)


class _Rows:
    """The rows of a transaction, by what is done to them."""

    def __init__(self, context: StageContext) -> None:
        self._context = context
        self.stored: list[StoredMedia] = []
        self.kept: dict[str, str | None] = {}
        self.failed: list[FailedMedia] = []

    def add(self, reference: PendingMedia, outcome: Outcome) -> None:
        result = outcome.result
        if outcome.restored is not None:
            self.stored.append(StoredMedia(reference.media_id, outcome.restored.sha256, None, None, datetime.now(UTC)))
        elif isinstance(result, FetchedFile):
            self.stored.append(_stored(reference, result))
        elif isinstance(result, FetchUnchanged):
            self.kept[reference.media_id] = None
        elif not outcome.is_lost and _keeps_what_it_holds(self._context, reference, result):
            self.kept[reference.media_id] = f"asked again in vain, and what it holds is kept: {result.error}"
        else:
            self.failed.append(_failed(self._context, reference, result))


def _keeps_what_it_holds(context: StageContext, reference: PendingMedia, failure: FetchFailure) -> bool:
    """A host that has nothing better doesn't take away what is held. A truncated file waits for its tries."""
    if not reference.is_held:
        return reference.is_archived and reference.status is Status.PENDING
    is_final = failure.status is not Status.FAILED or is_last_try(
        reference.attempts, context.settings.media_max_attempts
    )
    return reference.status is Status.PENDING or is_final


def _stored(reference: PendingMedia, file: FetchedFile) -> StoredMedia:
    is_believed = (file.declared_width or 1) * (file.declared_height or 1) <= MOST_DECLARED_PIXELS
    return StoredMedia(
        reference.media_id,
        file.sha256,
        file.etag,
        file.last_modified,
        datetime.now(UTC),
        file.url,
        file.declared_width if is_believed else None,
        file.declared_height if is_believed else None,
        file.downgrade,
    )


def _failed(context: StageContext, reference: PendingMedia, failure: FetchFailure) -> FailedMedia:
    """A failure as it is written down. One without a request counts for nothing, unless nobody knows why it is."""
    attempts = reference.attempts + bool(failure.attempts or failure.is_unforeseen)
    status, error, reason = failure.status, failure.error, failure.reason
    if status is Status.FAILED and reference.status in RECHECKED:
        # What was found final, and asked again years later, is no worse for a host that is down today.
        status, reason = reference.status, reason_of(None, reference.status)
        error = f"{error} (when it was asked again)"
    return FailedMedia(
        reference.media_id,
        status,
        error,
        attempts,
        failure.retry_after_seconds,
        reason=reason,
        decided_under=_decided_under(context, reference, failure, reason),
    )


def _decided_under(context: StageContext, reference: PendingMedia, failure: FetchFailure, reason: Reason) -> str:
    """The word of the verdict. Answers that did not count for this try do for the next only where each is a new one:
    a host that was busy kept those behind it from being asked."""
    word = context.decided_under[reason]
    if do_answers_count(reference.status, reference.decided_under, word):
        return word
    urls = [reference.url or "", *(candidate.url for candidate in reference.candidates)]
    addresses = {address for url in urls for address in addresses_of(url, context.settings.media_fetch_via)}
    is_each_new = addresses <= {attempt.url for attempt in failure.attempts}
    return word if is_each_new else without_answers(word)
