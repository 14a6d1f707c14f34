"""Media that came with their export: stored from there, so that nothing is asked for them.

What belongs here: matching references that wait with files beside their export. What does not: downloads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from media_pipeline.catalog import files, media, origins, removals, rowwise
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.media import FailedMedia, StoredMedia
from media_pipeline.catalog.origins import WaitingMedia
from media_pipeline.catalog.selection import pieces
from media_pipeline.fetch.scan import ScannerError, ScannerUnavailable
from media_pipeline.fetch.sniff import SniffedType, sniff
from media_pipeline.model import FetchedFile, ImportPartition, Reason, Status, is_of_the_one, unforeseen
from media_pipeline.posts.local_media import LocalMedia, media_beside
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.imports.parts import with_other_parts
from media_pipeline.stages.imports.raw_posts import file_named

_CHUNK_BYTES = 1 << 20

Stored = tuple[WaitingMedia, FetchedFile, str]
"""A reference, the file that lay beside its export, and its place in the store."""


class Source(Protocol):
    """Where files lie that need no request: what came along with an export, or a folder that another tool filled."""

    @property
    def title(self) -> str:
        """What a file's origin is called, before ``#`` and the file's path."""
        ...

    def in_order(self, paths: Iterable[str]) -> list[str]:
        """Paths of files in the order in which they are best opened."""
        ...

    def open(self, path: str) -> IO[bytes]:
        """Open one of the files, one at a time. Raises OSError, and what archives raise for damage."""
        ...


def store_local_media(context: StageContext, partitions: Sequence[ImportPartition]) -> int:
    """Store every medium that lies beside its export, or in another part of it, and return how many.

    Of an export in several archives each part may come on another day: with any of them in the partitions, the media
    of all are looked for in all.
    """
    return sum(_store_family(context, family) for family in _families(context, partitions))


Export = tuple[str, Path]
"""An import's id, and the file of it that is there."""


def _store_family(context: StageContext, family: Sequence[Export]) -> int:
    stored = 0
    left = _waiting(context, family)
    for _, path in family:
        if not left:
            break
        with ExitStack() as stack:
            beside = _beside(context, path, stack)
            if not beside or not beside.names:
                continue
            named = ((one, beside.find(one.native_id, one.urls, one.files)) for one in left)
            found = [(one, name) for one, name in named if name]
            stored += take(context, beside, found)
        if found and len(family) > 1:
            left = _waiting(context, family)
    return stored


def _waiting(context: StageContext, family: Sequence[Export]) -> list[WaitingMedia]:
    """The references of the posts that these imports hold, each once."""
    with context.database.read() as connection:
        of_imports = (origins.waiting_of_import(connection, import_id) for import_id, _ in family)
        return list({one.media_id: one for references in of_imports for one in references}.values())


def take(context: StageContext, source: Source, found: Iterable[tuple[WaitingMedia, str]]) -> int:
    """Copy files of a source into the store, each for its references, and return how many references have one now.

    What can't be read, or is no medium, is left to be fetched.
    """
    batches = pieces(_taken(context, source, found), context.settings.media_batch_size)
    return sum(_write_down(context, batch) for batch in batches)


def _beside(context: StageContext, export: Path, stack: ExitStack) -> LocalMedia | None:
    try:
        return stack.enter_context(media_beside(export))
    except Exception as error:
        if not is_of_the_one(error):
            raise
        context.log.warning(f"what lies beside {export.name} can't be looked at: {unforeseen(error)}")
        return None


def _taken(context: StageContext, source: Source, found: Iterable[tuple[WaitingMedia, str]]) -> Iterator[Stored]:
    """What was found, put into the store one by one; up to where the scanner can't be reached any more."""
    folder = context.store.temporary_folder()
    wanted: dict[str, list[WaitingMedia]] = {}
    for reference, name in found:
        wanted.setdefault(name, []).append(reference)
    for name in source.in_order(wanted):
        kept: tuple[FetchedFile, str] | None = None
        for reference in wanted[name]:
            try:
                kept = kept or _kept(context, source, name, reference, folder / f"local-{reference.media_id}")
            except ScannerUnavailable as error:
                context.log.warning(f"media of {source.title} are not stored: {error}")
                return
            if kept:
                yield reference, *kept


def _kept(
    context: StageContext, source: Source, name: str, reference: WaitingMedia, path: Path
) -> tuple[FetchedFile, str] | None:
    """A file of a source, and its place in the store; None for what is not stored. Raises ScannerUnavailable."""
    file = _read(context, source, name, path)
    return (file, _adopt(context, file)) if file and _is_clean(context, reference, file) else None


