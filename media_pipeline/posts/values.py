"""Typed access to JSON of any shape: each function takes whatever stands there and never raises.

What belongs here: reading one value. What does not: which keys a platform uses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RUBY_DATE = re.compile(r"\w{3} (\w{3}) (\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4}) (\d{4})", re.ASCII)
_MAX_INTEGER_DIGITS = 19
_MILLISECONDS_FROM = 10**11
"""Unix times from here on count milliseconds: in seconds it is the year 5138."""


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The array, or an empty one."""
    return cast(list[Any], value) if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """The string, unless it is empty or blank."""
    return value if isinstance(value, str) and value.strip() else None


def integer(value: Any) -> int | None:
    """A whole number, also one written as a string or as a float; of at most 19 digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else None
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_INTEGER_DIGITS else None
    return value if isinstance(value, int) and abs(value) < 10**_MAX_INTEGER_DIGITS else None


def count(value: Any) -> int | None:
    """A whole number above zero, as widths, heights and bitrates are; else unknown."""
    number = integer(value)
    return number if number and number > 0 else None


def identifier(value: Any) -> str | None:
    """An id as text, whether it was written as a string or as a number."""
    if isinstance(value, str):
        return value.strip() or None
    number = None if isinstance(value, float) else integer(value)
    return None if number is None else str(number)


def web_address(value: Any) -> str | None:
    """An http or https URL."""
    if not isinstance(value, str):
        return None
    address = value.strip()
    return address if address.lower().startswith(("https://", "http://")) else None


def file_name(address: str) -> str:
    """The last part of a URL's path: the same for one file on several hosts or in several sizes."""
    return address.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]


def dig(value: Any, *keys: str) -> Any:
    """What stands under a path of keys, or None."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = cast(dict[str, Any], value).get(key)
    return value


def moment(value: Any) -> datetime | None:
    """A time in UTC, from Unix seconds or milliseconds, ISO 8601 or ``Wed Oct 10 20:19:24 +0000 2018``.

    A time without an offset is taken as UTC.
    """
    number = integer(value)
    try:
        if number is not None:
            seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
            return datetime.fromtimestamp(seconds, UTC)
        return _moment_of_text(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def _moment_of_text(value: str) -> datetime:
    # Read by hand, since strptime depends on the locale.
    ruby = _RUBY_DATE.fullmatch(value)
    if ruby:
        month, day, clock, offset, year = ruby.groups()
        value = f"{year}-{_MONTHS.index(month) + 1:02}-{day}T{clock}{offset}"
    time = datetime.fromisoformat(value.strip())
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def pointer(*keys: str | int) -> str:
    """A JSON Pointer (RFC 6901) that goes down these keys."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def find_keys(value: Any, keys: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield the pointer and value of everything that stands under one of ``keys``, at any depth.

    What is found is not searched in turn. Depth costs no stack.
    """
    waiting: list[tuple[_Step | None, Any]] = [(None, value)]
    while waiting:
        place, node = waiting.pop()
        below: list[tuple[_Step | None, Any]] = []
        for key, child in _children(node):
            if key in keys:
                yield _pointer_of(_Step(place, key)), child
            elif mapping(child) or items(child):
                below.append((_Step(place, key), child))
        waiting.extend(reversed(below))


class _Step(NamedTuple):
    """A way down, kept as a chain so that only what is found costs the making of a pointer."""

    before: _Step | None
    key: str | int


def _children(node: Any) -> Iterable[tuple[str | int, Any]]:
    return mapping(node).items() if isinstance(node, dict) else enumerate(items(node))


def _pointer_of(step: _Step | None) -> str:
    keys: list[str | int] = []
    while step:
        keys.append(step.key)
        step = step.before
    return pointer(*reversed(keys))
