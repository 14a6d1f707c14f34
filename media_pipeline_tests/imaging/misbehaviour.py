"""Tasks that go wrong on purpose, for worker processes to run. Importable there, and free of heavy imports."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

HEAVY = ("dagster", "sqlalchemy", "pandas", "requests", "pydantic")


def kill_own_worker(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_own_worker_once(marker: Path, *_: object) -> str:
    """As when the file before has left the worker's memory in disorder."""
    if not marker.exists():
        marker.touch()
        kill_own_worker()
    return "done"


def ask_for_memory(_: Path, megabytes: str) -> int:
    return len(bytearray(int(megabytes) * 1_000_000))


def sleep_for_an_hour(*_: object) -> None:
    time.sleep(3600)


def raise_an_error(*_: object) -> None:
    raise RuntimeError("a fault of ours")


def heavy_modules(*_: object) -> list[str]:
    return [name for name in HEAVY if name in sys.modules]


def name_own_process(folder: Path, *_: object) -> int:
    """Leave the process id in ``folder`` and stay busy."""
    (folder / str(os.getpid())).touch()
    time.sleep(3600)
    return threading.get_native_id()
