"""What has landed under the import path and is not read yet: asked by the sensor, the schedule and the backfill.

What belongs here: the look at the folder and at what the catalogue has seen. What does not: reading (``raw_posts``).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from media_pipeline.catalog import imports
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.imports import SeenFile
from media_pipeline.model import ImportPartition
from media_pipeline.posts.layout import Rejection, fitting
from media_pipeline.posts.local_media import MEDIA_FOLDERS
from media_pipeline.posts.readers.archive_parts import copy_members
from media_pipeline.posts.readers.archives import ZIP_SUFFIX
from media_pipeline.posts.readers.x_archive import ACCOUNT
from media_pipeline.settings import Settings
from media_pipeline.stages.imports.folders import GIVE_PERMISSION, FoundFile, files_below
from media_pipeline.stages.imports.handing_over import HandedExport, handed_over, landing_name
from media_pipeline.stages.imports.packing import pack
from media_pipeline.stages.imports.raw_posts import place_of
from media_pipeline.storage.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folders, storage_errors
from media_pipeline.storage.parts import part_of, remove_abandoned_parts

COPIED_AT_ONCE = 1 << 20
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Files that wait to be read, by partition; files that still change; paths that are refused."""

    waiting: Mapping[ImportPartition, tuple[SeenFile, ...]]
    unsettled: tuple[str, ...]
    rejected: tuple[Rejection, ...]


def look(settings: Settings, database: Database, settle: bool = True) -> Landed:
    """Compare the import path with what the catalogue has seen. Costs a stat for each file, reads none.

    ``settle=False`` is for a person who asks for these files now: what was just written counts as complete.
    """
    settle_seconds = settings.media_import_settle_seconds if settle else 0
    with database.read() as connection:
        seen = imports.seen_files(connection)
    waiting: dict[ImportPartition, list[SeenFile]] = {}
    unsettled: list[str] = []
    rejected: list[Rejection] = []
    now = time.time()
    for found in files_below(settings.import_path):
        due = _refused(settings, found) if isinstance(found, Rejection) else _due(settings, found, seen)
        if due is None:
            continue
        if isinstance(due, Rejection):
            rejected.append(due)
            continue
        place, file = due
        if _settled(now - file.modified_ns / 1e9, settle_seconds):
            waiting.setdefault(place, []).append(file)
        else:
            unsettled.append(file.path)
    return Landed({place: tuple(files) for place, files in waiting.items()}, tuple(unsettled), tuple(rejected))


def _refused(settings: Settings, path: Rejection) -> Rejection | None:
    """A path that can't be looked at, unless nobody means it to be: a hidden folder may well be another user's."""
    return None if place_of(settings, path.path) is None else path


def _due(
    settings: Settings, found: FoundFile, seen: Mapping[str, SeenFile]
) -> tuple[ImportPartition, SeenFile] | Rejection | None:
    """A file with its partition; None for one that is not meant or was read."""
    place = place_of(settings, found.path)
    if place is None or isinstance(place, Rejection):
        return place
    name = imports.path_text(found.path.relative_to(settings.import_path))
    known = seen.get(imports.path_key(name))
    if known and (known.size, known.modified_ns) == (found.size, found.modified_ns):
        return None
    if not os.access(found.path, os.R_OK):
        return Rejection(found.path, f"this user may not read it; {GIVE_PERMISSION}")
    return place, SeenFile(name, found.size, found.modified_ns, "")


def fingerprint(files: Iterable[SeenFile]) -> str:
    """A digest of which files wait, and as what: another file, or a changed one, gives another digest."""
    lines = sorted(f"{file.path}\x1f{file.size}\x1f{file.modified_ns}" for file in files)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _settled(age_seconds: float, settle_seconds: float) -> bool:
    """Not touched for a while. A time in the future says nothing about now, so it counts as settled."""
    return age_seconds >= settle_seconds or age_seconds < 0


def land(settings: Settings, source: Path, partition: ImportPartition) -> list[str]:
    """Copy an export, or every export file of a folder, into the partition's folder; return the paths there.

    Raises NothingToImport, StorageError.
    """
    handed = handed_over(source, partition.import_date, partition.platform)
    return [land_export(settings, export) for export in handed.exports]


