"""Temporary folders that outlive no process.

What belongs here: one folder a process, and removing those of the dead. What does not: what is put into them.

Beside each folder ``<name>`` stands ``<name>.lock``, which its owner holds with flock: the kernel lets go of it when
the owner dies, however it dies. The lock is taken before the folder is made and removed after it, so a folder without
a lock does not exist.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class TemporaryFolder:
    """A folder of this process's own under ``parent``, private, until :meth:`close`. Raises OSError."""

    def __init__(self, parent: Path) -> None:
        self.path, self._descriptor = _claim(parent)

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        _remove(self.path)
        os.close(self._descriptor)


def remove_abandoned(parent: Path) -> int:
    """Remove the folders under ``parent`` whose owner is dead, and count them. Raises OSError."""
    return sum(_remove_if_abandoned(lock) for lock in sorted(parent.glob("*.lock")))


def _claim(parent: Path) -> tuple[Path, int]:
    while True:
        folder = parent / f"{os.getpid()}-{secrets.token_hex(4)}"
        lock = _lock_of(folder)
        descriptor = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
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


def _remove_if_abandoned(lock: Path) -> bool:
    with _lock_or_none(lock) as is_ours:
        if is_ours:
            _remove(lock.with_suffix(""))
        return is_ours


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
