"""When a URL counts as expired.

What belongs here: which of two times holds, and whether it has come. What does not: reading a time from a URL
(:mod:`media_pipeline.posts.expiry`).
"""

from __future__ import annotations

from datetime import datetime


def end_of(url_says: datetime | None, export_says: datetime | None) -> datetime | None:
    """When the URL stops working. Its own signature is what the host checks; an export repeats what it was told."""
    return url_says or export_says


def is_over(end: datetime | None, now: datetime) -> bool:
    """Whether a URL that works until ``end`` no longer does. One that says nothing never ends."""
    return end is not None and end <= now