def land_export(settings: Settings, export: HandedExport) -> str:
    """Copy an export, and what belongs to it, into its partition's folder; return the path there.

    A file that is there with the same content stays. One with the same name and another content gets a name with
    a piece of its digest, so that nothing that landed is ever overwritten. Raises StorageError.
    """
    folder = settings.import_path / export.partition.platform / export.partition.import_date.isoformat()
    with storage_errors("make the folder", folder):
        make_folders(folder, PRIVATE_FOLDER)
        remove_abandoned_parts(folder)
    if export.path.is_dir():
        landed = _pack(export, folder)
    else:
        name = landing_name(export.path)
        landed = _take_apart(export, folder, name) if export.members else _copy(export.path, folder, name)
        _copy_companions(export.path, folder)
    return imports.path_text(landed.relative_to(settings.import_path))


def _take_apart(export: HandedExport, folder: Path, name: str) -> Path:
    """Land what of an archive is one platform's, as a zip of the same name; a tar becomes one."""
    with storage_errors(f"copy a part of {export.path} into", folder), TemporaryFile(dir=folder) as part:
        copy_members(export.path, export.members, part)
        name = name if name.lower().endswith(ZIP_SUFFIX) else name + ZIP_SUFFIX
        return _keep(part, name, folder, export.path.stat().st_mtime_ns)


def _pack(export: HandedExport, folder: Path) -> Path:
    """Land files of a folder as one zip, named as the folder."""
    with storage_errors(f"copy files of {export.path} into", folder), TemporaryFile(dir=folder) as part:
        pack(export.path, export.members, part)
        modified_ns = max((export.path / name).stat().st_mtime_ns for name in export.members)
        return _keep(part, f"{export.path.resolve().name or 'folder'}{ZIP_SUFFIX}", folder, modified_ns)


def _copy_companions(export: Path, folder: Path) -> None:
    """What an X data archive keeps beside its posts: media, and whose they are. An archive is copied whole."""
    account = export.with_name(ACCOUNT)
    if export.suffix == ".js" and account.is_file() and account.parent != folder:
        _copy(account, folder)
    for name in MEDIA_FOLDERS:
        beside = export.parent / name
        if beside.is_dir() and beside != folder / name:
            with storage_errors(f"copy {beside} into", folder):
                make_folders(folder / name, PRIVATE_FOLDER)
                media = sorted(path for path in beside.iterdir() if path.is_file())
            for path in media:
                _copy(path, folder / name)


def _copy(source: Path, folder: Path, name: str | None = None) -> Path:
    with storage_errors(f"copy {source} into", folder), source.open("rb") as file:
        return _keep(file, name or source.name, folder, source.stat().st_mtime_ns)


def _keep(source: IO[bytes], name: str, folder: Path, modified_ns: int) -> Path:
    """Write a file into a folder under a name that no other content has there, unless it is there.

    It keeps the time of its last change: of an export that names no other it says when the posts were seen.
    """
    name = fitting(name.lstrip(".~"))
    target = folder / name
    if target.exists() and not _is_same(source, target):
        source.seek(0)
        target = folder / fitting(f"{hashlib.file_digest(source, 'sha256').hexdigest()[:8]}-{name}")  # pyright: ignore[reportArgumentType]
    if not target.exists():
        source.seek(0)
        # Nobody imports from the name of a part.
        with part_of(target) as part:
            # Whatever the umask: exports name people, as the catalogue does.
            part.chmod(PRIVATE_FILE)
            with part.open("wb") as copy:
                shutil.copyfileobj(source, copy, COPIED_AT_ONCE)
            with contextlib.suppress(OSError, OverflowError):
                os.utime(part, ns=(modified_ns, modified_ns))
    return target


def _is_same(source: IO[bytes], target: Path) -> bool:
    source.seek(0)
    with target.open("rb") as file:
        while (chunk := source.read(COPIED_AT_ONCE)) == file.read(COPIED_AT_ONCE):
            if not chunk:
                return True
    return False
