"""The memory of a process and all that it starts, watched while they run.

What belongs here: reading it from /proc often and cheaply. What does not: starting processes
(:mod:`bench.measure`).
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Self

SECONDS_BETWEEN = 0.05
"""A look at three processes costs 0.1 ms, so a five-hundredth of a core."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class TreeMemory:
    """Watches a process tree from a thread of its own; ``peak_mb`` is the largest sum of resident sizes seen.

    A page that several processes share (the files of programs and libraries) is counted for each of them.
    """

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN):
            self.peak_mb = max(self.peak_mb, _tree_bytes(self._pid) / 1e6)


def _tree_bytes(pid: int) -> int:
    found = 0
    # It may end while it is looked at.
    with contextlib.suppress(OSError):
        found = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                children = (thread / "children").read_text().split()
                found += sum(_tree_bytes(int(child)) for child in children)
    return found
