"""The catalogue's connection: one URL, two databases, the same code.

What belongs here: engines, transactions, locks and the check of the schema's version. What does not: queries.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from media_pipeline.catalog import leases, schema
from media_pipeline.catalog.backups import (
    DAILY,
    back_up_postgres,
    back_up_sqlite,
    connect_to_read,
    is_daily_due,
)
from media_pipeline.catalog.errors import (
    CatalogError,
    CatalogUrlError,
    DriverError,
    NoLibrary,
    driver_errors,
    troubles_named,
)
from media_pipeline.catalog.selection import paged
from media_pipeline.settings import Settings

Connection = sa.Connection
"""What the functions of this room are given, in a transaction that ``Database`` has begun."""

Row = TypeVar("Row")
Key = TypeVar("Key")

SQLITE_BUSY_SECONDS = 120
"""A writer waits this long for another one. Transactions are a batch long, i.e. well under a second."""

POSTGRES_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Seconds, the last one milliseconds, after which a server that is gone without a word is an error: the system's own
answer comes after a quarter of an hour, or never to who waits for a lock."""

_POSTGRES_NAMES = ("postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2")
_SQLITE_NAMES = ("sqlite", "sqlite+pysqlite")
_BEYOND_64_BITS = re.compile(r"\d{20}|-\d{19}")


_WRITE_URL = "write sqlite:///PATH or postgresql://USER@HOST/NAME"


