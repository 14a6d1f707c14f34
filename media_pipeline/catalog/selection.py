"""What the tables' queries share: partitions and people as conditions, long lists in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby, islice
from typing import TypeVar

import sqlalchemy as sa

from media_pipeline.catalog.tables import imports, posts
from media_pipeline.model import ImportPartition

Value = TypeVar("Value")

IN_LIST = 500
"""Values in one IN (…): SQLite takes 32,766 parameters, planners like fewer."""


def ranges(partitions: Iterable[ImportPartition]) -> list[tuple[str, date, date]]:
    """Partitions as (platform, first date, last date), each as long as its dates are contiguous."""
    found: list[tuple[str, date, date]] = []
    for platform, group in groupby(sorted(partitions, key=lambda p: (p.platform, p.import_date)), lambda p: p.platform):
        for partition in group:
            day = partition.import_date
            if found and found[-1][0] == platform and day - found[-1][2] <= timedelta(days=1):
                found[-1] = (platform, found[-1][1], day)
            else:
                found.append((platform, day, day))
    return found


def holds_import(partitions: Sequence[ImportPartition]) -> sa.ColumnElement[bool]:
    """Condition on ``imports``: its row lies in one of the partitions."""
    found = ranges(partitions)
    days: dict[str, list[date]] = {}
    for platform, first, last in found:
        if first == last:
            days.setdefault(platform, []).append(first)
    # Single days go into a list: SQLite refuses an expression of a thousand ORs, and weekly imports make as many.
    single = [sa.and_(imports.c.platform == platform, imports.c.import_date.in_(days[platform])) for platform in days]
    several = [
        sa.and_(imports.c.platform == platform, imports.c.import_date.between(first, last))
        for platform, first, last in found
        if first < last
    ]
    return sa.or_(sa.false(), *single, *several)


def in_partitions(column: sa.ColumnElement[str], partitions: Sequence[ImportPartition]) -> sa.ColumnElement[bool]:
    """Condition on an ``import_id`` column: the import lies in one of the partitions."""
    return column.in_(sa.select(imports.c.import_id).where(holds_import(partitions)))


def by_author(user: str) -> sa.ColumnElement[bool]:
    """Condition on ``posts``: by the author with this handle (with or without @) or platform id."""
    # The database lowers both sides: SQLite's lower() leaves all but ASCII alone, Python's does not.
    handle = sa.func.lower(sa.literal(user.removeprefix("@"), posts.c.author_handle.type))
    return sa.or_(sa.func.lower(posts.c.author_handle) == handle, posts.c.author_id == user)


def pieces(values: Iterable[Value], size: int = IN_LIST) -> Iterator[list[Value]]:
    """The values in lists of at most ``size``."""
    iterator = iter(values)
    while piece := list(islice(iterator, size)):
        yield piece
