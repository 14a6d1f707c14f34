"""Connections: URLs, errors, transactions, writers that take turns, locks that die with their holder."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from media_pipeline.catalog import removals
from media_pipeline.catalog.database import Database, normalised_url
from media_pipeline.catalog.errors import CatalogError, DriverError, driver_errors
from media_pipeline.catalog.imports import Import
from media_pipeline.catalog.tables import posts
from media_pipeline.settings import Settings
from media_pipeline_tests.catalog import processes
from media_pipeline_tests.catalog.filling import FIRST, NOW, a_post, add_import, rows, seen, upsert
from media_pipeline_tests.patience import PATIENCE_SECONDS

WRITES = 200


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_way_to_say_postgresql_means_psycopg2(scheme: str):
    assert normalised_url(f"{scheme}://ann:secret@host/name").drivername == "postgresql+psycopg2"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("catalogue", "can't be read"),
        ("postgresql://host:port/name", "can't be read"),
        ("mysql://host/name", "names 'mysql'; write sqlite:///PATH or postgresql://"),
        ("postgresql+asyncpg://host/name", r"names 'postgresql\+asyncpg'"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("postgresql://ann:secret@127.0.0.1:1/name", "can't be opened: .*refused"),
        ("sqlite:////proc/none/catalog.sqlite", "can't be opened"),
        ("sqlite:///text.sqlite", "can't be opened: file is not a database"),
        ("sqlite:///text.sqlite/catalog.sqlite", "can't be opened"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_named_in_one_line(tmp_path: Path, url: str, said: str):
    (tmp_path / "text.sqlite").write_text("This is no database. " * 100)
    with pytest.raises(CatalogError, match=said) as refused:
        Database.open(Settings(_env_file=None, media_catalog_url=url))
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_migrating_what_cannot_be_reached_is_named_in_one_line():
    with pytest.raises(CatalogError, match="can't be opened") as refused:
        Database("postgresql://127.0.0.1:1/name").migrate()
    assert "\n" not in str(refused.value)


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database):
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('half')"))
        raise ZeroDivisionError
    with database.read() as connection:
        assert "half" not in connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()


def test_what_a_driver_says_is_told_in_one_line_without_the_statement(database: Database):
    with pytest.raises(DriverError) as refused, driver_errors(), database.read() as connection:
        connection.execute(sa.text("SELECT 1\nFROM nowhere"))
    assert "nowhere" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "[SQL" not in str(refused.value)


def test_a_row_must_belong_to_an_import(database: Database):
    from media_pipeline.catalog import posts as posts_table

    unknown = Import("0" * 64, "a.json", FIRST, "reading", 1, NOW)
    with pytest.raises(IntegrityError), database.write() as connection:
        posts_table.upsert(connection, [seen(a_post("1"))], unknown)


def test_one_can_write_while_a_long_read_goes_on(database: Database):
    upsert(database, *(a_post(str(number)) for number in range(50)))
    with database.read() as reading:
        result = reading.execute(sa.select(posts.c.post_id), execution_options={"yield_per": 5}).scalars()
        seen = [next(result)]
        upsert(database, a_post("new"), partition=processes.ImportPartition(processes.DAY, "twitter"))
        seen += result
    assert len(set(seen)) == 50
    assert len(rows(database, "posts")) == 51


def test_two_processes_that_write_at_once_wait_for_each_other(database: Database, migrated_url: str):
    names = ["ann", "bob"]
    with processes.started("write", migrated_url, *((name, str(WRITES)) for name in names)) as writing:
        assert processes.finish(writing) == [(0, "")] * 2
    found = {post["native_id"] for post in rows(database, "posts")}
    assert found == {f"{name}-{number}" for name in [*names, "shared"] for number in range(WRITES)}


def test_a_lock_excludes_another_process_and_is_freed_when_its_holder_is_killed(database: Database, migrated_url: str):
    waiting, acquired = threading.Event(), threading.Event()

    def take() -> None:
        with database.exclusive("fetch-twitter", waiting.set):
            acquired.set()

    with processes.started("hold", migrated_url, ["fetch-twitter"]) as (holder,):
        assert holder.stdout and holder.stdout.readline() == "held\n"
        taker = threading.Thread(target=take)
        taker.start()
        assert waiting.wait(PATIENCE_SECONDS)
        assert not acquired.is_set()
        holder.kill()
        assert acquired.wait(PATIENCE_SECONDS)
        taker.join()


def test_locks_of_different_names_do_not_meet_and_a_free_one_does_not_wait(database: Database, migrated_url: str):
    waited: list[str] = []
    with (
        closing(Database(migrated_url)) as other,
        other.exclusive("fetch-twitter"),
        database.exclusive("fetch-linkedin", lambda: waited.append("linkedin")),
    ):
        add_import(database)
    with database.exclusive("fetch-twitter", lambda: waited.append("twitter")):
        pass
    assert waited == []


class _Interrupted(tuple[str, ...]):
    """Values on which somebody presses Ctrl-C."""

    def __getitem__(self, _: Any) -> Any:
        raise KeyboardInterrupt


def test_ctrl_c_in_mid_statement_lets_the_next_transaction_write_at_once(database: Database) -> None:
    """SQLAlchemy closes the connection. SQLite's lock stayed while the traceback held the statement."""
    insert = "INSERT INTO removals (place, asked_at) VALUES (%s, %s)"
    rows = [("a", "2026-01-01 00:00:00"), _Interrupted(("b", "2026-01-01 00:00:00"))]
    try:
        with database.write() as connection:
            connection.exec_driver_sql(insert.replace("%s", "?") if database.is_sqlite else insert, rows)
    except KeyboardInterrupt:
        with database.write() as connection:
            assert removals.begun(connection) == [], "nothing of what was broken off"
            removals.begin(connection, ["c"])
    with database.read() as connection:
        assert removals.begun(connection) == ["c"]
