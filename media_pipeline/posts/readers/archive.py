"""An archive of files, whatever its format: which files it holds, by label, and their bytes.

What belongs here: the shape that zips and tars share. What does not: either format, and which of the files are read
(:mod:`media_pipeline.posts.readers.archives`).
"""

from __future__ import annotations

import errno
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Protocol

from media_pipeline.posts.readers.compression import DAMAGE

MOST_MEMBERS = 100_000
UNREADABLE = (*DAMAGE, zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError, UnicodeError)
"""What an archive raises for damage, unknown compression and encryption."""


def is_of_the_disk(error: Exception) -> bool:
    """Whether disk or memory are to blame and not the archive: zipfile raises EINVAL where a zip leads it before its
    beginning, and bz2 an OSError without a number for damage."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno not in (None, errno.EINVAL))


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file in an archive."""

    name: str
    label: str
    """Its name, with a number where the archive holds several of that name."""
    packed_size: int
    """Bytes that it takes in the archive."""
    is_packed: bool = False
    """Whether its bytes are compressed there one by one."""
    date_time: tuple[int, int, int, int, int, int] = (1980, 1, 1, 0, 0, 0)
    refused: str | None = None
    """Why it is never opened: a link leads elsewhere, a device has no end."""


class Archive(Protocol):
    """An open archive. Files are best opened in its order: of a compressed one each step back begins anew."""

    @property
    def kind(self) -> str:
        """``zip`` or ``tar``."""
        ...

    @property
    def files(self) -> Mapping[str, ArchivedFile]:
        """By label, in the order of the archive. Folders are none."""
        ...

    @property
    def damage(self) -> str | None:
        """Why there are no more files than these, where the archive breaks off."""
        ...

    def open(self, label: str) -> IO[bytes]:
        """The bytes of one file; one is open at a time. Raises OSError, and what UNREADABLE names."""
        ...


class OpensArchive(Protocol):
    """How a format is opened: raises DamagedExport where nothing of it can be read, and OSError."""

    def __call__(self, file: IO[bytes], size: int) -> AbstractContextManager[Archive]: ...


def labels_of(names: Iterable[str]) -> Iterator[str]:
    """A label for each name. A name says which file is meant only while there is one of it: a number tells others."""
    listed = list(names)
    taken: set[str] = set()
    all_names = set(listed)
    numbers: Counter[str] = Counter()
    for name in listed:
        label = name
        numbers[name] += 1
        while label in taken or (label != name and label in all_names):
            label = f"{name} ({numbers[name]})"
            numbers[name] += label in taken or label in all_names
        taken.add(label)
        yield label
