"""Worker processes as their parent sees them: started, handed requests, listened to, ended.

What belongs here: one process and the socket to it. What does not: what it does
(:mod:`media_pipeline.fetch.dispatch.worker`), and which requests it gets
(:mod:`media_pipeline.fetch.dispatch.downloader`).

A worker is a fresh interpreter with one socket to this process. So it inherits no lock of a thread, doesn't import
the main module (which is Dagster's), and sees the socket close however this process ends. SIGINT doesn't reach it: it
is in a process group of its own, so that Ctrl-C ends what this process wants ended.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from media_pipeline.fetch.dispatch.worker import NumberedRequest, Replies, Start

HANDED_AHEAD = 16
"""Requests that wait in a worker besides those that its threads make: what it gets done on loopback between a
report of its own and the next orders (4 ms to gather, and as long for this process to come round)."""

_SECONDS_TO_END = 5.0
_BOOT = """
import sys
sys.path[:] = sys.argv[2:]
from media_pipeline.fetch.dispatch.worker import main
main(int(sys.argv[1]))
"""


class WorkerProcess:
    """One worker process. Raises OSError when the system has none to spare."""

    def __init__(self, start: Start) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, str(theirs.fileno()), *sys.path],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        self.line = Connection(ours.detach())
        self._send(start)
        self.start = start
        self.handed: set[int] = set()
        """Numbers of the requests that it has not answered."""
        self.is_ready = False
        self._most = start.threads + HANDED_AHEAD

    @property
    def room(self) -> int:
        """How many more requests it may be handed."""
        return self._most - len(self.handed)

    def hand(self, numbered: Sequence[NumberedRequest]) -> None:
        self.handed.update(number for number, _ in numbered)
        self._send(list(numbered))

    def drop_waiting(self) -> None:
        """Let it end what is under way, and give back the rest as AskDropped."""
        self._send([])

    def receive(self) -> Replies:
        """What it reports. Raises EOFError or OSError when it is gone."""
        report: Replies = self.line.recv()
        self.is_ready = True
        self.handed.difference_update(number for number, _ in report)
        return report

    def _send(self, message: Start | list[NumberedRequest]) -> None:
        """A worker that is gone takes it all the same: its end is found where its reports are read."""
        with contextlib.suppress(OSError):
            self.line.send(message)

    def end(self) -> None:
        self.line.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
