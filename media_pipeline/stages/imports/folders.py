"""What lies below a folder that others fill: files, and what is none, by name.

What belongs here: looking, without opening anything. What does not: what a file is for.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from media_pipeline.posts.layout import Rejection

GIVE_PERMISSION = "give this user the permission to read it"

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file, or a symbolic link to one."""

    path: Path
    size: int
    modified_ns: int


class Unreadable(Rejection):
    """A path that this user or this disk does not let us look at: what lies there may well be meant."""


def files_below(folder: Path) -> Iterator[FoundFile | Rejection]:
    """Every file below a folder, by name, and a rejection for whatever else lies there. No folder: no files.

    A pipe, a socket or a device is never opened: that would wait for ever. Symbolic links are followed, but not into
    a folder that they lie in.
    """
    yield from _walk(folder, frozenset())


def only_files(folder: Path) -> Iterator[Path]:
    """The paths of the files below a folder, by name."""
    return (found.path for found in files_below(folder) if isinstance(found, FoundFile))


def unreadable(path: Path, error: OSError) -> Unreadable:
    """Why a path was not taken that could not be looked at or read."""
    advice = GIVE_PERMISSION if isinstance(error, PermissionError) else "see to it; the others are taken"
    return Unreadable(path, f"it can't be read: {error.strerror or error}; {advice}")


def _walk(folder: Path, above: frozenset[tuple[int, int]]) -> Iterator[FoundFile | Rejection]:
    try:
        status = folder.stat()
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        yield unreadable(folder, error)
        return
    itself = (status.st_dev, status.st_ino)
    if itself in above:
        yield Rejection(folder, "it is a symbolic link to a folder that it lies in; remove the link")
        return
    for path in paths:
        yield from _look(path, above | {itself})


def _look(path: Path, above: frozenset[tuple[int, int]]) -> Iterator[FoundFile | Rejection]:
    try:
        status = path.stat()
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP):
            yield unreadable(path, error)
        elif path.is_symlink():
            yield Rejection(path, f"it is a symbolic link that leads nowhere: {error.strerror}; remove the link")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _walk(path, above)
    elif stat.S_ISREG(status.st_mode):
        yield FoundFile(path, status.st_size, status.st_mtime_ns)
    else:
        kind = next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "something else")
        yield Rejection(path, f"it is {kind} and no file; nothing is read from it")
