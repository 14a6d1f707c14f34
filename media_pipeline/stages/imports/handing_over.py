"""What a person hands over: the exports in it, and the partition that each belongs in.

What belongs here: which files of a folder, or of an archive, are exports of which platform. What does not: copying them
into the import path, and the look at what lies there (:mod:`media_pipeline.stages.imports.landing`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from mimetypes import MimeTypes
from pathlib import Path, PurePosixPath

from media_pipeline.model import ImportPartition, MediaPipelineError
from media_pipeline.policy.foreign_text import for_log
from media_pipeline.posts.extract import Recognised, recognised_in
from media_pipeline.posts.local_media import is_companion
from media_pipeline.posts.platforms import platform_names
from media_pipeline.posts.readers import is_export_file
from media_pipeline.posts.readers.archive_parts import labels_in_archive
from media_pipeline.posts.readers.archives import suffix_of
from media_pipeline.posts.readers.official import chosen_of, is_post_file
from media_pipeline.posts.readers.other_variants import said_of_paths
from media_pipeline.posts.readers.parts import family_of
from media_pipeline.posts.readers.text_format import LOOKED_FOR
from media_pipeline.stages.imports.folders import (
    GIVE_PERMISSION,
    FoundFile,
    Unreadable,
    files_below,
    only_files,
    unreadable,
)

_TYPES = MimeTypes()
_MEDIA = ("image/", "video/", "audio/")
_ZIPS_OF_OTHERS = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".jar", ".apk", ".whl")
_UNFINISHED = (".part", ".tmp", "~")


class NothingToImport(MediaPipelineError):
    """What was handed over holds no export file, or none of a platform that is known.

    To do: Hand over the zip or tar that the platform gave you, a `.json`, `.jsonl`, `.ndjson`, `.csv` or `.js` file, or
    a folder of such files.
    """


@dataclass(frozen=True, slots=True)
class HandedExport:
    """A file of exports, or what of an archive or of a folder is one platform's, and where it belongs."""

    path: Path
    partition: ImportPartition
    members: frozenset[str] = frozenset()
    """Labels of the archive's files, or paths below the folder, that belong there; none: the whole file does."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The exports that are taken, and what is left out: a line each, with the reason."""

    exports: tuple[HandedExport, ...]
    left_out: tuple[str, ...] = ()


def handed_over(source: Path, day: date, platform: str | None = None) -> HandedOver:
    """Each export of a file or folder with the partition that it belongs in.

    Without a platform each is recognised, and an archive that holds exports of several is taken apart. What is of no
    known platform is left out. Raises NothingToImport where nothing is left, or where a part can't be looked at.
    """
    sources = _exports_of(source) if os.path.isdir(source) else [source] if os.path.isfile(source) else []  # noqa: PTH112, PTH113
    if not sources:
        raise NothingToImport(_why_nothing(source))
    for path in sources:
        if not os.access(path, os.R_OK):
            raise NothingToImport(f"{path}: this user may not read it; {GIVE_PERMISSION}")
    if platform:
        return HandedOver(tuple(HandedExport(path, ImportPartition(day, platform)) for path in sources))
    exports: list[HandedExport] = []
    left_out: list[str] = []
    parts: list[Path] = []
    for path in sources:
        found = _recognised(path)
        if not found:
            parts.append(path)
        taken = list(_by_platform(path, day, found))
        left_out += [
            _why_left_out(path, one) for one in found if one.platform is None and not (taken and _is_part(one))
        ]
        exports += taken
    for part in parts:
        if platforms := _platforms_of_part(part, exports):
            exports += [HandedExport(part, ImportPartition(day, name)) for name in platforms]
        else:
            left_out.append(f"{for_log(str(part), 1000)} holds media alone, and no post says whose they are")
    if not exports:
        more = f" (and {len(left_out) - 1} more)" if len(left_out) > 1 else ""
        raise NothingToImport(f"{left_out[0]}{more}; name its platform with --platform to see what is expected")
    return HandedOver(tuple(exports), tuple(left_out))


