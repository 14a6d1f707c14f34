"""Ctrl-C wherever it falls: heard, told in one line, and the end of the process.

What belongs here: the signal in a process of the command line. What does not: what a run does with it
(:mod:`media_pipeline.defs.runs.interrupts`), and what is kept of the work (:mod:`media_pipeline.cli.session`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

INTERRUPTED = 130
"""The exit code, as shells say it: 128 and the number of SIGINT. Typer makes it of a KeyboardInterrupt."""

SECONDS_BEFORE_IT_COMES_AGAIN = 0.05


def listen() -> None:
    """Let no Ctrl-C be lost, and none show a traceback, from here on.

    Python prints and forgets what is raised in a destructor, a weak reference's callback or a garbage collection:
    a Ctrl-C that fell there, often while modules were being imported, was never heard of again.
    """
    otherwise = sys.unraisablehook

    def hook(dropped: UnraisableHookArgs, /) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            # Raised here it would be dropped as well.
            threading.Timer(SECONDS_BEFORE_IT_COMES_AGAIN, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            otherwise(dropped)

    sys.unraisablehook = hook
    # A connection that a Ctrl-C cuts off is logged by SQLAlchemy with a traceback, and closed.
    logging.getLogger("sqlalchemy.pool").addFilter(_is_no_interrupt)


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not issubclass(kind, KeyboardInterrupt)


def end(message: str = "") -> NoReturn:
    """End the process at once, after a line on standard error unless it has been said.

    Threads that wait for a host are not waited for: what counts is on the disk. Nothing that Python does at an
    ordinary end may print a traceback because somebody is impatient.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(message)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(INTERRUPTED)
