"""Media of a folder that another tool filled: taken into the library from where they lie, with no request.

Read from the top: what the folder says of posts is imported, each medium of those posts is looked for in the folder,
what is found is copied, verified and stored. What is not found is left to be fetched. What does not belong here: how
tools name files (:mod:`media_pipeline.posts.sidecars`), and copying
(:mod:`media_pipeline.stages.downloads.local_media`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import IO, Any

from media_pipeline.catalog import imports, origins
from media_pipeline.catalog.origins import PlacedMedia, WaitingMedia
from media_pipeline.catalog.selection import pieces
from media_pipeline.model import ImportPartition, Locator, Role
from media_pipeline.posts.media_names import type_of
from media_pipeline.posts.sidecars import FolderOfMedia, SidecarMedium
from media_pipeline.stages.context import TABLE_ROWS, StageContext
from media_pipeline.stages.downloads.cached_media import wait_for_other_runs
from media_pipeline.stages.downloads.local_media import take
from media_pipeline.stages.imports.handing_over import HandedExport
from media_pipeline.stages.imports.landing import land_export
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.packing import files_inside
from media_pipeline.stages.imports.raw_posts import read_posts

FILES_AT_ONCE = 100
"""Between two steps of the progress."""


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """A folder that another tool filled, as a source of files."""

    folder: Path
    names: Mapping[str, str]
    """The paths of its files as they are, by the readable ones."""

    @property
    def title(self) -> str:
        return self.folder.name

    def in_order(self, paths: Iterable[str]) -> list[str]:
        return sorted(paths)

    def open(self, path: str) -> IO[bytes]:
        """Open a file of the folder. A link that has come in its place meanwhile is not followed. Raises OSError."""
        descriptor = os.open(self.folder / self.names[path], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        return os.fdopen(descriptor, "rb")


@dataclass(slots=True)
class Adopted:
    """What became of a folder: media of its posts, and files that no post names."""

    landed: list[str] = field(default_factory=list[str])
    """The import files, below the import path."""
    partitions: set[ImportPartition] = field(default_factory=set[ImportPartition])
    """Of the posts that the folder has something of."""
    adopted: int = 0
    there: int = 0
    """Media that the library had already."""
    missing: int = 0
    """Media that the folder lacks, and the library too: they are fetched."""
    extra: int = 0
    """Files that look like media, and that no post of the folder names."""
    extra_files: list[str] = field(default_factory=list[str])
    """Some of them."""

    def as_json(self) -> dict[str, Any]:
        """The numbers, and some of the files that no post names."""
        numbers = {"adopted": self.adopted, "already_there": self.there, "missing": self.missing, "extra": self.extra}
        return {**numbers, "extra_files": self.extra_files}


def adopt_folder(context: StageContext, folder: Path, exports: Sequence[HandedExport]) -> Adopted:
    """Import what a folder says of posts, and take the media of these posts that lie in it.

    Nothing is fetched meanwhile, also by no other run: what lies here needs no request. May be killed and begun
    again: what is stored stays stored. Raises FolderUnreadable, StorageError.
    """
    names = {imports.path_text(PurePosixPath(path)): path for path in files_inside(folder)}
    found, source = FolderOfMedia(names), MediaFolder(folder, names)
    result = Adopted(partitions={export.partition for export in exports})
    named: set[str] = set()
    with ExitStack() as locks:
        wait_for_other_runs(context, [*result.partitions, *_all_partitions(context, found)], locks)
        result.landed = [land_export(context.settings, export) for export in exports]
        read_posts(context, sorted(result.partitions))
        write_manifests(context, sorted(result.partitions))
        with context.database.read() as connection:
            import_ids = sorted(imports.of_files(connection, result.landed))
        for import_id in import_ids:
            _adopt_import(context, source, import_id, found, named, result)
        if not named.issuperset(found.named_by_url):
            _adopt_by_url(context, source, found, named, result)
    extra = [path for path in found if type_of(path) and path not in named]
    result.extra, result.extra_files = len(extra), sorted(extra)[:TABLE_ROWS]
    return result


def _all_partitions(context: StageContext, found: FolderOfMedia) -> list[ImportPartition]:
    """Those of the library, where files named by their URL may be of any post."""
    if not found.named_by_url:
        return []
    with context.database.read() as connection:
        return imports.known_partitions(connection)


def _adopt_import(
    context: StageContext, source: MediaFolder, import_id: str, found: FolderOfMedia, named: set[str], result: Adopted
) -> None:
    waiting: list[tuple[WaitingMedia, str]] = []
    wanted = 0
    with context.database.read() as connection:
        for placed, medium in _placed(origins.media_of_import(connection, import_id)):
            path = found.find(medium)
            if path:
                named.add(path)
            if placed.is_waiting and placed.role is Role.MEDIA:
                wanted += 1
            if not placed.is_waiting:
                result.there += placed.sha256 is not None
            elif path:
                waiting.append((placed.reference, path))
    taken = _take(context, source, waiting)
    result.adopted += taken
    result.missing += max(0, wanted - taken)


def _adopt_by_url(
    context: StageContext, source: MediaFolder, found: FolderOfMedia, named: set[str], result: Adopted
) -> None:
    """Give files that are named by their URL to whatever post of the library waits for that URL."""
    waiting: list[tuple[WaitingMedia, str]] = []
    with context.database.read() as connection:
        for reference, partition in origins.waiting(connection):
            if path := found.of_url(reference.urls):
                named.add(path)
                waiting.append((reference, path))
                result.partitions.add(partition)
    result.adopted += _take(context, source, waiting)


def _take(context: StageContext, source: MediaFolder, found: Sequence[tuple[WaitingMedia, str]]) -> int:
    taken = 0
    with context.progress.of("adopted") as progress:
        progress.expect(len(found))
        for batch in pieces(found, FILES_AT_ONCE):
            taken += take(context, source, batch)
            progress.advance(len(batch))
    return taken


def _placed(media: Iterator[PlacedMedia]) -> Iterator[tuple[PlacedMedia, SidecarMedium]]:
    """Each reference with its number among the media of its post, as tools count them."""
    for _, group in groupby(media, key=lambda placed: placed.post_id):
        of_post = list(group)
        own = sum(placed.role is Role.MEDIA for placed in of_post)
        number = 0
        for placed in of_post:
            number += placed.role is Role.MEDIA
            reference = placed.reference
            yield (
                placed,
                SidecarMedium(
                    Locator.member_in(placed.locator) or "",
                    reference.native_id,
                    max(number, 1),
                    own,
                    placed.media_type,
                    placed.role,
                    reference.urls,
                    reference.files,
                ),
            )
