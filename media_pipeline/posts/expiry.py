"""When a signed media URL stops working, read from the URL itself.

What belongs here: one rule a family of hosts. What does not: clocks; whether that time has passed is for others.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from media_pipeline.posts.values import moment


def expires_at(url: str | None) -> datetime | None:
    """The time in UTC after which the host refuses the URL, or None when the URL doesn't say."""
    if not url or "?" not in url:
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        query = parse_qs(parts.query)
    except ValueError:
        return None
    return _linkedin(query) if host == "licdn.com" or host.endswith(".licdn.com") else None


def _linkedin(query: dict[str, list[str]]) -> datetime | None:
    """LinkedIn's media hosts: ``e`` in Unix seconds."""
    return moment(query.get("e", [""])[0])
