"""Files of the store that no row names: found, adopted by their digests, or removed.

They come of a catalogue that was lost or restored from a backup. What belongs here: finding them, and giving them, and
what the archive has, back to the references that they were fetched for. What does not: fetching.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from media_pipeline.catalog import archived, files, media, media_due, missing, removals
from media_pipeline.catalog.media import StoredMedia
from media_pipeline.catalog.selection import pieces
from media_pipeline.fetch.sniff import SniffedType, sniff
from media_pipeline.model import Content, FetchedFile, Proof
from media_pipeline.stages.context import StageContext
from media_pipeline.storage.archive import MEDIA_PREFIX, ArchiveError, digest_of_key, media_id_of_key
from media_pipeline.storage.durable import StorageError, digests_of, storage_errors

TOGETHER = 200
_HEAD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Orphans:
    """Places of originals and renditions that no row names."""

    originals: tuple[str, ...]
    drawn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of orphans that were adopted."""

    files: int
    references: int
    """That have their bytes again, without a request."""
    refused: tuple[str, ...]
    """Originals that are not what their names say, with the reason."""


def find(context: StageContext) -> Orphans:
    """Compare the store's folders with the catalogue. Reads no file."""
    return Orphans(
        tuple(_without_row(context, context.store.originals())), tuple(_without_row(context, context.store.drawn()))
    )


def _without_row(context: StageContext, places: Iterator[str]) -> Iterator[str]:
    for piece in pieces(places, TOGETHER):
        with context.database.read() as connection:
            named = removals.named_again(connection, piece)
        yield from (place for place in piece if place not in named)


def remove(context: StageContext, found: Orphans) -> int:
    """Remove orphans, because somebody says so; return how many."""
    places = [*found.originals, *found.drawn]
    for piece in pieces(places, TOGETHER):
        with context.database.write() as connection:
            removals.begin(connection, piece)
        context.remove(piece)
    return len(places)


def adopt(context: StageContext, found: Orphans) -> Adopted:
    """Write rows for orphaned originals by their digests, then give references the bytes that the archive has for them.

    Renditions are drawn again by the next run. Raises ArchiveError when the archive can't be reached.
    """
    adopted = 0
    refused: list[str] = []
    with context.progress.of("orphans", len(found.originals)) as progress:
        for place in found.originals:
            file = _described(context.store.path_of(place))
            if isinstance(file, str):
                refused.append(f"{place}: {file}")
            elif not file.path.name.startswith(file.md5_sum):
                refused.append(f"{place}: its bytes have another MD5 than its name")
            else:
                with context.database.write() as connection:
                    files.save(connection, [(file, place)])
                    missing.mark_found(connection, file.sha256, place)
                adopted += 1
            progress.advance()
    return Adopted(adopted, _give_back(context), tuple(refused))


def _described(path: Path) -> FetchedFile | str:
    """What a file is, by its bytes; or why it is no medium."""
    with storage_errors("read", path):
        digests, size = digests_of(path), path.stat().st_size
        with path.open("rb") as opened:
            kind = sniff(opened.read(_HEAD_BYTES))
    if not isinstance(kind, SniffedType):
        return f"its bytes are no medium ({kind.kind})"
    return FetchedFile(
        path=path,
        url=path.as_uri(),
        sha256=digests.sha256,
        md5_sum=digests.md5_sum,
        file_size=size,
        mime_type=kind.mime_type,
        extension=kind.extension,
        media_type=kind.media_type,
        etag=None,
        last_modified=None,
        attempts=(),
    )


def _give_back(context: StageContext) -> int:
    """References without bytes whose keys the archive has get them from there; return how many."""
    given = 0
    of_references = groupby(context.archive.keys(MEDIA_PREFIX), media_id_of_key)
    # The usual key is that of the first version; those that name a digest came later.
    keys = ((media_id, sorted(found, key=digest_of_key)) for media_id, found in of_references if media_id)
    for piece in pieces(keys, TOGETHER):
        by_reference = dict(piece)
        with context.database.read() as connection:
            waiting = media_due.without_bytes(connection, list(by_reference))
        for media_id in waiting:
            # All of them: each is a version.
            given += sum(_give(context, media_id, key) for key in by_reference[media_id]) > 0
    return given


def _give(context: StageContext, media_id: str, key: str) -> bool:
    """Let a reference hold what lies under a key of it; what it held before becomes an earlier version."""
    temporary = context.store.temporary_folder() / f"adopt-{media_id}"
    try:
        context.archive.fetch_to(key, temporary)
        file = _described(temporary)
    except (ArchiveError, StorageError) as error:
        context.log.warning(f"{key} can't be given back to {media_id}: {error}")
        return False
    if isinstance(file, FetchedFile) and not file.sha256.startswith(digest_of_key(key)):
        file = "its bytes have another SHA-256 than its name"
    if isinstance(file, str):
        temporary.unlink()
        context.log.warning(f"{key} is not given back to {media_id}: {file}")
        return False
    place = context.store.adopt(
        temporary,
        sha256=file.sha256,
        md5_sum=file.md5_sum,
        media_type=file.media_type,
        extension=file.extension,
    )
    there = context.archive.check(key, Content(file.sha256, file.md5_sum, file.file_size, file.mime_type))
    with context.database.write() as connection:
        files.save(connection, [(file, place)])
        media.mark_stored(connection, [StoredMedia(media_id, file.sha256, None, None, datetime.now(UTC))])
        if there is not None:
            archived.mark_archived(connection, {file.sha256: replace(there, proof=Proof.READ)}, context.archive_id)
    context.store.written_down([place])
    return True
