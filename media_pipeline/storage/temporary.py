"""Temporary folders that outlive no process.

What belongs here: one folder a process, its journal, and removing those of the dead. What does not: what is put into
them.

Beside each folder ``<name>`` stands ``<name>.lock``, which its owner holds with flock: the kernel lets go of it when
the owner dies, however it dies. The lock is taken before the folder is made and removed after it, so a folder without
a lock does not exist.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path


class TemporaryFolder:
    """A folder of this process's own under ``parent``, private, until :meth:`close`. Raises OSError."""

    def __init__(self, parent: Path) -> None:
        self.path, self._descriptor = _claim(parent)

    def note(self, line: str) -> None:
        """Write a line into the journal, which is the lock's file: whoever removes this folder is told."""
        # One write, at the end: threads don't mix, and what a killed process has written is there.
        os.write(self._descriptor, f"{line}\n".encode())

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        _remove(self.path)
        os.close(self._descriptor)

    def abandon(self) -> None:
        """Remove the folder, and leave the journal to whoever removes those of the dead."""
        shutil.rmtree(self.path)
        os.close(self._descriptor)


def remove_abandoned(parent: Path, settle: Callable[[list[str]], None]) -> None:
    """Remove the folders under ``parent`` whose owner is dead, once ``settle`` has seen to what it noted.

    Raises OSError, and what ``settle`` raises: then the notes stay for the next time.
    """
    for lock in sorted(parent.glob("*.lock")):
        _remove_if_abandoned(lock, settle)


def _claim(parent: Path) -> tuple[Path, int]:
    while True:
        folder = parent / f"{os.getpid()}-{secrets.token_hex(4)}"
        lock = _lock_of(folder)
        descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_still(lock, descriptor):
            folder.mkdir(mode=0o700)
            return folder, descriptor
        os.close(descriptor)


def _is_still(lock: Path, descriptor: int) -> bool:
    """Another process may have removed the lock between its creation and the flock, thinking it abandoned."""
    try:
        return os.path.samestat(lock.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove_if_abandoned(lock: Path, settle: Callable[[list[str]], None]) -> None:
    with _lock_or_none(lock) as is_ours:
        if is_ours:
            # A last line that was cut off names nothing.
            settle(lock.read_text("utf-8", "replace").split("\n")[:-1])
            _remove(lock.with_suffix(""))


@contextmanager
def _lock_or_none(lock: Path) -> Generator[bool]:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
