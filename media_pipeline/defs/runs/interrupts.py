"""Ctrl-C in a run of this process: what Dagster makes of it, mended.

What belongs here: SIGINT between Dagster and the terminal. What does not: what is said to the user (``cli``).
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Generator
from functools import partial
from types import SimpleNamespace

from dagster._core.execution import compute_logs


@contextlib.contextmanager
def noted_interrupts() -> Generator[Callable[[], bool]]:
    """Give a function that says whether a SIGINT has come since, whoever has handled it.

    Dagster holds a SIGINT back between two steps, and forgets the one that comes behind the last.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    ours, pythons = socket.socketpair()
    with ours, pythons:
        ours.setblocking(False)
        pythons.setblocking(False)
        before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
        try:
            yield partial(_has_come, ours)
        finally:
            signal.set_wakeup_fd(before)


def _has_come(numbers: socket.socket) -> bool:
    with contextlib.suppress(BlockingIOError):
        return signal.SIGINT in numbers.recv(1 << 16)
    return False


@contextlib.contextmanager
def log_processes_without_interrupts() -> Generator[None]:
    """Keep Ctrl-C from the processes that Dagster starts meanwhile to pass a step's output on.

    A terminal sends SIGINT to a whole process group: they ended with a traceback, and what came behind was lost.
    Dagster ends them itself, and they notice its end.
    """
    of_its_own_group = partial(subprocess.Popen, process_group=0)
    theirs = compute_logs.__dict__
    theirs["subprocess"] = SimpleNamespace(Popen=of_its_own_group)
    try:
        yield
    finally:
        theirs["subprocess"] = subprocess
