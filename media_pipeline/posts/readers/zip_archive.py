"""Zips as archives of files."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import IO

from media_pipeline.posts.readers.archive import MOST_MEMBERS, UNREADABLE, Archive, ArchivedFile, labels_of
from media_pipeline.posts.readers.compression import DamagedExport

LONGEST_MAGIC = 10
_BEGINNING = re.compile(
    rb"PK(?:\x03\x04[\x00-\x63][\x00-\x14]..[\x00-\x63]\x00|\x05\x06\x00\x00|\x07\x08PK)", re.DOTALL
)
"""A file with the version and the method that it needs, the end of an empty zip, the first part of a split one."""


def is_zip(head: bytes) -> bool:
    """Whether a file begins like this zip."""
    return _BEGINNING.match(head) is not None


@contextmanager
def open_zip(file: IO[bytes], size: int) -> Generator[Archive]:  # noqa: ARG001
    """A zip that lies in an open file. Raises DamagedExport where it can't be looked into."""
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as error:
        raise DamagedExport(0, f"the zip can't be opened: {error}; download it again") from error
    with archive:
        if len(archive.infolist()) > MOST_MEMBERS:
            raise DamagedExport(0, f"the zip holds more than {MOST_MEMBERS} files; unpack it and import its exports")
        yield _Zip(archive)


class _Zip:
    kind = "zip"
    damage = None

    def __init__(self, archive: zipfile.ZipFile) -> None:
        infos = [info for info in archive.infolist() if info.filename and not info.is_dir()]
        self._archive = archive
        self._infos = dict(zip(labels_of(info.filename for info in infos), infos, strict=True))
        self._files = {label: _file(label, info) for label, info in self._infos.items()}

    @property
    def files(self) -> Mapping[str, ArchivedFile]:
        return self._files

    def open(self, label: str) -> IO[bytes]:
        return self._archive.open(self._infos[label])


def _file(label: str, info: zipfile.ZipInfo) -> ArchivedFile:
    is_packed = info.compress_type != zipfile.ZIP_STORED
    return ArchivedFile(info.filename, label, info.compress_size, is_packed, info.date_time)
