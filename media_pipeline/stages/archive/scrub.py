"""Whether the archive is what the catalogue says, and what may leave the store for it.

What belongs here: asking the archive for what it should hold, and eviction. What does not: sending
(:mod:`media_pipeline.stages.archive.s3_archive`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

from media_pipeline.catalog import archived, files, removals
from media_pipeline.catalog.archived import ArchivedFile
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.selection import Selection
from media_pipeline.model import ArchivedObject, Content, ImportPartition
from media_pipeline.stages.context import StageContext
from media_pipeline.storage.archive import ArchiveError, OtherBytes

EVICTED_TOGETHER = 100
CHECKED_TOGETHER = 200
FAILURES_IN_A_ROW = 3
SAMPLE_OBJECTS = 20
"""Objects of the archive that each run asks for again; one at least of each partition."""


@dataclass(frozen=True, slots=True)
class Scrub:
    """How many objects were asked for, and those that are not there as they should be, with the reason."""

    checked: int
    wrong: tuple[tuple[ArchivedFile, str], ...]


def scrub_archive(context: StageContext, read: bool = False) -> Scrub:
    """Ask the archive for everything that it should hold; ``read``: every byte.

    What is wrong no longer counts as archived: the next run sends it again, or it is missing. An object that can't be
    read while others can is named as well. Raises ArchiveError when the archive can't be reached.
    """
    checked = 0
    wrong: list[tuple[ArchivedFile, str]] = []
    with context.progress.of("archive verification") as progress:
        for page in _pages(context):
            wrong += check_objects(context, page, read)
            checked += len(page)
            progress.advance(len(page))
    return Scrub(checked, tuple(wrong))


def scrub_samples(context: StageContext, partitions: Sequence[ImportPartition]) -> Mapping[ImportPartition, Scrub]:
    """Ask the archive for some files of each partition, others each time; where reading costs nothing, read them."""
    each = max(1, SAMPLE_OBJECTS // max(1, len(partitions)))
    with context.database.read() as connection:
        samples = {
            partition: archived.archived_sample(connection, Selection([partition]), each) for partition in partitions
        }
    files = {file.sha256: file for sample in samples.values() for file in sample}
    wrong = {
        file.sha256: reason
        for file, reason in check_objects(context, list(files.values()), context.archive.is_read_for_free)
    }
    return {
        partition: Scrub(len(sample), tuple((file, wrong[file.sha256]) for file in sample if file.sha256 in wrong))
        for partition, sample in samples.items()
    }


def _pages(context: StageContext) -> Iterator[list[ArchivedFile]]:
    ask = partial(archived.archived_page, limit=CHECKED_TOGETHER)
    return context.database.paged(ask, lambda file: file.sha256, "")


def check_objects(
    context: StageContext, expected: Sequence[ArchivedFile], read: bool
) -> list[tuple[ArchivedFile, str]]:
    """Ask for these objects, write down what was found, and return those that are wrong, with the reason.

    Raises ArchiveError when none of them could be asked for.
    """
    archive = context.archive
    look = archive.read_back if read else archive.check
    with ThreadPoolExecutor(context.settings.media_download_workers, thread_name_prefix="archive") as pool:
        answers = list(pool.map(partial(_answer, look), expected))
    pairs = list(zip(expected, answers, strict=True))
    found = {file.sha256: answer for file, answer in pairs if isinstance(answer, ArchivedObject)}
    wrong = [(file, answer) for file, answer in pairs if isinstance(answer, str)]
    failed = [(file, answer) for file, answer in pairs if isinstance(answer, ArchiveError)]
    if failed and not found and not wrong:
        raise failed[0][1]
    with context.database.write() as connection:
        archived.mark_archived(connection, found, context.archive_id)
        archived.mark_not_archived(connection, [file.sha256 for file, _ in wrong])
    named = [*wrong, *((file, f"{error}; it could not be asked for now") for file, error in failed)]
    for _, reason in named:
        context.log.warning(reason)
    return named


def _answer(
    look: Callable[[str, Content], ArchivedObject | None], file: ArchivedFile
) -> ArchivedObject | str | ArchiveError:
    """In a thread: the object, why it is wrong, or why that can't be told."""
    try:
        return look(file.s3_key, file.content) or f"archive object {file.s3_key}: it is not there"
    except OtherBytes as error:
        return str(error)
    except ArchiveError as error:
        return error


def evict(context: StageContext) -> int:
    """Remove archived originals, oldest use first, until the store is within its limit; return how many.

    The archive is asked for each before it goes. One that is not there stays, and is sent again by the next run.
    """
    with context.database.read() as connection:
        excess = archived.local_bytes(connection) - context.settings.cache_limit_bytes
    removed = 0
    try:
        for file in _evictable(context) if excess > 0 else ():
            if excess <= 0:
                break
            with context.database.write() as connection:
                files.mark_evicted(connection, file.sha256)
                removals.begin(connection, [file.local_path or ""])
            context.remove([file.local_path or ""])
            excess -= file.file_size
            removed += 1
    except ArchiveError as error:
        context.log.warning(f"nothing more leaves the store, since the archive can't be asked: {error}")
        return removed
    if excess > 0:
        context.log.warning(f"the store is {excess} bytes over its limit, and nothing more of it is archived")
    return removed


def _evictable(context: StageContext) -> Iterator[ArchivedFile]:
    """Files of the store that the archive has just been shown to hold, oldest use first."""

    def ask(connection: Connection, after: ArchivedFile | None) -> list[ArchivedFile]:
        return archived.least_recently_used(connection, EVICTED_TOGETHER, after)

    errors = 0
    for file in chain.from_iterable(context.database.paged(ask, lambda file: file, None)):
        try:
            is_safe, errors = is_safe_in_archive(context, file), 0
        except ArchiveError:
            # One object that can't be read costs itself; several in a row are an archive that can't be reached.
            is_safe, errors = False, errors + 1
            if errors == FAILURES_IN_A_ROW:
                raise
        if is_safe:
            yield file


def is_safe_in_archive(context: StageContext, file: ArchivedFile) -> bool:
    """Whether the present archive holds the file, by a fresh proof or a read of every byte. Raises ArchiveError.

    A HEAD returns what was recorded when an object came: it shows that the object is there, not that its bits are.
    """
    read = context.archive.is_read_for_free or not is_fresh(context, file, datetime.now(UTC))
    return not check_objects(context, [file], read)


def is_fresh(context: StageContext, file: ArchivedFile, now: datetime) -> bool:
    """Whether the last proof is strong enough to let the local file go, and recent. One of the future is not."""
    if file.proof is None or file.proved_at is None or not file.proof.allows_eviction:
        return False
    age = now - file.proved_at
    return timedelta() <= age <= timedelta(days=context.settings.media_scrub_days)
