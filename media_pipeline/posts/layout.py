"""Where an export belongs: its partition, from its path alone, and how long its path and name may be.

Asks no file system and no clock.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePath

from media_pipeline.model import ImportPartition
from media_pipeline.policy.foreign_text import for_log
from media_pipeline.policy.import_dates import ImportDates, date_named
from media_pipeline.posts.local_media import is_companion
from media_pipeline.posts.readers import SUPPORTED_SUFFIXES, is_export_file

_UNFINISHED_SUFFIXES = (".part", ".tmp", "~")
LONGEST_PATH = 1000
"""Characters below the import folder: PostgreSQL's index takes 2,700 bytes."""
LONGEST_NAME = 255
"""Bytes, on every file system of Linux and macOS. Windows and Apple count characters, and so have longer ones."""
_LONGEST_SUFFIX = 16


@dataclass(frozen=True, slots=True)
class Rejection:
    """A path that can't be imported from; ``reason`` says what to do about it. As text it is one line."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{for_log(str(self.path), LONGEST_PATH)}: {for_log(self.reason)}"


def partition_of(
    path: Path, import_path: Path, platforms: Collection[str], dates: ImportDates
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
        return _partition(parts, platforms, dates)
    except _Refused as refusal:
        return Rejection(path, str(refusal))


class _Refused(Exception):
    """The text is the reason of a rejection."""


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED_SUFFIXES)


def _partition(parts: tuple[str, ...], platforms: Collection[str], dates: ImportDates) -> ImportPartition:
    if len(parts) < 2:
        raise _Refused("move it into a folder <platform>/<YYYY-MM-DD>/")
    platform, *rest = parts
    if platform not in platforms:
        raise _Refused(f"unknown platform {platform!r}; known are {', '.join(sorted(platforms))}")
    if len(rest) < 2:
        raise _Refused(f"move it into a folder named by its import date, {platform}/<YYYY-MM-DD>/")
    try:
        day = date_named(rest[0])
    except ValueError as error:
        raise _Refused(str(error)) from None
    if refusal := dates.refusal(day):
        raise _Refused(refusal)
    if not is_export_file(Path(parts[-1])):
        raise _Refused(
            f"not a kind of export that is read: {', '.join(SUPPORTED_SUFFIXES)}, texts and .tar also with .gz or .xz"
        )
    if sum(map(len, parts)) + len(parts) > LONGEST_PATH:
        raise _Refused(f"its path is longer than {LONGEST_PATH} characters; move it up")
    return ImportPartition(day, platform)


def fitting(name: str) -> str:
    """The name of a file; of one too long for a file system its beginning, a piece of its digest, and its suffixes."""
    encoded = os.fsencode(name)
    if len(encoded) <= LONGEST_NAME:
        return name
    end = f"-{hashlib.sha256(encoded).hexdigest()[:8]}{_suffixes(name)}"
    begin = encoded[: LONGEST_NAME - len(os.fsencode(end))]
    # A character may be cut in the middle, and one that was no UTF-8 before is let go of with it.
    return begin.decode("utf-8", "ignore") + end


def _suffixes(name: str) -> str:
    last = PurePath(name).suffix
    before = PurePath(name).with_suffix("").suffix if last.lower() in (".gz", ".xz") else ""
    return "".join(suffix for suffix in (before, last) if len(os.fsencode(suffix)) <= _LONGEST_SUFFIX)
