"""``docs/catalog.md`` says what is: its tables are the tables', its queries run on both databases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from media_pipeline.catalog import duplicates
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import metadata
from media_pipeline.model import Status
from media_pipeline_tests.catalog.filling import (
    NOW,
    a_file,
    add_import,
    add_post,
    archive,
    digest,
    fail,
    give_facts,
    path_of,
    row,
    store,
)
from media_pipeline_tests.catalog.page import ORDER, PAGE, page

QUERIES = re.findall(r"```sql\n(.*?)```", page(), re.DOTALL)


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m media_pipeline_tests.catalog.page"


def test_the_page_names_every_table_and_column_with_its_meaning():
    assert sorted(ORDER) == sorted(metadata.tables)
    for table in metadata.tables.values():
        assert table.comment
        assert [column.name for column in table.columns if not column.comment] == []


@pytest.fixture
def filled(database: Database) -> Database:
    """Two authors: bob repeats a picture of Ann's."""
    anns = add_post(
        database,
        "1001",
        "https://host/1.jpg",
        "https://host/2.jpg",
        posted_at=NOW,
        author_handle="ann",
        url="https://a",
    )
    bobs = add_post(
        database,
        "1002",
        "https://host/3.jpg",
        posted_at=NOW + timedelta(days=1),
        author_handle="bob",
        url="https://b",
        name="b.json",
    )
    sha256 = store(database, "one", anns[0], *bobs)
    give_facts(database, sha256, latitude=52.5, longitude=13.25, taken_at="2026-11-01T10:00:00")
    archive(database, sha256)
    fail(database, anns[1], status=Status.GONE)
    with database.write() as connection:
        duplicates.point_to(connection, {bobs[0]: anns[0]})
    return database


def test_the_queries_of_the_page_answer_on_both_databases(filled: Database):
    place = path_of(a_file("one"))
    source = row(filled, "imports", import_id=add_import(filled))
    answers: list[Sequence[tuple[Any, ...]]] = [
        [(0, "stored", place, f"s3://bucket/media/{digest('one')}"), (1, "gone", None, None)],
        [("gone", "gone", 1, "https://a")],
        [("ann", "https://a", "bob", "https://b")],
        [("2026-11-01T10:00:00", 52.5, 13.25, place, url) for url in ("https://a", "https://b")],
        [("twitter/2026-11-01/a.json", "line 1#", source["import_id"])],
    ]
    assert len(QUERIES) == len(answers) == 5
    with filled.read() as connection:
        for query, answer in zip(QUERIES, answers, strict=True):
            found = [tuple(found) for found in connection.execute(sa.text(query))]
            assert [found[: len(answer[0])] for found in found] == answer
