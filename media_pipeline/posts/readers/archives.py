"""Exports inside an archive: which of its files are read, and their text. Archives inside archives are not opened.

Of an official export only the posts are read (:mod:`media_pipeline.posts.readers.official`).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from media_pipeline.posts.readers.archive import UNREADABLE, Archive, ArchivedFile, OpensArchive, is_of_the_disk
from media_pipeline.posts.readers.compression import DamagedExport, first_bytes
from media_pipeline.posts.readers.official import chosen_of
from media_pipeline.posts.readers.opener import UTF8_BOM, text_of
from media_pipeline.posts.readers.tar_archive import HEADER_BYTES, is_tar, open_tar
from media_pipeline.posts.readers.zip_archive import LONGEST_MAGIC, is_zip, open_zip

ZIP_SUFFIX = ".zip"
_LOOKED_AT = 4096
"""Bytes that a file without a telling name begins with."""
_LITTER = ("__MACOSX",)


def format_of(path: Path) -> OpensArchive | None:
    """How an archive is opened, told by its first bytes; None for what is none. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(LONGEST_MAGIC)
    # A program that unpacks itself begins with the program: only a name leads to the zip behind it.
    is_zip_inside = path.name.lower().endswith(ZIP_SUFFIX) and zipfile.is_zipfile(path)
    if is_zip(head) or is_zip_inside:
        return open_zip
    return open_tar if is_tar(first_bytes(path, HEADER_BYTES)) else None


def suffix_of(path: Path) -> str | None:
    """The suffix that a file should have by its first bytes, of an archive or of JSON; None where they are neither's.

    Raises OSError.
    """
    opens = format_of(path)
    if opens:
        return ZIP_SUFFIX if opens is open_zip else ".tar"
    begins_json = first_bytes(path, _LOOKED_AT).removeprefix(UTF8_BOM).lstrip().startswith((b"{", b"["))
    return ".json" if begins_json else None


@contextmanager
def open_archive(path: Path) -> Generator[Archive | None]:
    """Open a file as an archive; None for what is none. Raises DamagedExport, OSError."""
    opens = format_of(path)
    if opens is None:
        yield None
        return
    with path.open("rb") as file, opens(file, path.stat().st_size) as archive:
        yield archive


def exports_in(archive: Archive, is_export: Callable[[str], bool]) -> list[ArchivedFile]:
    """The exports in an archive, in its order."""
    found = [file for file in archive.files.values() if is_export(file.name) and not _is_litter(file.name)]
    chosen = set(chosen_of([file.name for file in found]))
    return [file for file in found if file.name in chosen]


def text_in(archive: Archive, label: str) -> Iterator[bytes]:
    """Yield the text of one file of an archive. Raises DamagedExport after the last good chunk."""
    file = archive.files[label]
    if file.refused:
        raise DamagedExport(0, f"this file of the {archive.kind} is not read: {file.refused}")
    try:
        with archive.open(label) as stream:
            yield from text_of(stream, file.packed_size)
    except (*UNREADABLE, OSError) as error:
        if is_of_the_disk(error):
            raise
        raise DamagedExport(0, f"this file of the {archive.kind} can't be read: {error}") from error


def text_of_member(path: Path, label: str) -> Iterator[bytes]:
    """Yield the text of one file of an archive. Raises DamagedExport after the last good chunk, and OSError."""
    with open_archive(path) as archive:
        if archive is None or label not in archive.files:
            raise DamagedExport(0, f"{path.name} holds no {label}")
        yield from text_in(archive, label)


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any((part.startswith(".") and part != "..") or part in _LITTER for part in parts)
