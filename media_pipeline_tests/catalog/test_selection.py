"""Partitions and people as conditions, and text that a database takes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import Selection, holds_import, pieces, ranges, selects_post
from media_pipeline.catalog.tables import imports, posts
from media_pipeline.model import ImportPartition
from media_pipeline_tests.catalog.filling import a_post, add_import, upsert

DAYS = [date(2026, 11, day) for day in (1, 2, 3, 5, 8, 9)]
TWITTER = [ImportPartition(day, "twitter") for day in DAYS]
LINKEDIN = [ImportPartition(day, "linkedin") for day in DAYS]


def test_contiguous_days_of_a_platform_are_one_range():
    chosen = [LINKEDIN[0], *TWITTER[:4], TWITTER[5], TWITTER[0]]
    assert ranges(chosen) == [
        ("linkedin", DAYS[0], DAYS[0]),
        ("twitter", DAYS[0], DAYS[2]),
        ("twitter", DAYS[3], DAYS[3]),
        ("twitter", DAYS[5], DAYS[5]),
    ]
    assert ranges([]) == []


@pytest.mark.parametrize("chosen", [[], TWITTER, TWITTER[3:4], [*TWITTER[:2], TWITTER[5], LINKEDIN[2], LINKEDIN[4]]])
def test_partitions_with_gaps_hold_their_imports_and_no_other(database: Database, chosen: list[ImportPartition]):
    for partition in [*TWITTER, *LINKEDIN]:
        add_import(database, partition)
    query = sa.select(imports.c.import_date, imports.c.platform).where(holds_import(chosen))
    with database.read() as connection:
        found = [ImportPartition(*row) for row in connection.execute(query)]
    assert sorted(found) == sorted(chosen)


def test_thousands_of_partitions_with_gaps_are_one_condition(database: Database):
    add_import(database, TWITTER[0])
    chosen = [
        ImportPartition(date(2000, 1, 1) + timedelta(days=2 * number), platform)
        for number in range(5000)
        for platform in ("linkedin", "twitter")
    ]
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(imports)
        assert connection.execute(query.where(holds_import(chosen))).scalar_one() == 0
        assert connection.execute(query.where(holds_import([*chosen, TWITTER[0]]))).scalar_one() == 1


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("ann", True),
        ("@ANN", True),
        ("17", True),
        ("@17", False),
        ("an", False),
        ("a%", False),
        ("", False),
        ("Jürgen", True),
        ("@JÜRGEN", None),
    ],
)
def test_an_author_is_found_by_handle_in_any_case_or_by_id(database: Database, user: str, found: bool | None):
    upsert(
        database,
        a_post("1", author_handle="Ann", author_id="17"),
        a_post("2", author_handle="Jürgen", author_id="18"),
        a_post("3", author_handle=None),
    )
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(posts).where(selects_post(Selection(user=user)))
        number = connection.execute(query).scalar_one()
    assert number in (0, 1) if found is None else number == found  # SQLite knows the case of ASCII only


def test_pieces_hold_everything_once():
    assert list(pieces(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(pieces([])) == []
    assert [len(piece) for piece in pieces(range(1001))] == [500, 500, 1]
