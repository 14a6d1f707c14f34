"""Some files of an archive as a zip of their own: what of an archive is one platform's."""

from __future__ import annotations

import contextlib
import hashlib
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, cast

from media_pipeline.posts.readers.archive import UNREADABLE, Archive, ArchivedFile, is_of_the_disk
from media_pipeline.posts.readers.archives import open_archive
from media_pipeline.posts.readers.compression import (
    CHUNK_BYTES,
    EXPANSION_LOOKED_AT_FROM,
    GREATEST_EXPANSION,
    Readable,
)

LONGEST_COMMENT = 65_535
"""Bytes that a zip's comment may have."""


def labels_in_archive(path: Path) -> list[str]:
    """The labels of every file of an archive that may be read, in its order. Raises DamagedExport, OSError."""
    with open_archive(path) as archive:
        return [file.label for file in archive.files.values() if not file.refused] if archive else []


def copy_members(path: Path, labels: Collection[str], target: IO[bytes]) -> None:
    """Write the files of an archive that have these labels into a zip, under their names.

    The same files give the same bytes, and a comment says which archive they are of. What can't be read to its end, or
    grows more than an export does, breaks off in the copy too, where whoever reads it says so. Raises OSError.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with open_archive(path) as archive, zipfile.ZipFile(target, "w") as part:
        part.comment = f"taken from {path.name}, SHA-256 {digest}".encode("utf-8", "replace")[:LONGEST_COMMENT]
        for file in archive.files.values() if archive else ():
            if archive and file.label in labels:
                _copy_member(archive, file, part)


def _copy_member(archive: Archive, file: ArchivedFile, part: zipfile.ZipFile) -> None:
    copy = zipfile.ZipInfo(file.name, file.date_time)
    copy.compress_type = zipfile.ZIP_DEFLATED if file.is_packed else zipfile.ZIP_STORED
    left = max(EXPANSION_LOOKED_AT_FROM, file.packed_size * GREATEST_EXPANSION)
    is_whole = False
    with part.open(copy, "w", force_zip64=True) as member:
        with contextlib.suppress(*UNREADABLE):
            source = cast("Readable", archive.open(file.label))
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


def _chunk(source: Readable) -> bytes:
    try:
        return source.read1(CHUNK_BYTES)
    except OSError as error:
        if is_of_the_disk(error):
            raise
        raise zipfile.BadZipFile(str(error)) from error