def normalised_url(url: str) -> URL:
    """The URL with its driver named: a bare ``postgresql://`` means psycopg 3 to SQLAlchemy 2.1, and we have psycopg2.

    Raises CatalogUrlError for a URL that can't be read or names another kind of database or driver.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise CatalogUrlError(f"MEDIA_CATALOG_URL can't be read: {error}; {_WRITE_URL}") from None
    if parsed.drivername in _POSTGRES_NAMES:
        return parsed.set(drivername="postgresql+psycopg2")
    if parsed.drivername not in _SQLITE_NAMES:
        raise CatalogUrlError(f"MEDIA_CATALOG_URL names {parsed.drivername!r}; {_WRITE_URL}")
    if parsed.database in (None, "", ":memory:"):
        raise CatalogUrlError("MEDIA_CATALOG_URL must name a file: sqlite:///PATH")
    return parsed


class Database:
    """The catalogue, opened. ``read()`` and ``write()`` give a connection in a transaction of that kind."""

    def __init__(self, url: str, run_id: str | None = None) -> None:
        """Connect to nothing yet. Raises CatalogError for a URL or a path that can't be used.

        With the id of the run that opens it, no transaction changes anything once that run was given up.
        """
        self.run_id = run_id
        self.url = normalised_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.is_read_only = self.is_sqlite and _is_read_only(self.file)
        if self.is_sqlite and not self.is_read_only:
            with self._problems_named():
                _make_private(self.file)
        if self.is_read_only:
            self.engine = _read_only_engine(self.file)
        else:
            self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url)

    @classmethod
    def open(cls, settings: Settings, run_id: str | None = None) -> Database:
        """Connect and make sure of the schema: SQLite is migrated here, PostgreSQL by ``media-pipeline migrate``.

        Raises CatalogError when the database can't be reached, is behind (PostgreSQL) or newer than this code.
        """
        database = cls(settings.catalog_url, run_id)
        try:
            database.ensure_schema()
        except CatalogError:
            database.close()
            raise
        return database

    @property
    def file(self) -> Path:
        """Of SQLite: the catalogue's file."""
        return Path(str(self.url.database))

    @property
    def shown_url(self) -> str:
        """The URL with its password masked, for messages."""
        return self.url.render_as_string(hide_password=True)

    def ensure_schema(self) -> None:
        """Bring SQLite's schema up to date; refuse a PostgreSQL schema that isn't. Raises CatalogError."""
        with self._problems_named():
            version = schema.version_of(self.engine)
        if version == schema.HEAD:
            return
        if version is not None and version not in schema.known_versions():
            raise CatalogError(
                f"the catalogue {self.shown_url} has schema {version!r}, newer than this code knows "
                f"({schema.HEAD!r}): update media_pipeline"
            )
        if not self.is_sqlite or self.is_read_only:
            raise CatalogError(
                f"the catalogue {self.shown_url} has schema {version or 'none'}, this code needs {schema.HEAD}: "
                "run `media-pipeline migrate`"
            )
        self.migrate()

    def migrate(self, backups: Path | None = None) -> None:
        """Bring the schema up to date, after a backup. Two processes that start at once wait for each other.

        SQLite is backed up beside its file; PostgreSQL into the folder ``backups``, if one is given.
        Raises CatalogError, BackupError.
        """
        with self._problems_named(), self.exclusive("migrate"):
            version = schema.version_of(self.engine)
            if version in (None, schema.HEAD):
                pass
            elif self.is_sqlite:
                back_up_sqlite(self.file, f"before-{schema.HEAD}")
            elif backups is not None:
                back_up_postgres(self.url, backups, f"before-{schema.HEAD}")
            schema.upgrade(self.engine)

    def back_up_daily(self) -> None:
        """Back SQLite up, unless that was done within a day or it is empty. PostgreSQL's backups are its server's.

        Raises BackupError.
        """
        if (
            self.is_sqlite
            and not self.is_read_only
            and self._has_content()
            and is_daily_due(self.file, datetime.now(UTC))
        ):
            with self.exclusive("backup"):
                if is_daily_due(self.file, datetime.now(UTC)):
                    back_up_sqlite(self.file, DAILY)

    def _has_content(self) -> bool:
        """A backup of an empty catalogue would count as the day's, and the day's import would have none."""
        with self.read() as connection:
            return connection.execute(sa.text("SELECT 1 FROM posts LIMIT 1")).first() is not None

    @contextmanager
    def _problems_named(self) -> Generator[None]:
        """What keeps the database from being opened, in one line."""
        try:
            with driver_errors():
                yield
        except (DriverError, OSError) as error:
            reason = " ".join(str(error).split())
            raise CatalogError(f"the catalogue {self.shown_url} can't be opened: {reason}") from error

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A connection for queries: one consistent view on SQLite. Raises DriverError."""
        with troubles_named(self.shown_url), self.engine.connect() as connection, connection.begin():
            yield connection

    def paged(
        self, ask: Callable[[Connection, Key], list[Row]], key: Callable[[Row], Key], first: Key
    ) -> Iterator[list[Row]]:
        """As :func:`selection.paged`, each page in a transaction of its own, so that none stays open for hours."""

        def ask_once(after: Key) -> list[Row]:
            with self.read() as connection:
                return ask(connection, after)

        return paged(ask_once, key, first)

    @contextmanager
    def write(self) -> Generator[Connection]:
        """A connection for changes, committed at the end, rolled back on an error. Writers take turns.

        So what a writer has looked up holds until it commits: two that meet the same post, file or URL can neither
        insert it twice nor lock each other out. Transactions are short; keep them so. Raises LeaseLost, DriverError.
        """
        if self.is_read_only:
            raise CatalogError(f"the catalogue {self.shown_url} can't be written: its folder or file is read-only")
        with self.own_row() as connection:
            if not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_lock_key("write"))))
            if self.run_id and leases.is_ended(connection, self.run_id):
                raise leases.LeaseLost(self.run_id)
            yield connection

    @contextmanager
    def own_row(self) -> Generator[Connection]:
        """A connection to change one row that no other writer depends on. On PostgreSQL it awaits nobody's turn.

        Raises DriverError.
        """
        with (
            troubles_named(self.shown_url),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def exclusive(self, name: str, on_wait: Callable[[], None] = lambda: None) -> Generator[None]:
        """Hold the lock called ``name`` in the whole installation; if another process holds it, say so and wait.

        The system frees it when its holder dies, however it dies: an advisory lock of the connection on
        PostgreSQL, flock on a file beside the database on SQLite.
        """
        if self.is_sqlite:
            with _file_lock(Path(f"{self.url.database}.{name}.lock"), on_wait):
                yield
            return
        key = _lock_key(name)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar_one():
                on_wait()
                connection.execute(sa.select(sa.func.pg_advisory_lock(key)))
            try:
                yield
            finally:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))

    def close(self) -> None:
        self.engine.dispose()


def expect_library(settings: Settings) -> None:
    """Raise NoLibrary where the embedded catalogue is not there; a PostgreSQL server says so itself."""
    url = normalised_url(settings.catalog_url)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise NoLibrary(
            f"there is no library in {settings.storage_path}: {url.database} is not there. Go to its folder or set "
            "MEDIA_STORAGE_PATH; `media-pipeline ingest` or `fetch` begins a new one"
        )


def _is_read_only(file: Path) -> bool:
    """Whether the catalogue can only be read: its disk is mounted so, or it is another user's."""
    return file.exists() and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def _make_private(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Private whatever the umask and MEDIA_PUBLIC: posts are personal. SQLite gives its WAL the same mode.
    file.touch(mode=0o600)


def _lock_key(name: str) -> int:
    """PostgreSQL's advisory locks are known by a number of 64 bits, one set of them for each database."""
    return int.from_bytes(hashlib.sha256(f"media_pipeline {name}".encode()).digest()[:8], "big", signed=True)


@contextmanager
def _file_lock(path: Path, on_wait: Callable[[], None]) -> Generator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _dumps(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # orjson refuses integers over 64 bits, which real exports hold, lone surrogates, and what JSON has no word for.
        text = json.dumps(value, ensure_ascii=True, default=str)
        if "NaN" in text or "Infinity" in text:
            # No JSON, so PostgreSQL refuses them; orjson writes null.
            text = json.dumps(json.loads(text, parse_constant=lambda _: None))
        return text


def _loads(text: str) -> Any:
    """What a column's JSON says; None where a hand has written what is none: that costs its own row and no other."""
    try:
        # orjson would make a float of an integer beyond 64 bits.
        return json.loads(text) if _BEYOND_64_BITS.search(text) else orjson.loads(text)
    except ValueError:
        return _loads_all(text)


def _loads_all(text: str) -> Any:
    try:
        # Python's own reads what orjson refuses: lone surrogates, NaN.
        return json.loads(text)
    except ValueError:
        return None


def _postgres_engine(url: URL) -> sa.Engine:
    return sa.create_engine(
        url,
        json_serializer=_dumps,
        json_deserializer=_loads,
        pool_pre_ping=True,
        connect_args={name: value for name, value in POSTGRES_PATIENCE.items() if name not in url.query},
    )


def _sqlite_engine(url: URL) -> sa.Engine:
    engine = sa.create_engine(
        url, json_serializer=_dumps, json_deserializer=_loads, connect_args={"timeout": SQLITE_BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        # None keeps the driver from beginning transactions by itself: `begin` below says which kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        # Of processes that turn a new file to WAL at once, SQLite fails all but one without letting them wait.
        with _file_lock(Path(f"{url.database}.open.lock"), lambda: None):
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        # A read that turns into a write can't wait for another writer (SQLITE_BUSY at once), so say so first.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def let_go(context: sa.ExceptionContext) -> None:  # pyright: ignore[reportUnusedFunction]
        # Ctrl-C in mid-statement: SQLAlchemy closes the connection, but SQLite keeps it, with its lock, for as long as
        # a traceback holds the statement. What had come was to be written down meanwhile, and waited two minutes.
        statement = context.execution_context
        if statement is not None and not isinstance(context.original_exception, Exception):
            statement.cursor.close()

    return engine


def _read_only_engine(file: Path) -> sa.Engine:
    """SQLite where nothing can be written: nobody writes to such a catalogue, so it needs no lock file."""

    return sa.create_engine(
        "sqlite://",
        creator=lambda: connect_to_read(file),
        poolclass=sa.NullPool,
        json_serializer=_dumps,
        json_deserializer=_loads,
    )
