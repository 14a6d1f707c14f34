"""LinkedIn's official export keeps what was uploaded (``Rich_Media.csv``) apart from what was posted (``Shares.csv``).

A row of the one belongs to a row of the other when both are of one second, or of one minute where the upload names no
seconds, and no other post is. LinkedIn takes a document up to minutes before it is posted: such an upload stays apart.
What does not belong here: what the columns mean for a post (``platforms.linkedin``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from media_pipeline.model import Fault, Record
from media_pipeline.posts.values import mapping, moment, text

UPLOADS = "Rich_Media"
"""The key under which a share's row gets the rows of its uploads; what their file's name begins with."""
SHARES = "Shares"
_FILE = re.compile(r"(?:^|/)(Shares|Rich_Media)(?:_[\w-]+)?\.csv$")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WRITTEN = re.compile(
    rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}}), (\d{{4}})(?:,? at (\d{{1,2}}):(\d\d)(?::(\d\d))?(?:\s?([AP])M)?)?"
)

Rows = Iterator[Record | Fault]


def table_named(path: str) -> str | None:
    """Which of the two tables a file is."""
    match = _FILE.search(path)
    return match[1] if match else None


def joined(table: str, rows: Rows, beside: Callable[[str], Rows]) -> Rows:
    """The rows of a table, shares with the uploads that are theirs, and uploads without those. ``beside`` reads a table
    of the same export from its beginning."""
    shares = _times_of_shares(beside(SHARES))
    if table == UPLOADS:
        yield from (row for row in rows if isinstance(row, Fault) or _share_of(row, shares) is None)
        return
    uploads: dict[datetime, list[Any]] = {}
    for row in beside(UPLOADS):
        if isinstance(row, Record) and (share := _share_of(row, shares)):
            uploads.setdefault(share, []).append(row.value)
    for row in rows:
        time = time_of_share(row.value) if isinstance(row, Record) else None
        own = uploads.get(time) if time else None
        yield replace(row, value={**row.value, UPLOADS: own}) if own and isinstance(row, Record) else row


def time_of_share(row: Any) -> datetime | None:
    """When a row of ``Shares.csv`` was posted, UTC."""
    return moment((text(mapping(row).get("Date")) or "").removesuffix(" UTC"))


def time_of_upload(row: Mapping[str, Any]) -> tuple[datetime, bool] | None:
    """When a row of ``Rich_Media.csv`` says that something was uploaded, UTC, and whether to the second.

    ``You uploaded a feed photo on January 29, 2026 at 8:30 AM (GMT)``, and other sentences around such a time.
    """
    found = _WRITTEN.search(" ".join(value for value in row.values() if isinstance(value, str)))
    if not found:
        return None
    month, day, year, hour, minute, second, half = found.groups()
    number = int(hour or 0)
    if half:
        number = number % 12 + (12 if half == "P" else 0)
    try:
        time = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), number, int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    return time, second is not None


def _times_of_shares(rows: Rows) -> Counter[datetime]:
    times = (time_of_share(row.value) for row in rows if isinstance(row, Record))
    return Counter(time for time in times if time)


def _share_of(upload: Record, shares: Counter[datetime]) -> datetime | None:
    """The time of the one share that an upload belongs to."""
    found = time_of_upload(mapping(upload.value))
    if not found:
        return None
    time, is_exact = found
    near = [time] if is_exact else [time.replace(second=second) for second in range(60)]
    there = [one for one in near if shares[one]]
    return there[0] if len(there) == 1 and shares[there[0]] == 1 else None