def _is_clean(context: StageContext, reference: WaitingMedia, file: FetchedFile) -> bool:
    """Whether the scanner, if there is one, has nothing against the file. What is infected is set aside with its
    reference; what the scanner can't judge is left out, which the log says.

    Raises ScannerUnavailable.
    """
    try:
        infection = context.scanner.scan(file.path) if context.scanner else None
    except ScannerError as error:
        file.path.unlink()
        if isinstance(error, ScannerUnavailable):
            raise
        context.log.warning(f"{file.url} is not stored: {error}")
        return False
    if infection is not None:
        _set_aside(context, reference, file, f"infected: {infection}")
    return infection is None


def _set_aside(context: StageContext, reference: WaitingMedia, file: FetchedFile, reason: str) -> None:
    context.log.warning(f"{file.url} is put in quarantine: {reason}")
    details = {"url": file.url, "status": Status.QUARANTINED.value, "error": reason}
    context.store.quarantine(file.path, reference.media_id, details)
    failure = FailedMedia(
        reference.media_id,
        Status.QUARANTINED,
        reason,
        reference.attempts + 1,
        reason=Reason.INFECTED,
        decided_under=context.decided_under[Reason.INFECTED],
    )
    with context.database.write() as connection:
        media.mark_failed(connection, [failure], context.settings)


def _families(context: StageContext, partitions: Sequence[ImportPartition]) -> Iterator[list[Export]]:
    """The partitions' imports, each with the other parts of the export that it is a part of."""
    with context.database.read() as connection:
        families = with_other_parts(connection, origins.exports(connection, partitions))
    for family in families:
        there = ((import_id, file_named(context.settings, path)) for import_id, path in family)
        yield [(import_id, path) for import_id, path in there if path]


def _read(context: StageContext, source: Source, name: str, path: Path) -> FetchedFile | None:
    """Copy one file and digest it on the way; None for what can't be read or is no medium, which is then fetched."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    try:
        with source.open(name) as file, path.open("xb") as copy:
            chunk = file.read(_CHUNK_BYTES)
            found = sniff(chunk)
            while chunk and isinstance(found, SniffedType):
                size += len(chunk)
                md5.update(chunk)
                sha256.update(chunk)
                copy.write(chunk)
                chunk = file.read(_CHUNK_BYTES)
    except Exception as error:
        if not is_of_the_one(error):
            raise
        context.log.warning(f"{source.title}: {name} can't be read and is fetched instead: {error}")
        path.unlink(missing_ok=True)
        return None
    if not isinstance(found, SniffedType):
        context.log.warning(f"{source.title}: {name} is no medium ({found.kind}) and is fetched instead")
        path.unlink()
        return None
    return FetchedFile(
        path=path,
        url=f"{source.title}#{name}",
        sha256=sha256.hexdigest(),
        md5_sum=md5.hexdigest(),
        file_size=size,
        mime_type=found.mime_type,
        extension=found.extension,
        media_type=found.media_type,
        etag=None,
        last_modified=None,
        attempts=(),
    )


def _adopt(context: StageContext, file: FetchedFile) -> str:
    return context.store.adopt(
        file.path,
        sha256=file.sha256,
        md5_sum=file.md5_sum,
        media_type=file.media_type,
        extension=file.extension,
    )


def _write_down(context: StageContext, batch: Sequence[Stored]) -> int:
    with context.database.write() as connection:
        written = rowwise.write(connection, batch, lambda some: _write(connection, some))
        failures = [
            FailedMedia(
                one.row[0].media_id,
                Status.FAILED,
                one.reason,
                one.row[0].attempts + 1,
                reason=Reason.NOT_WRITTEN,
            )
            for one in written.refused
        ]
        media.mark_failed(connection, failures, context.settings)
        without_row = [one.row[2] for one in written.refused]
        removals.begin(connection, without_row)
    context.store.written_down(place for _, _, place in batch)
    for one in written.refused:
        context.log.warning(f"{one.row[1].url} can't be written down: {one.reason}")
    context.remove(without_row)
    return sum(written.results)


def _write(connection: Connection, batch: Sequence[Stored]) -> int:
    now = datetime.now(UTC)
    files.save(connection, [(file, place) for _, file, place in batch])
    media.mark_stored(
        connection, [StoredMedia(reference.media_id, file.sha256, None, None, now) for reference, file, _ in batch]
    )
    return len(batch)
