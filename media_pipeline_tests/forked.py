"""Processes that need not import Dagster first: each is forked from one that has imported it once.

Such a process has an environment, a folder, a session, an exit code and signals of its own, and runs a module as
`python -m` does. It lacks only the start, which is 1.8 of the 3.1 s of processor time of `media-pipeline ingest`. What
belongs here: these processes. What does not: what they run (``cli/shell.py``, ``killed_runs.py``, ``simulation``).
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

ORDER_BYTES = 1 << 18


class Started:
    """A process that was started; what :class:`subprocess.Popen` has of the same names."""

    def __init__(self, answers: IO[str]) -> None:
        self._answers = answers
        self.pid = int(answers.readline())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, negative for a signal. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._answers], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            with self._answers:
                self.returncode = int(self._answers.readline())
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


@dataclass(frozen=True)
class Program:
    """A module to run, and what is imported once for all processes that run it: never the module itself."""

    module: str
    preloaded: tuple[str, ...]


COMMAND = Program(
    "media_pipeline.cli",
    (
        "dagster._core.storage.sqlite_storage",
        "media_pipeline.definitions",
        "media_pipeline.defs.runs.launch",
        "media_pipeline.cli.session",
        "media_pipeline.stages.summary",
    ),
)
"""`media-pipeline`, and what most of its commands import."""


def start(
    program: Program,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    out: IO[str],
    errors: IO[str],
) -> Started:
    """Begin to run a program in ``folder``, in a session of its own, writing to the open files."""
    reading, writing = os.pipe()
    order = json.dumps(asdict(_Order(program.module, list(arguments), dict(environment), str(folder))))
    socket.send_fds(_server(program.preloaded), [order.encode()], [out.fileno(), errors.fileno(), writing])
    os.close(writing)
    return Started(os.fdopen(reading, encoding="ascii"))


@functools.cache
def _server(preloaded: tuple[str, ...]) -> socket.socket:
    """Our end of the line to the process that forks, which ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno()), *preloaded],
            cwd=Path(__file__).parents[1],
            pass_fds=[theirs.fileno()],
        )
    return ours


@dataclass(frozen=True)
class _Order:
    module: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str


def _next_order(line: socket.socket) -> _Order | None:
    """Returns in each process that is to carry out an order; in the server only when nobody is left to give any."""
    while True:
        message, files, _, _ = socket.recv_fds(line, ORDER_BYTES, 3)
        if not message:
            return None
        if os.fork() == 0:
            line.close()
            out, errors, answers = files
            if child := os.fork():
                _tell_how_it_ends(child, answers)
            for target, file in enumerate((os.open(os.devnull, os.O_RDONLY), out, errors)):
                os.dup2(file, target)
            for file in files:
                os.close(file)
            return _Order(**json.loads(message))
        for file in files:
            os.close(file)
        _forget_the_ended()


def _forget_the_ended() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _tell_how_it_ends(child: int, answers: int) -> None:
    os.write(answers, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _carry_out(order: _Order) -> None:
    os.setsid()
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    sys.argv = [order.module, *order.arguments]
    runpy.run_module(order.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        importlib.import_module(name)
    # Each process would go through all of this once more when it ends, and so copy it: 0.6 s.
    gc.freeze()
    if order := _next_order(socket.socket(fileno=int(sys.argv[1]))):
        _carry_out(order)
