"""Exports inside a zip: which of its files are read, and their text. Archives inside archives are not opened.

Of an official export only the posts are read (:mod:`media_pipeline.posts.readers.official`).
"""

from __future__ import annotations

import contextlib
import hashlib
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from media_pipeline.posts.readers.official import chosen_of, is_post_file, owner_file
from media_pipeline.posts.readers.opener import (
    CHUNK_BYTES,
    EXPANSION_LOOKED_AT_FROM,
    GREATEST_EXPANSION,
    DamagedExport,
    text_of,
)

SUFFIX = ".zip"
MOST_MEMBERS = 100_000
LONGEST_COMMENT = 65_535
"""Bytes that a zip's comment may have."""
_LITTER = ("__MACOSX",)
UNREADABLE = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError, EOFError, UnicodeError),
)
"""What zipfile raises for damage, unknown compression and encryption."""


def is_zip(path: Path) -> bool:
    """Whether the name is that of a zip."""
    return path.name.lower().endswith(SUFFIX)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a zip."""

    name: str
    label: str
    """Its name, with a number where the zip holds several of that name."""


def members_of(path: Path, is_export: Callable[[str], bool]) -> list[Member]:
    """The exports in a zip, in its order. Raises DamagedExport."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MOST_MEMBERS:
                raise DamagedExport(
                    0, f"the zip holds more than {MOST_MEMBERS} files; unpack it and import its exports"
                )
            members = [Member(info.filename, label) for label, info in _labelled(archive).items()]
    except UNREADABLE as error:
        raise DamagedExport(0, f"the zip can't be opened: {error}; download it again") from error
    found = [member for member in members if is_export(member.name) and not _is_litter(member.name)]
    chosen = set(chosen_of([member.name for member in found]))
    return [member for member in found if member.name in chosen]


def _labelled(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip. A name says which one is meant only while there is one of it: zipfile opens the last."""
    files = [info for info in archive.infolist() if info.filename and not info.is_dir()]
    names = {info.filename for info in files}
    numbers: Counter[str] = Counter()
    labelled: dict[str, zipfile.ZipInfo] = {}
    for info in files:
        name = label = info.filename
        numbers[name] += 1
        while label in labelled or (label != name and label in names):
            label = f"{name} ({numbers[name]})"
            numbers[name] += label in labelled or label in names
        labelled[label] = info
    return labelled


def labels_of(path: Path) -> list[str]:
    """The labels of every file in a zip, in its order. Raises OSError, and what UNREADABLE names."""
    with zipfile.ZipFile(path) as archive:
        return list(_labelled(archive))


def copy_members(path: Path, labels: Collection[str], target: IO[bytes]) -> None:
    """Write the files of a zip that have these labels into another zip, under their names.

    The same files give the same bytes, and a comment says which zip they are of. What can't be read to its end, or
    grows more than an export does, breaks off in the copy too, where whoever reads it says so. Raises OSError.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as part:
        part.comment = f"taken from {path.name}, SHA-256 {digest}".encode("utf-8", "replace")[:LONGEST_COMMENT]
        for label, info in _labelled(archive).items():
            if label in labels:
                _copy_member(archive, info, part)


def _copy_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, part: zipfile.ZipFile) -> None:
    copy = zipfile.ZipInfo(info.filename, info.date_time)
    copy.compress_type = zipfile.ZIP_STORED if info.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
    left = max(EXPANSION_LOOKED_AT_FROM, info.compress_size * GREATEST_EXPANSION)
    is_whole = False
    with part.open(copy, "w", force_zip64=True) as member:
        with contextlib.suppress(*UNREADABLE):
            source = cast("zipfile.ZipExtFile", archive.open(info))
            while left > 0 and (chunk := _chunk(source)):
                member.write(chunk)
                left -= len(chunk)
            is_whole = left > 0
        if not is_whole:
            # A reader loses the chunk at whose end it meets the wrong checksum.
            member.write(b" " * CHUNK_BYTES)
    if not is_whole:
        # Whoever reads the copy meets the damage too.
        copy.CRC ^= 0xFFFF_FFFF


def _chunk(source: zipfile.ZipExtFile) -> bytes:
    try:
        return source.read1(CHUNK_BYTES)
    except OSError as error:
        if error.errno is not None:
            raise
        # How bz2 tells damage.
        raise zipfile.BadZipFile(str(error)) from error


def account_in(path: Path, member: str) -> str | None:
    """The file of the zip that says whose posts another file of it holds, if there is one."""
    if not is_post_file(member):
        return None
    with zipfile.ZipFile(path) as archive:
        return owner_file(member, archive.namelist())


def text_of_member(path: Path, label: str) -> Iterator[bytes]:
    """Yield the text of one file in a zip. Raises DamagedExport after the last good chunk."""
    try:
        with zipfile.ZipFile(path) as archive:
            info = _labelled(archive)[label]
            with archive.open(info) as file:
                yield from text_of(file, info.filename, info.compress_size)
    except UNREADABLE as error:
        raise DamagedExport(0, f"this file of the zip can't be read: {error}") from error


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part in _LITTER for part in parts)
