"""Folders that other tools filled, as exports: the JSON that lies beside the media, packed into zips to be imported.

A tool writes a file of JSON a post, a library of half a million has as many: one import a file would be a row, a
look and a lock for each. What belongs here: which files, and the zip. What does not: the media, which stay where they
lie (:mod:`media_pipeline.stages.downloads.adoption`).
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from media_pipeline.catalog.imports import path_text
from media_pipeline.catalog.selection import pieces
from media_pipeline.model import ImportPartition, MediaPipelineError
from media_pipeline.posts.readers.archives import format_of
from media_pipeline.posts.readers.official import is_post_file, owner_file
from media_pipeline.stages.imports.handing_over import HandedExport

FILES_IN_A_ZIP = 50_000
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, tzinfo=UTC)
"""What a zip can say of a file's time."""


class FolderUnreadable(MediaPipelineError):
    """A folder that another tool filled can't be looked at as a whole.

    To do: Give this user the permission to read it, and run the command again.
    """


def packed(folder: Path, exports: Iterable[HandedExport]) -> list[HandedExport]:
    """The exports of a folder with its single files put together, by partition; archives stay as they are.

    What only a link leads to is left out, since it may lie outside. Raises FolderUnreadable, OSError.
    """
    inside = frozenset(files_inside(folder))
    taken: list[HandedExport] = []
    loose: dict[ImportPartition, list[str]] = {}
    for export in exports:
        name = export.path.relative_to(folder).as_posix()
        if name not in inside:
            continue
        if format_of(export.path):
            taken.append(export)
        else:
            loose.setdefault(export.partition, []).append(name)
    for partition, names in loose.items():
        for piece in pieces(sorted(names), FILES_IN_A_ZIP):
            owners = filter(None, {owner_file(name, inside) for name in piece if is_post_file(name)})
            taken.append(HandedExport(folder, partition, frozenset([*piece, *owners])))
    return taken


def is_official(folder: Path, exports: Iterable[HandedExport]) -> bool:
    """Whether a folder is, or holds, an official export that was unpacked: its media lie in it."""
    return any(is_post_file(export.path.relative_to(folder).as_posix()) for export in exports)


def pack(folder: Path, names: Iterable[str], target: IO[bytes]) -> None:
    """Write files of a folder into a zip. The same files give the same bytes. Raises OSError."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(names):
            path = folder / name
            info = zipfile.ZipInfo(path_text(PurePosixPath(name)), _zip_time(path.stat().st_mtime))
            info.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as file, archive.open(info, "w", force_zip64=True) as member:
                while chunk := file.read(1 << 20):
                    member.write(chunk)


def _zip_time(seconds: float) -> tuple[int, int, int, int, int, int]:
    try:
        time = min(max(datetime.fromtimestamp(seconds, UTC), _EARLIEST), _LATEST)
    except (OverflowError, ValueError, OSError):
        time = _EARLIEST
    return time.year, time.month, time.day, time.hour, time.minute, time.second


def files_inside(folder: Path) -> Iterator[str]:
    """The paths of the regular files below a folder, by name. No link is followed: it may lead out of the folder.

    Raises FolderUnreadable where a folder can't be listed: half of one is not taken for all of it.
    """
    try:
        yield from _files_inside(folder)
    except OSError as error:
        raise FolderUnreadable(f"{error.filename or folder} can't be read: {error.strerror or error}") from error


def _files_inside(folder: Path) -> Iterator[str]:
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(folder / below) as entries:
            found: Sequence[os.DirEntry[str]] = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            path = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                yield path
