"""Which download is next: soonest to expire first, and no host more often than it likes.

What belongs here: limits for a host, pauses that it asks for, and telling a ban, a refusal of us, from a refusal of one
medium, so that a host that bans is left alone. Pure: the time is an argument (monotonic seconds), nothing here waits.
What does not: what is asked, and by whom (:mod:`media_pipeline.fetch.dispatch.downloader`).
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

from media_pipeline.fetch.dispatch.request import Answer
from media_pipeline.fetch.outcome import Refusal
from media_pipeline.model import Status
from media_pipeline.settings import Settings

Item = TypeVar("Item")

LONGEST_PAUSE_SECONDS = 60.0
"""A host that asks for a longer pause is left alone in this run: the run would only wait."""
LONGEST_BELIEVED_PAUSE_SECONDS = 24 * 3600.0
"""A longer pause is asked for one link, or by mistake: the host's others don't wait for it."""


class Answered(Enum):
    """What an answer tells of its host."""

    SERVES = "serves"
    BANS = "bans"
    """429 or 403."""
    NOTHING = "nothing"
    """It may be the host or the network; or nothing was asked after all."""


def told_by(answer: Answer) -> Answered:
    """A host that knows of a medium that it is gone is one that answers us."""
    result = answer.result
    if not isinstance(result, Refusal):
        return Answered.SERVES
    if is_ban(result):
        return Answered.BANS
    return Answered.SERVES if result.status is Status.GONE else Answered.NOTHING


def is_ban(refusal: Refusal) -> bool:
    """Whether it may mean us. A 403 of a URL that has expired means the URL."""
    return refusal.kind in ("http_429", "http_403") and refusal.status is not Status.EXPIRED


@dataclass(frozen=True, slots=True)
class HostLimits:
    """The same for every host."""

    at_once: int | None
    """Requests under way at a time; None: no limit but that of all together."""
    per_second: float
    """Requests begun; 0: no limit."""
    ban_after: int
    """BANS in a row after which a host is left alone."""
    ban_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> HostLimits:
        """Those that the settings name."""
        workers = settings.media_host_workers
        # As many as all together are no limit of their own, and then workers can be handed requests ahead.
        at_once = workers if workers < settings.media_download_workers else None
        return cls(at_once, settings.media_host_rate, settings.media_ban_after, settings.media_ban_minutes * 60)


@dataclass(slots=True)
class _Host(Generic[Item]):
    waiting: list[tuple[float, int, Item]] = field(default_factory=list[tuple[float, int, Item]])
    """A heap by priority."""
    delayed: int = 0
    """Items of this host whose time has not come."""
    offered: tuple[float, int] | None = None
    """Its place in the heap of hosts that may be asked."""
    under_way: int = 0
    rests_until: float = 0.0
    bans: int = 0
    closed_until: float = 0.0


class Schedule(Generic[Item]):
    """Items wait here by host. Take one, do it, and report it with :meth:`finished`.

    A smaller priority comes first; of equal ones, what was added first. Not safe for threads.
    """

    def __init__(self, limits: HostLimits) -> None:
        self._limits = limits
        self._hosts: dict[str, _Host[Item]] = {}
        self._free: list[tuple[float, int, str]] = []
        """A heap of hosts that may be asked, by the priority of their first item."""
        self._resting: list[tuple[float, str]] = []
        """A heap of hosts that may be asked from a time on."""
        self._delayed: list[tuple[float, int, float, str, Item]] = []
        """A heap of items whose time comes: time, number, priority, host."""
        self._left: list[tuple[str, Item]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        """How many items wait, those of closed hosts included."""
        return len(self._delayed) + len(self._left) + sum(len(host.waiting) for host in self._hosts.values())

    def add(self, item: Item, host: str, priority: float, now: float, delay: float = 0.0) -> None:
        """Let an item wait for its turn, which does not come before ``delay`` seconds have passed."""
        state = self._hosts.setdefault(host, _Host())
        if state.closed_until > now:
            self._left.append((host, item))
        elif delay > 0:
            state.delayed += 1
            heapq.heappush(self._delayed, (now + delay, next(self._numbers), priority, host, item))
        else:
            heapq.heappush(state.waiting, (priority, next(self._numbers), item))
            self._offer(host, state)

    def take(self, now: float) -> tuple[str, Item] | None:
        """The next item and its host, or None when nothing may begin now."""
        self._wake(now)
        while self._free:
            priority, number, name = heapq.heappop(self._free)
            host = self._hosts[name]
            if host.offered != (priority, number):
                continue
            host.offered = None
            if host.rests_until > now:
                heapq.heappush(self._resting, (host.rests_until, name))
                continue
            if not host.waiting or self._is_full(host):
                continue
            return name, self._begin(name, host, now)
        return None

    def finished(self, name: str, answered: Answered, now: float, pause: float | None = None) -> None:
        """An item that was taken has ended; ``pause`` is what the host asks for, in seconds.

        A pause that nobody can mean for a whole host is left to the item that met it.
        """
        host = self._hosts[name]
        host.under_way -= 1
        if pause is not None and pause > LONGEST_BELIEVED_PAUSE_SECONDS:
            pause = None
        if answered is Answered.SERVES:
            host.bans = 0
        elif answered is Answered.BANS:
            host.bans += 1
        if host.bans >= self._limits.ban_after:
            self._close(name, host, now + max(self._limits.ban_seconds, pause or 0.0))
        elif pause is not None and pause > LONGEST_PAUSE_SECONDS:
            self._close(name, host, now + pause)
        elif pause is not None:
            host.rests_until = max(host.rests_until, now + pause)
        self._offer(name, host)

    def left(self) -> list[tuple[str, Item]]:
        """What will not have its turn, since its host is closed: each is handed out once."""
        left, self._left = self._left, []
        return left

    def next_at(self) -> float | None:
        """When :meth:`take` may bring something although nothing was added or finished; None: never."""
        times = [heap[0][0] for heap in (self._resting, self._delayed) if heap]
        return min(times, default=None)

    def bans(self, name: str) -> int:
        """How often in a row the host has answered 429 or 403."""
        return self._hosts[name].bans if name in self._hosts else 0

    def closed_for(self, name: str, now: float) -> float:
        """Seconds for which the host is still left alone."""
        return max(0.0, self._hosts[name].closed_until - now) if name in self._hosts else 0.0

    def is_quiet(self, name: str) -> bool:
        """Whether nothing of the host waits or is under way."""
        host = self._hosts.get(name)
        return host is None or not (host.waiting or host.delayed or host.under_way)

    def clear(self) -> list[Item]:
        """Forget everything that waits, and return it."""
        items = [item for _, item in self._left] + [entry[4] for entry in self._delayed]
        for host in self._hosts.values():
            items += [item for _, _, item in host.waiting]
            host.waiting, host.delayed, host.offered = [], 0, None
        self._left, self._delayed, self._free, self._resting = [], [], [], []
        return items

    def _begin(self, name: str, host: _Host[Item], now: float) -> Item:
        _, _, item = heapq.heappop(host.waiting)
        host.under_way += 1
        if self._limits.per_second:
            host.rests_until = now + 1 / self._limits.per_second
        self._offer(name, host)
        return item

    def _is_full(self, host: _Host[Item]) -> bool:
        return self._limits.at_once is not None and host.under_way >= self._limits.at_once

    def _offer(self, name: str, host: _Host[Item]) -> None:
        """Give a host its place by its first item. An older place is void then."""
        if host.waiting and not self._is_full(host) and host.offered != host.waiting[0][:2]:
            host.offered = host.waiting[0][:2]
            heapq.heappush(self._free, (*host.offered, name))

    def _wake(self, now: float) -> None:
        while self._resting and self._resting[0][0] <= now:
            _, name = heapq.heappop(self._resting)
            self._offer(name, self._hosts[name])
        while self._delayed and self._delayed[0][0] <= now:
            _, number, priority, name, item = heapq.heappop(self._delayed)
            host = self._hosts[name]
            host.delayed -= 1
            heapq.heappush(host.waiting, (priority, number, item))
            self._offer(name, host)

    def _close(self, name: str, host: _Host[Item], until: float) -> None:
        host.closed_until = max(host.closed_until, until)
        self._left += [(name, item) for _, _, item in sorted(host.waiting, key=lambda entry: entry[:2])]
        self._left += [(name, entry[4]) for entry in self._delayed if entry[3] == name]
        self._delayed = [entry for entry in self._delayed if entry[3] != name]
        heapq.heapify(self._delayed)
        host.waiting, host.delayed, host.offered = [], 0, None
