"""A disk that is full, a catalogue that is read-only or held: each is told as what it is, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from media_pipeline.catalog import backups, schema
from media_pipeline.catalog.backups import BackupError, back_up_sqlite, damage_of
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.errors import CatalogError, DriverError
from media_pipeline.catalog.tables import posts
from media_pipeline.settings import Settings
from media_pipeline_tests.mounts import full_disk


@contextmanager
def each_connection(*statements: str) -> Iterator[None]:
    """Every connection to any database begins with these statements."""

    def begin(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        # PostgreSQL takes back what is set in a transaction that is not committed.
        connection.commit()

    event.listen(sa.Engine, "connect", begin)
    try:
        yield
    finally:
        event.remove(sa.Engine, "connect", begin)


def fill(connection: sa.Connection) -> None:
    connection.execute(sa.text("CREATE TABLE filling (text TEXT)"))
    connection.execute(sa.text("INSERT INTO filling VALUES (:text)"), {"text": "x" * 1_000_000})


def raise_state(state: str, said: str) -> Callable[[sa.Connection], None]:
    """What PostgreSQL says with this SQLSTATE, by its own server and through the real driver."""

    def statement(connection: sa.Connection) -> None:
        connection.execute(sa.text(f"DO $$ BEGIN RAISE EXCEPTION '{said}' USING ERRCODE = '{state}'; END $$"))

    return statement


def told(database: Database, act: Callable[[sa.Connection], None]) -> str:
    with pytest.raises(DriverError) as refused, database.write() as connection:
        act(connection)
    text = str(refused.value)
    assert database.shown_url in text
    assert "run again" in text
    assert "what was written is kept" in text
    assert "\n" not in text
    assert "[SQL" not in text
    return text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_full_disk_of_sqlite_is_named_and_nothing_is_lost(migrated_url: str) -> None:
    with each_connection("PRAGMA max_page_count=100"), closing(Database(migrated_url)) as database:
        assert "is full" in told(database, fill)
    with closing(Database(migrated_url)) as database, database.write() as connection:
        fill(connection)


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.parametrize(
    ("state", "said", "named"),
    [
        ("53100", "could not extend file", "disk of the catalogue is full"),
        ("58030", "could not write block", "does not do as it is told"),
        ("57P01", "terminating connection", "server of the catalogue"),
        ("53300", "too many clients", "server of the catalogue"),
        ("40P01", "deadlock detected", "another program holds"),
    ],
)
def test_what_keeps_a_server_from_its_work_is_named(migrated_url: str, state: str, said: str, named: str) -> None:
    with closing(Database(migrated_url)) as database:
        text = told(database, raise_state(state, said))
    assert named in text
    assert said in text


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_server_that_only_reads_and_one_that_is_gone_are_named(migrated_url: str) -> None:
    with each_connection("SET default_transaction_read_only = on"), closing(Database(migrated_url)) as database:
        assert "can only be read" in told(database, fill)
    with closing(Database(migrated_url)) as database:

        def lose(connection: sa.Connection) -> None:
            with database.engine.connect() as other:
                pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
                other.execute(sa.text(f"SELECT pg_terminate_backend({pid})"))
            connection.execute(sa.text("SELECT 1"))

        assert "server of the catalogue" in told(database, lose)


def test_a_lock_that_another_program_holds_is_named(backend: str, migrated_url: str) -> None:
    impatience = "PRAGMA busy_timeout=1" if backend == "sqlite" else "SET lock_timeout = '1ms'"
    with closing(Database(migrated_url)) as holding, holding.write() as connection:
        connection.execute(sa.text("DELETE FROM posts"))
        with each_connection(impatience), closing(Database(migrated_url)) as database:
            assert "another program holds" in told(database, lambda other: None)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_only_reads_is_named(migrated_url: str) -> None:
    with each_connection("PRAGMA query_only=1"), closing(Database(migrated_url)) as database:
        assert "can only be read" in told(database, fill)


def test_a_fault_of_a_statement_is_no_trouble_of_the_disk(migrated_url: str) -> None:
    with closing(Database(migrated_url)) as database:
        for act in (_select_nowhere, _insert_nothing):
            with pytest.raises(DBAPIError), database.write() as connection:
                act(connection)


def _select_nowhere(connection: sa.Connection) -> Any:
    return connection.execute(sa.text("SELECT nowhere"))


def _insert_nothing(connection: sa.Connection) -> Any:
    return connection.execute(sa.insert(posts).values(post_id=None))


def _old_catalogue(folder: Path) -> Path:
    """A catalogue of schema 0001, with something in it."""
    file = folder / "catalog.sqlite"
    with closing(Database(f"sqlite:///{file}")) as database:
        schema.upgrade(database.engine, "0001")
    return file


def test_a_full_disk_during_a_migration_is_named_and_is_no_damage(tmp_path: Path) -> None:
    file = _old_catalogue(tmp_path)
    settings = Settings(_env_file=None, media_catalog_url=f"sqlite:///{file}")
    pages = file.stat().st_size // 4096 + 2
    with each_connection(f"PRAGMA max_page_count={pages}"), pytest.raises(CatalogError) as refused:
        Database.open(settings)
    assert "is full" in str(refused.value)
    assert "free some space" in str(refused.value)
    assert "damaged" not in str(refused.value)
    assert damage_of(file) is None
    Database.open(settings).close()


def test_a_full_disk_for_the_backup_before_a_migration_is_named_and_is_no_damage(tmp_path: Path) -> None:
    file = _old_catalogue(tmp_path)
    with full_disk(tmp_path / backups.FOLDER), pytest.raises(BackupError) as refused:
        back_up_sqlite(file, "before-migration")
    assert "can't be backed up" in str(refused.value)
    assert "damaged" not in str(refused.value)


def test_what_can_not_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(BackupError, match="can't be read"):
        damage_of(tmp_path / "folder.sqlite")
    file = _old_catalogue(tmp_path)
    content = file.read_bytes()
    file.write_bytes(b"x" * len(content))
    assert "not a database" in str(damage_of(file))
