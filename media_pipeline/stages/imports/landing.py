"""What has landed under the import path and is not read yet: asked by the sensor, the schedule and the backfill.

What belongs here: the look at the folder and at what the catalogue has seen. What does not: reading (``raw_posts``).
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from media_pipeline.catalog import imports
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.imports import SeenFile
from media_pipeline.model import ImportPartition, MediaPipelineError
from media_pipeline.posts.extract import platform_of
from media_pipeline.posts.layout import Rejection, fitting
from media_pipeline.posts.local_media import MEDIA_FOLDERS, is_companion
from media_pipeline.posts.readers import SUPPORTED_SUFFIXES, is_export_file
from media_pipeline.posts.readers.x_archive import ACCOUNT
from media_pipeline.posts.readers.zip_archive import chosen_of
from media_pipeline.settings import Settings
from media_pipeline.stages.imports.folders import GIVE_PERMISSION, FoundFile, Unreadable, files_below, unreadable
from media_pipeline.stages.imports.raw_posts import place_of
from media_pipeline.storage.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folders, storage_errors
from media_pipeline.storage.parts import part_of, remove_abandoned_parts


class NothingToImport(MediaPipelineError):
    """What was handed over holds no export file.

    To do: Hand over a `.json`, `.jsonl`, `.ndjson`, `.js` or `.zip` file, or a folder of such files.
    """


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


def partitions_for(source: Path, day: date, platform: str | None = None) -> dict[Path, ImportPartition]:
    """Each export of a file or folder with the partition that it belongs in; without a platform, each is recognised.

    Raises NothingToImport where there is no export, or one whose platform can't be told.
    """
    sources = _exports_of(source) if os.path.isdir(source) else [source] if os.path.isfile(source) else []  # noqa: PTH112, PTH113
    if not sources or not is_export_file(sources[0]):
        raise NothingToImport(
            f"{source} holds no export file: {', '.join(SUPPORTED_SUFFIXES)}, each text also with .gz, are read"
        )
    for path in sources:
        if not os.access(path, os.R_OK):
            raise NothingToImport(f"{path}: this user may not read it; {GIVE_PERMISSION}")
    return {path: ImportPartition(day, platform or _recognised(path)) for path in sources}


def _recognised(path: Path) -> str:
    try:
        found = platform_of(path)
    except OSError as error:
        raise NothingToImport(str(unreadable(path, error))) from error
    if found is None:
        raise NothingToImport(
            f"{path} is of no platform that is known; name it with --platform to see what is expected"
        )
    return found.name


def land(settings: Settings, source: Path, partition: ImportPartition) -> list[str]:
    """Copy an export, or every export file of a folder, into the partition's folder; return the paths there.

    A file that is there with the same content stays. One with the same name and another content gets a name with
    a piece of its digest, so that nothing that landed is ever overwritten. Raises NothingToImport, StorageError.
    """
    sources = partitions_for(source, partition.import_date, partition.platform)
    folder = settings.import_path / partition.platform / partition.import_date.isoformat()
    with storage_errors("make the folder", folder):
        make_folders(folder, PRIVATE_FOLDER)
        remove_abandoned_parts(folder)
    landed = [_copy(path, folder) for path in sources]
    for path in sources:
        _copy_companions(path, folder)
    return [imports.path_text(path.relative_to(settings.import_path)) for path in landed]


def _exports_of(folder: Path) -> list[Path]:
    """The exports in a folder. Raises NothingToImport where one can't be looked at: half of a folder is not taken."""
    found: list[str] = []
    for entry in files_below(folder):
        if isinstance(entry, Unreadable):
            raise NothingToImport(str(entry))
        path = entry.path.relative_to(folder)
        if isinstance(entry, FoundFile) and is_export_file(path) and not is_companion(path):
            found.append(path.as_posix())
    return [folder / name for name in chosen_of(found)]


def _copy_companions(export: Path, folder: Path) -> None:
    """What an X data archive keeps beside its posts: media, and whose they are. A zip is copied whole."""
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


def _copy(source: Path, folder: Path) -> Path:
    name = fitting(source.name.lstrip(".~"))
    with storage_errors(f"copy {source} into", folder):
        target = folder / name
        if target.exists() and not filecmp.cmp(source, target, shallow=False):
            with source.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()[:8]
            target = folder / fitting(f"{digest}-{name}")
        if not target.exists():
            # Nobody imports from the name of a part.
            with part_of(target) as part:
                shutil.copyfile(source, part)
                # Whatever the umask: exports name people, as the catalogue does.
                part.chmod(PRIVATE_FILE)
    return target
