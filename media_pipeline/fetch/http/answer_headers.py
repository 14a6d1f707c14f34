"""What is kept of an answer's headers, to show later what a host said.

What belongs here: the bounds, and what is left out. What does not: what headers mean to a download.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST_HEADERS = 64
MOST_CHARACTERS = 8192
"""Of all names and values together."""

_SECRET = frozenset(("set-cookie", "set-cookie2"))
"""They would let whoever reads them act for us."""


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers in their order, without cookies, up to both bounds. The value that exceeds them ends in ``…``."""
    kept: dict[str, str] = {}
    left = MOST_CHARACTERS
    for name, value in headers.items():
        if name.lower() in _SECRET:
            continue
        if len(kept) == MOST_HEADERS or len(name) >= left:
            break
        left -= len(name)
        kept[name] = value if len(value) <= left else f"{value[: left - 1]}…"
        left -= len(kept[name])
    return kept
