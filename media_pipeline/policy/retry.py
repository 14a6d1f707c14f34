"""When a reference that failed is tried again by a later run, and when it is given up.

What belongs here: which status follows from a failure, and when the next run may try. What does not: requests that are
made again within a run (:mod:`media_pipeline.fetch.dispatch.journey`), and the archive's calls
(:mod:`media_pipeline.storage.patience`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from media_pipeline.model import Status

FIRST_WAIT = timedelta(hours=1)
"""Between the first try and the second; doubled with each further one."""
LONGEST_OWN_WAIT = timedelta(days=7)
LONGEST_ASKED_WAIT = timedelta(days=30)
"""A host that asks for a longer wait is asked again after this one."""
LONGEST_WAIT = max(LONGEST_OWN_WAIT, LONGEST_ASKED_WAIT)
RECHECKED = (Status.GONE, Status.FORBIDDEN)
"""What a host has found final, and may find another way some day."""
LONGEST_RECHECK = timedelta(days=3660)
"""A clock that is right names no later time for it."""
_MOST_DOUBLINGS = 10
_SPREAD = 0.25
"""Of the wait for what is asked again: what was found gone in one night comes again over many."""


def wait_after(attempts: int) -> timedelta:
    """How long a reference waits after so many runs have tried it in vain."""
    return min(FIRST_WAIT * 2 ** min(max(attempts - 1, 0), _MOST_DOUBLINGS), LONGEST_OWN_WAIT)


def next_time(attempts: int, retry_after_seconds: float | None, now: datetime) -> datetime:
    """When a reference is due again that so many runs have tried, and whose host may have asked for a wait."""
    asked = min(timedelta(seconds=retry_after_seconds or 0), LONGEST_ASKED_WAIT)
    return now + max(wait_after(attempts), asked)


def recheck_time(recheck_days: float, share: float, now: datetime) -> datetime | None:
    """When a verdict of RECHECKED is looked at again (``MEDIA_RECHECK_DAYS``); None: never.

    ``share``: from 0 to 1, by chance, so that not all are asked in one night.
    """
    if recheck_days <= 0:
        return None
    return now + min(timedelta(days=recheck_days * (1 + _SPREAD * share)), LONGEST_RECHECK)


def is_last_try(attempts: int, max_attempts: int) -> bool:
    """Whether the try that is made now, after so many others, is the last one (``MEDIA_MAX_ATTEMPTS``)."""
    return attempts + 1 >= max_attempts


def status_after(status: Status, attempts: int, max_attempts: int) -> Status:
    """What a failure means to a reference that so many runs have tried: a transient one is abandoned at last."""
    return Status.ABANDONED if status is Status.FAILED and attempts >= max_attempts else status
