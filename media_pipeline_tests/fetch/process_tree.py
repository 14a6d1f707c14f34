"""Which download workers a process has started, and whether one still lives (Linux: proc_pid_task(5))."""

from __future__ import annotations

import os
import time
from pathlib import Path

from media_pipeline_tests.patience import PATIENCE_SECONDS


def download_workers(pid: int | None = None) -> list[int]:
    """Worker processes that any thread of a process, ours if none is named, has started and not yet waited for."""
    tasks = Path(f"/proc/{pid or os.getpid()}/task")
    children = [child for task in tasks.iterdir() for child in _read(task / "children").split()]
    return sorted(int(child) for child in children if "dispatch.worker" in _read(Path(f"/proc/{child}/cmdline")))


def _read(path: Path) -> str:
    """Threads and processes may end while they are looked at."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def ends(pid: int) -> bool:
    """Whether a process comes to be gone, or dead and not waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[:1] in ([], ["Z"]):
            return True
        time.sleep(0.01)
    return False
