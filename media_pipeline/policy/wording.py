"""Values as people read them: nothing of the way that Python writes them.

What belongs here: how a value is put into words. What does not: making it fit for where it is shown
(:mod:`media_pipeline.policy.foreign_text`), and the exact values, which ``--json`` and the catalogue have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast


def worded(value: Any) -> str:
    """A value in words: nothing for None, yes or no, numbers with separators, times in UTC, lists with commas."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case datetime():
            return _time(value)
        case Mapping():
            return ", ".join(f"{worded(name)} {worded(one)}" for name, one in cast("Mapping[Any, Any]", value).items())
        case list() | tuple():
            return ", ".join(map(worded, cast("Sequence[Any]", value)))
        case set() | frozenset():
            return ", ".join(sorted(map(worded, cast("frozenset[Any]", value))))
        case float():
            return f"{value:,.2f}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _time(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if value.tzinfo else f"{value:%Y-%m-%d %H:%M:%S}"
