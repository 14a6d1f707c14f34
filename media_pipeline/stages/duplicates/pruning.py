"""Removing copies of pictures that are the same to the last pixel. Done only where somebody asks for it.

What belongs here: which files are copies, and what becomes of their references and bytes. What does not: finding them
(:mod:`media_pipeline.stages.duplicates.near_duplicates`), and copies of the same bytes
(:mod:`media_pipeline.catalog.duplicates`).

The best of each group stays: most pixels, then most bytes, then the oldest. It is read and held against its checksum
before anything goes. References to the others hold it from then
on, as a new version of theirs; the version before names the file that they held, whose facts stay, and whose bytes stay
in the archive if it has them. From the store they go, with what was drawn of them. A file that something else still
names, such as a version of a time before, keeps its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from media_pipeline.catalog import archived, duplicates, files, near_duplicates, removals
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.near_duplicates import ComparedFile
from media_pipeline.catalog.selection import pieces
from media_pipeline.stages.archive.scrub import is_safe_in_archive
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.duplicates.clusters import best

COPIES_TOGETHER = 50
"""Files that are let go in one transaction."""


@dataclass(frozen=True, slots=True)
class PixelCopy:
    """A file that can be done without."""

    file: ComparedFile
    canonical: ComparedFile
    """Of the same pixels."""
    media_ids: tuple[str, ...]
    """References that are to hold that instead."""
    leaves: bool
    """Whether nothing else names it, so that its bytes can go."""


def same_pixel_copies(connection: Connection, user: str | None = None) -> Iterator[PixelCopy]:
    """Every copy in the library. With a user, those of this author's references whose author has the best one too."""
    for _, pairs in groupby(near_duplicates.same_pixels(connection), key=lambda pair: pair.first):
        sha256s = sorted({sha256 for pair in pairs for sha256 in (pair.first, pair.second)})
        held = {
            same.sha256: {holder.media_id for holder in same.holders}
            for same in duplicates.holders(connection, sha256s)
        }
        found = list(near_duplicates.compared_files(connection, held))
        if len(found) > 1:
            yield from _copies(connection, found, held, user)


def _copies(
    connection: Connection, found: Sequence[ComparedFile], held: Mapping[str, set[str]], user: str | None
) -> Iterator[PixelCopy]:
    canonical = best(found)
    if user is not None:
        held = {sha256: duplicates.of_author(connection, refs, user) for sha256, refs in held.items()}
        if not held[canonical.sha256]:
            return
    for file in found:
        references = held[file.sha256]
        if file is not canonical and references:
            leaves = duplicates.names_of_file(connection, file.sha256) == len(references)
            yield PixelCopy(file, canonical, tuple(sorted(references)), leaves)


def prune_same_pixels(context: StageContext, copies: Iterable[PixelCopy]) -> int:
    """Let references hold the best one, remove what nothing names any more, and return how many references did.

    Neither goes before the best one was read, in the store or in the archive, nor a copy that the archive is said to
    have and does not. Raises ArchiveError when the archive can't be asked.
    """
    changed = 0
    for canonical, group in groupby(copies, key=lambda copy: copy.canonical):
        if not _is_safe(context, canonical):
            context.log.warning(f"{canonical.sha256} is not as it was stored: its copies are kept")
            continue
        for batch in pieces(group, COPIES_TOGETHER):
            changed += _prune(context, batch)
    return changed


def _is_safe(context: StageContext, file: ComparedFile) -> bool:
    if file.local_path is not None:
        return context.store.matches(file.local_path, file.sha256, file.file_size)
    return _stays_in_archive(context, file)


def _stays_in_archive(context: StageContext, file: ComparedFile) -> bool:
    with context.database.read() as connection:
        held = archived.by_digest(connection, [file.sha256])
    return all(is_safe_in_archive(context, found) for found in held.values()) and bool(held)


def _goes_unproven(context: StageContext, copy: PixelCopy) -> bool:
    """Whether the archive is said to have a copy that is to leave the store, and does not."""
    with context.database.read() as connection:
        is_said = bool(archived.by_digest(connection, [copy.file.sha256]))
    return copy.leaves and is_said and not _stays_in_archive(context, copy.file)


def _prune(context: StageContext, batch: Sequence[PixelCopy]) -> int:
    copies = [copy for copy in batch if not _goes_unproven(context, copy)]
    changed = 0
    places: list[str] = []
    with context.database.write() as connection:
        for copy in copies:
            # Asked again: meanwhile something else may have come to name it.
            leaves = duplicates.names_of_file(connection, copy.file.sha256) == len(copy.media_ids)
            changed += duplicates.give_other_file(connection, copy.media_ids, copy.canonical.sha256)
            if leaves:
                places += [copy.file.local_path] if copy.file.local_path else []
                places += duplicates.forget_renditions(connection, copy.file.sha256)
                files.mark_evicted(connection, copy.file.sha256)
        removals.begin(connection, places)
    context.remove(places)
    return changed
