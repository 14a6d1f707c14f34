"""When a run counts as dead: by what it wrote into its lease, and by nothing else.

A run renews its lease while its process works, and a sensor looks at the leases. Every time here is the database's, so
that no machine's clock is believed. What belongs here: the rule. What does not: leases (``catalog.leases``), the
process that renews one (``defs.runs.heartbeat``), and what is done about a dead run (``defs.runs.dead_runs``).

A silent lease is not enough: when the database itself was away, paused, or had its clock set, every lease is silent at
once. So a silent run is suspected first. It is dead when it still has not renewed its lease at a later look, by which
it had time to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

START_SECONDS = 180
"""What a run may take from its launch to its first renewal: a new process imports Dagster and this project."""

RENEWALS_IN_A_LEASE = 6
LOOKS_IN_A_LEASE = 2
SUSPICIONS_IN_A_LEASE = 3
"""How short the time from suspicion to death is, as a share of the lease: two renewals, and less than two looks."""


class Verdict(Enum):
    """What a look at a lease says."""

    LIVES = auto()
    SILENT = auto()
    """To be suspected from now on."""
    SUSPECTED = auto()
    """It was suspected a short while ago."""
    DEAD = auto()


def verdict(
    began_at: datetime,
    renewed_at: datetime | None,
    suspected_at: datetime | None,
    now: datetime,
    lease_seconds: float,
) -> Verdict:
    """What the lease of a run says ``now``, which is a time of the same clock as the others.

    A time in the future says that the clock was set back: nothing is known from it, as if there were silence.
    """
    if renewed_at is None:
        heard_at, patience = began_at, max(START_SECONDS, lease_seconds)
    else:
        heard_at, patience = renewed_at, lease_seconds
    if _within(heard_at, now, patience):
        return Verdict.LIVES
    if suspected_at is None or suspected_at > now:
        return Verdict.SILENT
    if _within(suspected_at, now, lease_seconds / SUSPICIONS_IN_A_LEASE):
        return Verdict.SUSPECTED
    return Verdict.DEAD


def _within(moment: datetime, now: datetime, seconds: float) -> bool:
    return timedelta(0) <= now - moment <= timedelta(seconds=seconds)
