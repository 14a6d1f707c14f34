"""JSON as exports write it."""

from __future__ import annotations

from typing import Any

import orjson

Json = dict[str, Any]


def pretty(value: Any) -> bytes:
    """Indented, with a line feed at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def lines(values: list[Json]) -> bytes:
    """One value a line."""
    return b"".join(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE) for value in values)
