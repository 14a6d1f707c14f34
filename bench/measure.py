"""Rounds in turn, medians, and ratios: what a number in the table is.

What belongs here: taking times and memory, and the row that comes of them. What does not: what is measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from bench.tree import TreeMemory

WORK = Path(__file__).parent / "work"
"""Everything that is written lies here, on the disk of the checkout, and is removed at the end."""

Taken = TypeVar("Taken")

_SETTINGS = ("MEDIA_", "AWS_", "DAGSTER_", "DOWNLOAD_MEDIA")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A higher ratio is better for us.

    With a peer the ratio is ours to the peer's, in the sense that is good, and ``aim`` is the ratio wanted. Without
    one ``aim`` is the most that ``ours`` may be, in ``unit``, and the ratio is aim to ours: 1 or more is met.
    """

    name: str
    ours: float
    peer: float | None
    peer_name: str | None
    unit: str
    ratio: float | None
    aim: float | None
    """None: nothing was set."""

    @property
    def is_met(self) -> bool | None:
        """None when the peer is missing, so that there is no ratio, or nothing was set."""
        if self.ratio is None or self.aim is None:
            return None
        return self.ratio >= (self.aim if self.peer_name else 1)


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended well: its wall clock from start to end, and its largest resident size.

    The size is that of the process which started it, where that was larger (Linux keeps it over an exec).
    """

    seconds: float
    peak_mb: float
    output: str
    cpu_seconds: float
    """User and system, with the processes that it started and waited for."""
    tree_peak_mb: float
    """Of it and all that it started, together: see :class:`bench.tree.TreeMemory`."""


def run(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Finished:
    """Run a command to its end; raises CalledProcessError when that is not 0. Errors go to ours."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=cwd, text=True)
    assert process.stdout is not None
    with TreeMemory(process.pid) as memory:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Finished(seconds, usage.ru_maxrss * 1024 / 1e6, output, usage.ru_utime + usage.ru_stime, memory.peak_mb)


def run_module(module: str, *arguments: str | Path, **settings: str) -> Finished:
    """Run a Python module with these settings in its environment, where it finds no ``.env``."""
    root = str(Path(__file__).parents[1])
    return run([sys.executable, "-m", module, *arguments], {**os.environ, "PYTHONPATH": root, **settings}, WORK)


def forget_settings() -> None:
    """Remove our settings from the environment: a bench must not write into the user's own catalogue."""
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
        del os.environ[name]


def fresh_folder(name: str) -> Path:
    """A new folder. What was written before reaches the disk first, so that nobody pays for another's writing."""
    os.sync()
    folder = WORK / f"{name}-{time.monotonic_ns()}"
    folder.mkdir(parents=True)
    return folder


def idle_share(seconds: float = 2) -> float:
    """The share of all cores' time that nobody uses, watched for a while."""
    idle, total = _processor_times()
    time.sleep(seconds)
    idle_after, total_after = _processor_times()
    return (idle_after - idle) / (total_after - total)


def _processor_times() -> tuple[int, int]:
    """Idle and all ticks since the start (``cpu`` of proc_stat(5); the fourth and fifth are idle and iowait)."""
    ticks = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def in_turn(rounds: int, *sides: Callable[[], Taken]) -> list[list[Taken]]:
    """Run all sides one after the other, as often as asked; a list of each side's results, round by round."""
    results: list[list[Taken]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, into in zip(sides, results, strict=True):
            into.append(side())
    return results


def rate_row(
    name: str,
    amount: float,
    ours: Sequence[float],
    peer: Sequence[float] | None,
    peer_name: str,
    aim: float | None,
    unit: str = "files/s",
) -> Row:
    """A row of so much a second from seconds: medians of the rates, and the median of the rounds' ratios."""
    rate = round(amount / median(ours), 1)
    if not peer:
        return Row(name, rate, None, peer_name, unit, None, aim)
    ratio = median(theirs / own for own, theirs in zip(ours, peer, strict=True))
    return Row(name, rate, round(amount / median(peer), 1), peer_name, unit, round(ratio, 2), aim)


def less_row(name: str, unit: str, ours: Sequence[float], peer: Sequence[float] | None, peer_name: str) -> Row:
    """A row of what is better when it is less, and for which nothing was set: medians, as in a row of rates."""
    own = round(median(ours), 2)
    if not peer:
        return Row(name, own, None, peer_name, unit, None, None)
    ratio = median(theirs / mine for mine, theirs in zip(ours, peer, strict=True))
    return Row(name, own, round(median(peer), 2), peer_name, unit, round(ratio, 2), None)


def limit_row(name: str, ours: float, unit: str, limit: float) -> Row:
    """A row without a peer: what must stay under a limit."""
    return Row(name, round(ours, 3), None, None, unit, round(limit / max(ours, limit / 1000), 2), limit)
