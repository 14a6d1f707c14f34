"""A batch of which one row is refused is written without it, and the guilty one is named, on both databases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from media_pipeline.catalog import rowwise
from media_pipeline.catalog.database import Database
from media_pipeline.model import MediaPipelineError
from media_pipeline_tests.ids import telling

THINGS = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Index("ix_things_name", "name"),
)


@pytest.fixture
def things(database: Database) -> Database:
    with database.write() as connection:
        THINGS.create(connection)
    return database


def write(database: Database, rows: Sequence[dict[str, Any]]) -> rowwise.Written[dict[str, Any], int]:
    def insert(some: Sequence[dict[str, Any]]) -> int:
        connection.execute(sa.insert(THINGS), list(some))
        return len(some)

    with database.write() as connection:
        return rowwise.write(connection, rows, insert)


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(sa.select(THINGS.c.number).order_by(THINGS.c.number)).scalars())


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"number": 3, "name": None}, "the database refuses it"),
        ({"number": 1, "name": "twice"}, "the database refuses it"),
        ({"number": 10**30, "name": "wide"}, ""),
        ({"number": 3, "name": object()}, ""),
    ],
)
def test_the_guilty_row_is_named_and_the_others_are_written(things: Database, bad: dict[str, Any], reason: str):
    rows = [{"number": number, "name": "x"} for number in (0, 1, 2)] + [bad, {"number": 4, "name": "y"}]
    written = write(things, rows)
    assert numbers(things) == [0, 1, 2, 4]
    assert sum(written.results) == 4
    (refused,) = written.refused
    assert refused.row == bad
    assert refused.reason.startswith(reason)
    assert "\n" not in refused.reason


def test_a_row_too_large_for_an_index_is_named(things: Database):
    # Text that does not pack: PostgreSQL packs what it can before it measures.
    long = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(8000))
    written = write(things, [{"number": 0, "name": "a"}, {"number": 1, "name": long}, {"number": 2, "name": "b"}])
    if things.is_sqlite:
        assert (numbers(things), written.refused) == ([0, 1, 2], [])
    else:
        assert numbers(things) == [0, 2]
        assert "ProgramLimitExceeded" in written.refused[0].reason


def test_a_batch_without_rows_writes_and_refuses_nothing(things: Database):
    assert write(things, []) == rowwise.Written([], [])


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("INSERT", {}, Exception("disk is full")),
        MediaPipelineError("stop"),
        OSError(28, "No space left on device"),
        MemoryError(),
        KeyboardInterrupt(),
    ],
    ids=telling,
)
def test_what_is_no_rows_fault_stops_the_batch_and_is_tried_once(things: Database, error: BaseException):
    tried: list[int] = []

    def fail(rows: Sequence[int]) -> None:
        tried.append(len(rows))
        raise error

    with pytest.raises(type(error)), things.write() as connection:
        rowwise.write(connection, [1, 2, 3], fail)
    assert tried == [3]


def test_an_unforeseen_error_is_named_with_its_class(things: Database):
    def choke(rows: Sequence[int]) -> int:
        if 2 in rows:
            raise LookupError("of no kind\nthat is known")
        return len(rows)

    with things.write() as connection:
        written = rowwise.write(connection, [1, 2, 3], choke)
    assert written.results == [1, 1]
    (refused,) = written.refused
    assert refused.row == 2
    assert re.fullmatch(r"unforeseen LookupError at rowwise\.py:\d+: of no kind that is known", refused.reason)
