"""Verified originals to the archive, each sent once.

What belongs here: sending, and finding a key. What does not: holding the archive against the catalogue, and what may
leave the store for it (:mod:`media_pipeline.stages.archive.scrub`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from media_pipeline.catalog import archived
from media_pipeline.catalog.archived import ToArchive
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.selection import EVERYTHING, Selection, pieces
from media_pipeline.model import ArchivedObject, ImportPartition, MediaPipelineError, Report
from media_pipeline.stages.context import ROWS_ASKED_FOR, TABLE_ROWS, Reports, StageContext
from media_pipeline.storage.archive import ArchiveError, OtherBytes, archive_keys


class ArchiveIncomplete(MediaPipelineError):
    """Some files could not be archived; the others were. The next run tries again.

    To do: Run again once the causes that the message counts are mended.
    """


@dataclass(frozen=True, slots=True)
class Archived:
    """What was sent, what was there already, and what could not be archived."""

    sent: int
    sent_bytes: int
    already_there: int
    failures: tuple[Mapping[str, Any], ...]
    """Every one, with its reason."""


def archive_media(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Archive the stored files of the partitions. Raises ArchiveIncomplete, at the end, when some could not be."""
    done = archive_files(context, Selection(partitions, with_versions=True))
    with context.database.read() as connection:
        totals = archived.totals(connection, partitions)
    if done.failures:
        first = done.failures[0]
        raise ArchiveIncomplete(
            f"{len(done.failures)} file(s) could not be archived, the first {first['media_id']}: {first['error']}; "
            "run again when the archive can be reached"
        )
    return {
        partition: Report(
            {
                **totals.get(partition, {"archived": 0, "archived_bytes": 0, "not_archived": 0}),
                "sent": done.sent,
                "sent_bytes": done.sent_bytes,
                "already_there": done.already_there,
            },
            done.failures[:TABLE_ROWS],
        )
        for partition in partitions
    }


def archive_files(context: StageContext, selection: Selection = EVERYTHING, repair: bool = False) -> Archived:
    """Archive the selected stored files that the archive lacks.

    ``repair``: what counts as archived is asked for as well, and sent again where the archive lacks it or has other
    bytes. Raises WrongPlace, ArchiveError when the archive can't be reached at all.
    """
    sent = sent_bytes = already_there = 0
    failures: list[Mapping[str, Any]] = []
    archive_id = context.archive_id
    with (
        context.progress.of("archive") as progress,
        ThreadPoolExecutor(context.settings.media_download_workers, thread_name_prefix="archive") as pool,
    ):
        for batch in _batches(context, selection, repair):
            taken = _keys_of_others(context, batch)
            results = list(progress.each(pool.map(partial(_put, context, taken), batch)))
            pairs = list(zip(batch, results, strict=True))
            objects = {item.content.sha256: found for item, found in pairs if isinstance(found, ArchivedObject)}
            lost = [item.content.sha256 for item, found in pairs if isinstance(found, _Lost)]
            with context.database.write() as connection:
                archived.mark_archived(connection, objects, archive_id)
                archived.mark_not_archived(connection, lost)
            sent += sum(found.sent for found in objects.values())
            sent_bytes += sum(found.size for found in objects.values() if found.sent)
            already_there += sum(not found.sent for found in objects.values())
            failures += [
                {"media_id": item.media_id, "file": item.local_path or item.s3_key, "error": str(found)}
                for item, found in pairs
                if isinstance(found, ArchiveError)
            ]
    return Archived(sent, sent_bytes, already_there, tuple(failures))


class _Lost(ArchiveError):
    """The archive lacks what only it had."""


def _batches(context: StageContext, selection: Selection, repair: bool) -> Iterator[list[ToArchive]]:
    def ask(connection: Connection, after: str) -> list[ToArchive]:
        return archived.to_archive(connection, selection, ROWS_ASKED_FOR, after, repair)

    for found in context.database.paged(ask, lambda item: item.content.sha256, ""):
        context.progress.expect(len(found))
        yield from pieces(found, context.settings.media_batch_size)


def _keys(item: ToArchive) -> list[str]:
    """The keys that a file may have, the one that it had first."""
    usual = archive_keys(item.media_id, item.when, item.extension, item.content.sha256)
    return list(dict.fromkeys([item.s3_key, *usual] if item.s3_key else usual))


def _keys_of_others(context: StageContext, batch: Sequence[ToArchive]) -> Mapping[str, set[str]]:
    """By file, those of its keys that belong to another content."""
    keys = {item.content.sha256: _keys(item) for item in batch}
    with context.database.read() as connection:
        owners = archived.owners_of_keys(connection, [key for found in keys.values() for key in found])
    return {sha256: {key for key in found if owners.get(key, {sha256}) != {sha256}} for sha256, found in keys.items()}


def _put(context: StageContext, taken: Mapping[str, set[str]], item: ToArchive) -> ArchivedObject | ArchiveError:
    """In a thread: send one file under the first key that is free or its own. Touches no database."""
    try:
        if item.local_path is None:
            return _look(context, item)
        path = context.store.path_of(item.local_path)
        for key in _keys(item):
            if key in taken[item.content.sha256]:
                continue
            try:
                return context.archive.put(key, path, item.content)
            except OtherBytes as error:
                context.log.warning(f"{error}; {item.local_path} gets another key")
        return ArchiveError(item.s3_key or item.media_id, "every key that it may have holds something else")
    except ArchiveError as error:
        return error


def _look(context: StageContext, item: ToArchive) -> ArchivedObject | ArchiveError:
    """What only the archive has."""
    key = item.s3_key or ""
    try:
        found = context.archive.check(key, item.content)
    except OtherBytes as error:
        return _Lost(key, error)
    return found or _Lost(key, "it is not there, and the store does not have the file either")
