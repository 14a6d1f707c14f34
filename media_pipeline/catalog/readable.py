"""The catalogue's columns of JSON that are read again: each gives what its readers expect, whatever stands in it.

What belongs here: what of a value is readable, by its column. What does not: text, numbers and times
(:mod:`media_pipeline.catalog.storable`), and what the readers do with it.

A hand may have written anything there. A type is applied wherever a value is read, so no reader can forget it: what
is unreadable is as if it were not there, and costs no other row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from media_pipeline.model import Role

_ROLES = frozenset(role.value for role in Role)
_CANDIDATE: dict[str, tuple[type, Any]] = {
    "width": (int, None),
    "height": (int, None),
    "bitrate": (int, None),
    "rule": (str, ""),
    "codec": (str, None),
    "expires_at": (str, None),
}
"""What an entry of ``candidates`` has besides url and role: the type, and what stands for a value of another."""


class _Readable(TypeDecorator[Any]):
    """JSON of which only what its readers can take is written and read."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def readable(self, value: Any) -> Any:
        """What is readable of any JSON."""
        raise NotImplementedError

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return self.readable(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return self.readable(value)


class Candidates(_Readable):
    """A list of those that have a URL and a known role."""

    cache_ok = True

    def readable(self, value: Any) -> list[dict[str, Any]]:
        """Each with all of its fields."""
        return [entry for entry in map(_candidate, _list(value)) if entry is not None]


class Paths(_Readable):
    """A list of texts; None where there is none."""

    cache_ok = True

    def readable(self, value: Any) -> list[str] | None:
        """Those that are text."""
        return [entry for entry in _list(value) if isinstance(entry, str)] or None


class UnexplainedUrls(_Readable):
    """A list of those that have a count; None: not counted yet."""

    cache_ok = True

    def readable(self, value: Any) -> list[dict[str, Any]] | None:
        """Each as it is."""
        if value is None:
            return None
        return [entry for entry in map(_mapping, _list(value)) if isinstance(entry.get("count"), int)]


class EmbeddedPart(_Readable):
    """A file inside a file. Without ``is_there``, true or false, nothing is known of it."""

    cache_ok = True

    def readable(self, value: Any) -> dict[str, Any] | None:
        """As it is, or None."""
        found = _mapping(value)
        return found if isinstance(found.get("is_there"), bool) else None


def _candidate(value: Any) -> dict[str, Any] | None:
    entry = _mapping(value)
    role = entry.get("role")
    if not isinstance(entry.get("url"), str) or not isinstance(role, str) or role not in _ROLES:
        return None
    found = {"url": entry["url"], "role": entry["role"]}
    for name, (kind, otherwise) in _CANDIDATE.items():
        one = entry.get(name)
        found[name] = one if isinstance(one, kind) else otherwise
    if found["expires_at"] and not _is_time(found["expires_at"]):
        found["expires_at"] = None
    return found


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
