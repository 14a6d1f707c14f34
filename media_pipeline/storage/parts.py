"""Files that are written beside their place and appear there whole; what a killed process left of one is removed.

What belongs here: the names of such parts, and their locks. What does not: where a file goes, and the store's own
temporary folders (:mod:`media_pipeline.storage.temporary`).

A part is called ``.media-pipeline-<16 hex digits>.part``. Whoever writes it holds its lock (flock), which ends with the
process.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from media_pipeline.storage.durable import move_into_place

_PART = re.compile(r"\.media-pipeline-[0-9a-f]{16}\.part")


@contextmanager
def part_of(target: Path, folder: Path | None = None) -> Generator[Path]:
    """An empty file to write to, in the folder of ``target`` or another of the same file system. At the end of the
    block what was written stands at ``target``, in place of what was there; when the block fails, it is gone.

    Raises OSError.
    """
    part, descriptor = _claim(folder or target.parent)
    try:
        yield part
        move_into_place(part, target)
    finally:
        part.unlink(missing_ok=True)
        os.close(descriptor)


def remove_abandoned_parts(folder: Path) -> None:
    """Remove the parts in a folder that nobody is writing any more. Raises OSError."""
    for entry in os.scandir(folder):
        if _PART.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            _remove_if_abandoned(Path(entry.path))


def _claim(folder: Path) -> tuple[Path, int]:
    while True:
        part = folder / f".media-pipeline-{secrets.token_hex(8)}.part"
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Between the two steps another process may have taken it for abandoned.
        if os.fstat(descriptor).st_nlink:
            return part, descriptor
        os.close(descriptor)


def _remove_if_abandoned(part: Path) -> None:
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink(missing_ok=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)
