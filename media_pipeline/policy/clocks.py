"""What a written time is worth when the clock that wrote it may have been wrong.

A machine starts with a clock that is years ahead, works, and its clock is set right. No rule here asks what the clock
was then: each looks at a time in the light of the present clock, and believes none that a right clock can't have
written. The rules are comparisons joined by ``|`` and ``&``, so they hold for a value as for a column of the catalogue.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

CLOCKS_APART = timedelta(minutes=5)
"""Machines whose clocks are right differ by less. A time further in the future was written by one that was wrong."""


FOUND_WRONG = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of the last verification of a file that was read since and did not match its checksum."""


def is_from_the_future(moment: Any, now: datetime) -> Any:
    """Whether a clock that was wrong has written this time."""
    return moment > now + CLOCKS_APART


def is_waited_out(until: Any, written_at: Any, now: datetime, longest_wait: timedelta) -> Any:
    """Whether a wait is over: its time has come, nobody waits for so long, or it was reckoned by a wrong clock."""
    return (until <= now) | (until > now + longest_wait) | is_from_the_future(written_at, now)


def is_expired_too_soon(expires_at: Any, attempts: Any, written_at: Any, now: datetime) -> Any:
    """Whether a URL that counts as expired may live: it was never asked and its own date is still to come, or a wrong
    clock has said so.
    """
    return ((expires_at > now) & (attempts == 0)) | is_from_the_future(written_at, now)


def is_changed_since(modified_at: datetime, verified_at: datetime, now: datetime) -> bool:
    """Whether a file may be another one than was verified.

    A file from the future says nothing by its time: it would be another one at every look. A proof from the future is
    none, nor is that of a file that was found wrong since.
    """
    if verified_at <= FOUND_WRONG or is_from_the_future(verified_at, now):
        return True
    return modified_at > verified_at and not is_from_the_future(modified_at, now)


def is_too_old(modified_at: datetime, now: datetime, kept_for: timedelta) -> bool:
    """Whether what is kept for a while has had its time; what is from the future would be kept for years."""
    return now - modified_at > kept_for or is_from_the_future(modified_at, now)
