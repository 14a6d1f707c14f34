"""A disk that is full, where the system lets one be mounted, and one that is not mounted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE = 64 * 1024


@contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    """Mount it at ``folder``, without room for a byte; the test is skipped where that is not allowed."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        with (folder / "filling").open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def unmount(folder: Path) -> Callable[[], None]:
    """Leave an empty folder in the place; returns what mounts it again."""
    aside = folder.with_name(f"{folder.name}-elsewhere")
    folder.rename(aside)
    folder.mkdir()

    def mount() -> None:
        shutil.rmtree(folder)
        aside.rename(folder)

    return mount
