"""Batches of foreign data, of which one row may be what a database, or this program, can't take.

What belongs here: writing such a batch all the same, and naming the guilty row. What does not: what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from media_pipeline.model import is_of_the_one, unforeseen

Row = TypeVar("Row")
Result = TypeVar("Result")

_CODES_OF_VALUES = ("54", "42804")
"""PostgreSQL's codes for a row that is too large for an index, page or statement, and for a value of another type."""
_DRIVERS_OF_VALUES = ("binding parameter", "can't adapt")
"""What the drivers of SQLite and PostgreSQL say of a value that they have no form for."""


@dataclass(frozen=True, slots=True)
class Refused(Generic[Row]):
    """A row that can't be written, and why in one line."""

    row: Row
    reason: str


@dataclass(frozen=True, slots=True)
class Written(Generic[Row, Result]):
    """What ``write`` returned for the rows that were written, and those that were not."""

    results: list[Result] = field(default_factory=list[Result])
    refused: list[Refused[Row]] = field(default_factory=list[Refused[Row]])


def write(
    connection: sa.Connection, rows: Sequence[Row], write_rows: Callable[[Sequence[Row]], Result]
) -> Written[Row, Result]:
    """Write rows at once; if one of them is refused, each by itself. Each try is undone as a whole when it fails.

    Raises whatever is no row's fault: a full disk, a database that is gone.
    """
    if not rows:
        return Written()
    try:
        with connection.begin_nested():
            return Written([write_rows(rows)])
    except Exception as error:
        if not _is_of_a_row(error):
            raise
        reason = _reason(error)
    if len(rows) == 1:
        return Written([], [Refused(rows[0], reason)])
    written: Written[Row, Result] = Written()
    for row in rows:
        alone = write(connection, [row], write_rows)
        written.results.extend(alone.results)
        written.refused.extend(alone.refused)
    return written


def _is_of_a_row(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        code = str(getattr(error.orig, "pgcode", None) or "")
        is_of_a_value = code.startswith(_CODES_OF_VALUES) or any(text in str(error.orig) for text in _DRIVERS_OF_VALUES)
        return isinstance(error, DataError | IntegrityError) or is_of_a_value
    if isinstance(error, SQLAlchemyError):
        # A value that has no form for the driver.
        return isinstance(error, StatementError)
    return is_of_the_one(error)


def _reason(error: Exception) -> str:
    if isinstance(error, DBAPIError) and error.orig is not None:
        # Without the statement and its values, which SQLAlchemy adds.
        return f"the database refuses it: {type(error.orig).__name__}: {' '.join(str(error.orig).split())}"
    return unforeseen(error)
