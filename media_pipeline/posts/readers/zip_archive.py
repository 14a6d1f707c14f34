"""Exports inside a zip: which of its files are read, and their text. Archives inside archives are not opened.

Of an X data archive only the posts are read: likes, messages and contacts are none of them.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from media_pipeline.posts.readers.opener import DamagedExport, text_of
from media_pipeline.posts.readers.x_archive import ACCOUNT

SUFFIX = ".zip"
MOST_MEMBERS = 100_000
_POSTS_OF_X = re.compile(r"(?:^|/)data/tweets?(?:-part\d+)?\.js$")
_LITTER = ("__MACOSX",)
UNREADABLE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError)
"""What zipfile raises for damage, unknown compression and encryption."""


def is_zip(path: Path) -> bool:
    """Whether the name is that of a zip."""
    return path.name.lower().endswith(SUFFIX)


def members_of(path: Path, is_export: Callable[[str], bool]) -> list[str]:
    """The names of the exports in a zip, in its order. Raises DamagedExport."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except UNREADABLE as error:
        raise DamagedExport(0, f"the zip can't be opened: {error}; download it again") from error
    if len(names) > MOST_MEMBERS:
        raise DamagedExport(0, f"the zip holds more than {MOST_MEMBERS} files; unpack it and import its exports")
    return chosen_of([name for name in names if is_export(name) and not _is_litter(name)])


def account_in(path: Path, member: str) -> str | None:
    """The name of ``account.js`` in the same folder of the zip as a script of posts, if there is one."""
    name = str(PurePosixPath(member).with_name(ACCOUNT))
    with zipfile.ZipFile(path) as archive:
        return name if name in archive.namelist() else None


def chosen_of(exports: list[str]) -> list[str]:
    """Of the exports of one archive or folder, by path: all but what an X data archive keeps beside its posts."""
    archives = {PurePosixPath(name).parent for name in exports if _POSTS_OF_X.search(name)}
    return [name for name in exports if _POSTS_OF_X.search(name) or PurePosixPath(name).parent not in archives]


def text_of_member(path: Path, name: str) -> Iterator[bytes]:
    """Yield the text of one file in a zip. Raises DamagedExport after the last good chunk."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            yield from text_of(file, name, archive.getinfo(name).compress_size)
    except UNREADABLE as error:
        raise DamagedExport(0, f"this file of the zip can't be read: {error}") from error


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part in _LITTER for part in parts)