def _why_nothing(source: Path) -> str:
    """What is said of a folder without an export, or of what is neither a file nor a folder."""
    paths = (path.relative_to(source.parent).as_posix() for path in only_files(source))
    if os.path.isdir(source) and (said := said_of_paths(paths)):  # noqa: PTH112
        return f"{source} is not recognised: {said}"
    return f"{source} is not recognised: it holds no export file; looked for were {LOOKED_FOR}"


def _exports_of(folder: Path) -> list[Path]:
    """The exports in a folder. Raises NothingToImport where one can't be looked at: half of a folder is not taken."""
    found: list[str] = []
    for entry in files_below(folder):
        if isinstance(entry, Unreadable):
            raise NothingToImport(str(entry))
        path = entry.path.relative_to(folder)
        if isinstance(entry, FoundFile) and not is_companion(path) and _may_be_export(entry.path):
            found.append(path.as_posix())
    return [folder / name for name in chosen_of(found)]


def _may_be_export(path: Path) -> bool:
    """Whether a file of a folder is looked at: by its name, or by its first bytes where the name says nothing else."""
    name = path.name.lower()
    if is_export_file(path):
        return True
    if name.startswith((".", "~")) or name.endswith((*_ZIPS_OF_OTHERS, *_UNFINISHED)):
        return False
    try:
        return not (_TYPES.guess_type(name)[0] or "").startswith(_MEDIA) and suffix_of(path) is not None
    except OSError:
        return False


def landing_name(path: Path) -> str:
    """The name under which an export lies in the import path, where names tell which files are looked at."""
    return path.name if is_export_file(path) else path.name + (suffix_of(path) or ".json")


def _recognised(path: Path) -> list[Recognised]:
    try:
        return recognised_in(path)
    except OSError as error:
        raise NothingToImport(str(unreadable(path, error))) from error


def _is_part(found: Recognised) -> bool:
    """Whether a file without posts belongs to an official export all the same: comments that show nothing, uploads that
    the posts beside them have."""
    return found.label is not None and is_post_file(found.label)


def _why_left_out(path: Path, found: Recognised) -> str:
    where = f"{path}, {found.label}" if found.label else str(path)
    return f"{for_log(where, 1000)} is not recognised: {for_log(found.why_not, 500)}"


def _platforms_of_part(part: Path, exports: Sequence[HandedExport]) -> list[str]:
    """Those of the exports of whose archives it is one by its name, else the platform that its name begins with."""
    family = family_of(part.name)
    beside = {one.partition.platform for one in exports if family and family_of(one.path.name) == family}
    named = {name for name in platform_names() if part.name.lower().startswith((f"{name}-", f"{name}_"))}
    return sorted(beside or named)


def _by_platform(path: Path, day: date, found: Sequence[Recognised]) -> Iterator[HandedExport]:
    platform_of = {one.label: one.platform.name for one in found if one.platform}
    names = sorted(set(platform_of.values()))
    if len(names) < 2:
        yield from (HandedExport(path, ImportPartition(day, name)) for name in names)
        return
    exports = {label: name for label, name in platform_of.items() if label}
    belongs = divided(
        labels_in_archive(path),
        exports,
        {one.label for one in found if one.label and one.platform is None and not _is_part(one)},
    )
    for name in names:
        yield HandedExport(path, ImportPartition(day, name), belongs[name])


def divided(labels: Sequence[str], platform_of: Mapping[str, str], unknown: set[str]) -> Mapping[str, frozenset[str]]:
    """The labels of an archive's files by the platform that they belong to.

    What is no export, such as a medium, belongs to the exports that lie nearest to it: to each platform that has one
    in the deepest folder that it shares with any. What is of no platform that is known belongs to none.
    """
    folders: dict[PurePosixPath, set[str]] = {}
    for label, platform in platform_of.items():
        for folder in PurePosixPath(label).parents:
            folders.setdefault(folder, set()).add(platform)
    belongs: dict[str, set[str]] = {platform: set() for platform in platform_of.values()}
    for label in labels:
        if label in unknown:
            continue
        # A name that begins at the root of a disk has no folder in common with any.
        near = next((folders[folder] for folder in PurePosixPath(label).parents if folder in folders), belongs.keys())
        for platform in [platform_of[label]] if label in platform_of else near:
            belongs[platform].add(label)
    return {platform: frozenset(found) for platform, found in belongs.items()}
