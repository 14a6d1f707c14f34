"""How far long work is: as lines at intervals, or nowhere. A terminal's bar is made by ``cli``."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

LOG_EVERY_SECONDS = 5
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

    def expect(self, more: int) -> None:
        """This many more are known to come: a stage asks for its rows a page at a time."""
        self._total = (self._total or 0) + more
        self.show(self._what, self._done, self._total, time.monotonic() - self._started)

    def each(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items; each is done when the next is asked for."""
        for item in items:
            yield item
            self.advance()

    def advance(self, by: int = 1) -> None:
        """This many more are done."""
        self._done += by
        if self._total is not None:
            self._total = max(self._total, self._done)
        self.show(self._what, self._done, self._total, time.monotonic() - self._started)

    def show(self, what: str, done: int, total: int | None, seconds: float, ended: bool = False) -> None:
        """Show the state of the work."""


class LineProgress(Progress):
    """Writes a line every few seconds (done/total, rate, time left) and one at the end.

    ``also_short``: work that ended before its first line is said to have ended all the same.
    """

    def __init__(
        self, write: Callable[[str], object], every_seconds: float = LOG_EVERY_SECONDS, also_short: bool = True
    ) -> None:
        super().__init__()
        self._write = write
        self._every_seconds = every_seconds
        self._also_short = also_short
        self._last = 0.0
        """Seconds of the work that had passed at the last line."""

    def show(self, what: str, done: int, total: int | None, seconds: float, ended: bool = False) -> None:
        if done == 0:
            self._last = 0.0
            return
        is_said = ended and (self._also_short or self._last > 0)
        if is_said or seconds - self._last >= self._every_seconds:
            self._last = seconds
            self._write(describe(what, done, total, seconds))


def describe(what: str, done: int, total: int | None, seconds: float) -> str:
    """One line: ``downloads: 120/500, 12.0/s, 32 s left``."""
    rate = rate_of(done, seconds)
    line = f"{what}: {done}{f'/{total}' if total is not None else ''}, {rate:.1f}/s"
    if total is not None and rate > 0 and done < total:
        line += f", {(total - done) / rate:.0f} s left"
    return line


def rate_of(done: int, seconds: float) -> float:
    """How many were done in a second so far; 0 before any time has passed."""
    return done / seconds if seconds > 0 else 0.0
