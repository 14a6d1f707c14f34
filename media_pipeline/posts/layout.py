"""Where an export belongs: its partition, from its path alone. Asks no file system and no clock."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from media_pipeline.model import ImportPartition
from media_pipeline.posts.local_media import is_companion
from media_pipeline.posts.readers import SUPPORTED_SUFFIXES, is_export_file

_UNFINISHED_SUFFIXES = (".part", ".tmp", "~")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that stands where it can't be imported from; ``reason`` says what to do about it."""

    path: Path
    reason: str


def partition_of(
    path: Path, import_path: Path, platforms: Collection[str], first_date: date
) -> ImportPartition | Rejection | None:
    """Return the partition of ``<import_path>/<platform>/<YYYY-MM-DD>/…/<export>``, at any depth below the date.

    None for what is no export and no mistake: hidden files and folders, and names that mark a file as being written
    (``.part``, ``.tmp``, ``~`` at the start or the end). They are looked at again under their final name. Nor for what
    belongs to an export beside it.
    """
    try:
        parts = path.relative_to(import_path).parts
    except ValueError:
        parts = ("..",)
    if ".." in parts:
        return Rejection(path, f"it is not under the import folder {import_path}")
    if any(_is_passed_over(part) for part in parts) or is_companion(Path(*parts)):
        return None
    try:
        return _partition(parts, platforms, first_date)
    except _Refused as refusal:
        return Rejection(path, str(refusal))


class _Refused(Exception):
    """The text is the reason of a rejection."""


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED_SUFFIXES)


def _partition(parts: tuple[str, ...], platforms: Collection[str], first_date: date) -> ImportPartition:
    if len(parts) < 2:
        raise _Refused("move it into a folder <platform>/<YYYY-MM-DD>/")
    platform, *rest = parts
    if platform not in platforms:
        raise _Refused(f"unknown platform {platform!r}; known are {', '.join(sorted(platforms))}")
    if len(rest) < 2:
        raise _Refused(f"move it into a folder named by its import date, {platform}/<YYYY-MM-DD>/")
    day = _import_date(rest[0])
    if day < first_date:
        raise _Refused(f"{day} is before the first import date {first_date}; move it or set MEDIA_START_DATE")
    if not is_export_file(Path(parts[-1])):
        raise _Refused(
            f"not a kind of export that is read: {', '.join(SUPPORTED_SUFFIXES)}, all but .zip also with .gz"
        )
    return ImportPartition(day, platform)


def _import_date(name: str) -> date:
    if not _ISO_DATE.fullmatch(name):
        raise _Refused(f"{name!r} is not an import date; name the folder YYYY-MM-DD, such as 2026-11-20")
    try:
        return date.fromisoformat(name)
    except ValueError:
        raise _Refused(f"{name!r} is not a date of the calendar; name the folder YYYY-MM-DD") from None
