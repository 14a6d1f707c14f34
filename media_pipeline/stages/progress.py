"""How far long work is: into a log at intervals, or nowhere. A terminal's bar is made by ``cli``."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from logging import Logger

LOG_EVERY_SECONDS = 10
"""Often enough to see that a run lives, seldom enough to stay a readable log."""


class Progress:
    """Hears how far work is. This one keeps it to itself; others override :meth:`show`."""

    def __init__(self) -> None:
        self._what = ""
        self._done = 0
        self._total: int | None = None
        self._started = 0.0

    @contextmanager
    def of(self, what: str, total: int | None = None) -> Generator[Progress]:
        """Work begins: ``what`` (``downloads``) and, when it is known, how many there are."""
        self._what, self._total, self._done, self._started = what, total, 0, time.monotonic()
        self.show(what, 0, total, 0.0)
        try:
            yield self
        finally:
            self.show(self._what, self._done, self._total, time.monotonic() - self._started, ended=True)

    def advance(self, by: int = 1) -> None:
        """This many more are done."""
        self._done += by
        if self._total is not None:
            self._total = max(self._total, self._done)
        self.show(self._what, self._done, self._total, time.monotonic() - self._started)

    def show(self, what: str, done: int, total: int | None, seconds: float, ended: bool = False) -> None:
        """Show the state of the work."""


class LogProgress(Progress):
    """Writes a line into the run's log every few seconds: done/total, rate, time left."""

    def __init__(self, log: Logger) -> None:
        super().__init__()
        self._log = log
        self._last = 0.0

    def show(self, what: str, done: int, total: int | None, seconds: float, ended: bool = False) -> None:
        now = time.monotonic()
        if done == 0 and not ended:
            self._last = now
        if not done or (now - self._last < LOG_EVERY_SECONDS and not ended):
            return
        self._last = now
        self._log.info(describe(what, done, total, seconds))


def describe(what: str, done: int, total: int | None, seconds: float) -> str:
    """One line: ``downloads: 120/500, 12.0/s, 32 s left``."""
    rate = done / seconds if seconds > 0 else 0.0
    line = f"{what}: {done}{f'/{total}' if total is not None else ''}, {rate:.1f}/s"
    if total is not None and rate > 0 and done < total:
        line += f", {(total - done) / rate:.0f} s left"
    return line
