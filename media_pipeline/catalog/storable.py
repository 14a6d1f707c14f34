"""The catalogue's column types: each makes of any value one that both databases take, and take alike.

What belongs here: what a database can't hold, and what is held in its place. What does not: columns
(:mod:`media_pipeline.catalog.tables`), and what a value means.

Posts, headers and cameras say anything. A type is applied wherever a value meets its column, in a comparison too: so
no caller can forget it, and what was stored in another shape is found by its own.

| value | stored |
|---|---|
| text with NUL, which PostgreSQL refuses, or with lone surrogates, which UTF-8 has not | U+FFFD in their places |
| text longer than an index entry may be on PostgreSQL | its beginning, `…` and a piece of its digest |
| text longer than its column | its beginning and `…` |
| true, or a fraction, in a column of integers | the whole number |
| an integer beyond the column's bits, a float that is no number | nothing |
| a time outside the years 1 to 9999, in UTC and with a day to spare for any session's zone | nothing |
"""

from __future__ import annotations

import hashlib
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeDecorator, TypeEngine

INDEXED_CHARACTERS = 512
"""Of a text in an index. A character takes 4 bytes at most, an entry of PostgreSQL's indexes 2,704."""

_DIGITS = 32
_ANY_DIALECT = DefaultDialect()
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


def storable_text(text: str) -> str:
    """Text without what no database takes."""
    # A look by the hundredth of a microsecond: most text is ASCII, and rows are many.
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def indexed_text(text: str) -> str:
    """Text as an index takes it. Two long texts that differ anywhere stay two."""
    if len(text) > INDEXED_CHARACTERS:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
        text = f"{text[: INDEXED_CHARACTERS - _DIGITS - 1]}…{digest}"
    return storable_text(text)


def as_stored(column: sa.Column[Any], value: Any) -> Any:
    """What a query gives back of a value that was stored in a column: so what is new is compared with what is there."""
    kind = column.type
    return kind.process_bind_param(value, _ANY_DIALECT) if isinstance(kind, TypeDecorator) else value


class Text(TypeDecorator[str]):
    """Text of any length."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable_text(value)


class IndexedText(TypeDecorator[str]):
    """Text that is looked up through an index."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else indexed_text(value)


class String(TypeDecorator[str]):
    """Text of so many characters. What is cut ends in ``…``, so that it equals nothing that was whole."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return storable_text(value if len(value) <= self.length else f"{value[: self.length - 1]}…")


class _Number(TypeDecorator[int]):
    """An integer of so many bits, with its sign."""

    bits = 32

    def process_bind_param(self, value: float | None, dialect: sa.Dialect) -> int | None:  # noqa: ARG002
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return None
        # JSON's true is 1 to SQLite, and no number to PostgreSQL; a fraction is kept by one and rounded by the other.
        whole = int(value)
        return whole if -(1 << (self.bits - 1)) <= whole < 1 << (self.bits - 1) else None

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """A share by which a number is multiplied is no integer."""
        return self if isinstance(value, int) else self.impl_instance.coerce_compared_value(op, value)


class Integer(_Number):
    """An integer of 32 bits."""

    impl = sa.Integer
    cache_ok = True


class BigInteger(_Number):
    """An integer of 64 bits."""

    impl = sa.BigInteger
    cache_ok = True
    bits = 64


class Float(TypeDecorator[float]):
    """A number with a fraction. NaN is text to JSON, NULL to SQLite, and greater than all others to PostgreSQL."""

    impl = sa.Float
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: sa.Dialect) -> float | None:  # noqa: ARG002
        try:
            return value if value is None or math.isfinite(value) else None
        except OverflowError:
            # An integer that no float is near to.
            return None


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time. SQLite has no time zones, so there it is kept without and given back with."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"a time without a zone can't be stored: {value!r}")
        if not _EARLIEST <= value <= _LATEST:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
