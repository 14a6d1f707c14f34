"""What a parameter is called in the name of its test, where pytest would only count it."""

from __future__ import annotations

from typing import Any

LONGEST = 60
MOST_VALUES = 3


def telling(value: Any) -> str | None:
    """Small dicts as ``key=value``, large ones by their keys; lists by their items; errors by their class.

    None for the rest, which pytest names by itself.
    """
    if isinstance(value, dict):
        parts = [
            f"{key}={part}" if len(value) <= MOST_VALUES and isinstance(part, str | int | None) else str(key)
            for key, part in value.items()
        ]
        return ", ".join(parts)[:LONGEST] or "{}"
    if isinstance(value, list | tuple):
        return " ".join(telling(part) or str(part) for part in value)[:LONGEST] or "[]"
    return type(value).__name__ if isinstance(value, BaseException) else None
