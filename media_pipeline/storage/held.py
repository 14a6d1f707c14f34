"""A file that a process holds while it lives, so that others can tell; the kernel lets go of it at its end."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

DEV_LOCK = "dev.lock"
"""In the folder of Dagster's history: held by ``media-pipeline dev``."""


@contextmanager
def held(path: Path) -> Generator[None]:
    """Hold the file, beside others that do. Raises OSError."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def is_held(path: Path) -> bool:
    """Whether any process holds the file. Raises OSError."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
