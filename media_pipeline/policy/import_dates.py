"""Which import dates there are: from the first one that is set to today. Dagster has a partition for each, no other.

A request for another one makes Dagster refuse all requests that come with it, so every way in asks here first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportDates:
    """The import dates that are partitions now: the first, and today in UTC."""

    first: date
    today: date

    def refusal(self, day: date) -> str | None:
        """Why a date is no partition now, and what to do; None for one that is."""
        if day < self.first:
            return f"{day} is before the first import date {self.first}; choose a later date or set MEDIA_START_DATE"
        if day > self.today:
            return f"{day} has not come yet: it is taken on that day (UTC), not before"
        return None


def date_named(text: str) -> date:
    """The date that a folder or an argument names. Raises ValueError, whose text says what is wrong with it."""
    if not _ISO_DATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a date; write YYYY-MM-DD, such as 2026-11-20")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date of the calendar; write YYYY-MM-DD") from None
