"""Whatever a post, a header or a camera says can be stored, and found again, alike on both databases."""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from media_pipeline.catalog import media
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.media import StoredMedia
from media_pipeline.catalog.selection import Selection, selects_post
from media_pipeline.catalog.storable import INDEXED_CHARACTERS, as_stored, indexed_text
from media_pipeline.catalog.tables import fetch_attempts, media_files, metadata, post_media, posts
from media_pipeline.model import FetchAttempt
from media_pipeline_tests.catalog.filling import NOW, a_post, a_ref, save_manifest, store, upsert

LONG = "é" * 3000
"""An id of 3,000 characters made PostgreSQL refuse a whole batch: its index takes no such entry."""

WILD_TEXTS = [
    "",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\U0001f600" * 3000,
    LONG,
    "\x1b[31m",
    "a" * 100_000,
    "\ufffe",
]
WILD_NUMBERS = [0, -1, 2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, 10**400, True, 2.5, math.nan, math.inf]
WILD_FLOATS = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e308, 5e-324, 10**400]
WILD_TIMES = [
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    datetime(1, 1, 3, tzinfo=UTC),
    datetime(9999, 12, 29, tzinfo=UTC),
    datetime(1890, 1, 1, tzinfo=timezone(timedelta(minutes=19, seconds=32, microseconds=13))),
    datetime(2026, 11, 26, 23, 59, 59, 999999, tzinfo=UTC),
]
WILD_JSON: list[Any] = [
    {"a": "\0", "b": "\ud800", "\0": 1},
    {"far": 10**40, "nan": math.nan, "inf": [math.inf, -math.inf], "lone": "\udc00"},
    {"text": "NaN and Infinity", "lone": "\udc00"},
    [[[[]]]],
    {"bytes": b"\xff", "when": NOW},
]


def wild_value(column: sa.Column[Any], chance: random.Random) -> Any:
    kind = column.type.impl_instance if isinstance(column.type, sa.types.TypeDecorator) else column.type
    match kind:
        case sa.Text() | sa.String():
            return chance.choice(WILD_TEXTS)
        case sa.Float():
            return chance.choice(WILD_FLOATS)
        case sa.DateTime():
            return chance.choice(WILD_TIMES)
        case sa.JSON():
            return chance.choice(WILD_JSON)
        case sa.Boolean():
            return chance.choice([True, False])
        case sa.Date():
            return chance.choice([date.min, date.max])
        case _:
            return chance.choice(WILD_NUMBERS)


FREE = [
    column
    for table in metadata.tables.values()
    for column in table.columns
    if not (column.primary_key or column.foreign_keys) and column.nullable
]


def test_every_column_of_text_numbers_and_times_has_a_type_that_makes_its_values_storable():
    bare = [
        f"{column.table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if not isinstance(column.type, sa.types.TypeDecorator | sa.JSON | sa.Boolean | sa.Date)
    ]
    assert bare == ["fetch_attempts.id"]


@pytest.mark.parametrize("seed", range(20))
def test_any_value_in_any_column_that_may_be_empty_is_stored(database: Database, seed: int):
    chance = random.Random(seed)
    upsert(database, a_post("1"))
    save_manifest(database, "1", a_ref(0, "https://host/a.jpg"))
    store(database, "a")
    for table in (posts, post_media, media_files):
        values = {column.name: wild_value(column, chance) for column in FREE if column.table is table}
        with database.write() as connection:
            connection.execute(sa.update(table).values(values))
            row = connection.execute(sa.select(table)).mappings().one()
        for name, value in values.items():
            if not isinstance(table.c[name].type, sa.JSON):
                assert row[name] == as_stored(table.c[name], value), (table.name, name, value)


def test_an_id_of_3000_characters_is_stored_and_found_by_its_whole_text(database: Database):
    upsert(database, a_post(LONG + "1", author_handle=LONG), a_post(LONG + "2", author_id=LONG), a_post("3"))
    with database.read() as connection:
        found = connection.execute(sa.select(posts.c.native_id).where(posts.c.native_id == LONG + "2")).scalars().all()
        is_of_author = selects_post(Selection(user=LONG))
        of_handle = connection.execute(sa.select(sa.func.count()).where(is_of_author)).scalar_one()
    assert [len(native_id) for native_id in found] == [INDEXED_CHARACTERS]
    assert of_handle == 2


def test_two_long_texts_that_differ_at_their_end_stay_two():
    assert indexed_text(LONG + "1") != indexed_text(LONG + "2")
    assert indexed_text("\ud800" * 3000) == indexed_text("\ud800" * 3000)
    assert indexed_text(indexed_text(LONG)) == indexed_text(LONG)


def test_a_nul_in_an_etag_is_stored(database: Database):
    upsert(database, a_post("1"))
    save_manifest(database, "1", a_ref(0, "https://host/a.jpg"))
    sha256 = store(database, "a")
    with database.write() as connection:
        media_id = connection.execute(sa.select(post_media.c.media_id)).scalar_one()
        media.mark_stored(connection, [StoredMedia(media_id, sha256, '"\0"', "\0\ud800", NOW, "http://h/\0", 2**40)])
        found = connection.execute(sa.select(post_media)).mappings().one()
    assert (found["etag"], found["last_modified"], found["fetched_url"]) == (
        '"\ufffd"',
        "\ufffd\ufffd",
        "http://h/\ufffd",
    )
    assert (found["status"], found["declared_width"]) == ("stored", None)


def test_a_word_longer_than_its_column_is_cut_and_equals_no_whole_one(database: Database):
    attempt = FetchAttempt("http://h", NOW, math.nan, 2**40, "http_" + "9" * 100, 2**70, "::1")
    with database.write() as connection, pytest.raises(IntegrityError):
        media.add_attempts(connection, [("m", attempt)])
    attempt = FetchAttempt("http://h", NOW, 1.0, 2**40, "http_" + "9" * 100, 1, "::1")
    with database.write() as connection:
        media.add_attempts(connection, [("med-" + "1" * 40, attempt)])
        row = connection.execute(sa.select(fetch_attempts)).mappings().one()
        same = connection.execute(sa.select(sa.func.count()).where(fetch_attempts.c.media_id == "med-" + "1" * 17))
    assert (row["status"], row["error_kind"]) == (None, "http_" + "9" * 26 + "…")
    assert (len(row["media_id"]), same.scalar_one()) == (21, 0)
