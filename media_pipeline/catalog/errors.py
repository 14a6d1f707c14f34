"""What can be wrong with the catalogue and its database, in one line for the user.

What belongs here: the errors, and turning a driver's into them. What does not: what is wrong inside SQLite's file
(:mod:`media_pipeline.catalog.backups`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import psycopg2
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from media_pipeline.model import MediaPipelineError, SettingsError


class CatalogError(MediaPipelineError):
    """The catalogue can't be used as it is; the text says what to do.

    To do: Do what the message says: run `media-pipeline migrate`, update media_pipeline, or restore a backup
    (docs/operations.md).
    """


class CatalogUrlError(CatalogError, SettingsError):
    """MEDIA_CATALOG_URL can't be read, or names a database of another kind.

    To do: Write MEDIA_CATALOG_URL as `sqlite:///PATH` or `postgresql://USER@HOST/NAME`.
    """


class NoLibrary(CatalogError):
    """There is no catalogue where a command would read one; none is begun for that.

    To do: Go to the library's folder, or set MEDIA_STORAGE_PATH. `media-pipeline ingest` and `fetch` begin a new one.
    """


class DriverError(MediaPipelineError):
    """What a database or its driver says against a statement or a connection, in one line.

    To do: Do what the message says: free the disk, or start the database again. What was written is kept.
    """


_FULL = "the disk of the catalogue is full", "free some space and run again"
_READ_ONLY = "the catalogue can only be read", "mount its disk, or let its user write to it, and run again"
_LOCKED = "another program holds the catalogue", "end that program and run again"
_DISK = "the disk of the catalogue does not do as it is told", "see to the disk and run again"
_CLOSED = "the file of the catalogue can't be opened", "see to its folder and run again"
_SERVER = "the server of the catalogue ends or refuses connections", "start it, or wait for it, and run again"

_BY_SQLITE: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
}
_BY_SQLSTATE: Mapping[str, tuple[str, str]] = {
    "53100": _FULL,
    "25006": _READ_ONLY,
    "55P03": _LOCKED,
    "40": _LOCKED,
    "58": _DISK,
    "08": _SERVER,
    "53": _SERVER,
    "57P": _SERVER,
}
"""By SQLSTATEs of PostgreSQL or their first characters, the longest first."""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def driver_errors() -> Generator[None]:
    """Raise DriverError in place of SQLAlchemy's errors, whose text holds the statement and its values as well.

    Also for Dagster's history, which is kept by SQLAlchemy too: so nobody outside this room has to import it.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise DriverError(_said(error)) from error


@contextmanager
def troubles_named(shown_url: str) -> Generator[None]:
    """Raise DriverError where disk, server or another program keep the catalogue from doing what it is asked.

    What is wrong with a statement or a value stays what it is: a fault of this program, or for ``rowwise``.
    """
    try:
        yield
    except DBAPIError as error:
        if _trouble(error.orig) is None:
            raise
        raise DriverError(f"{shown_url}: {_said(error)}") from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite finds its file damaged, and not only its disk full, its folder closed or its lock taken."""
    return _primary(error) in _DAMAGE


def named(error: sqlite3.Error) -> str:
    """What SQLite says against a file, in one line, with what to do where that is known."""
    return _told(error)


def _said(error: SQLAlchemyError) -> str:
    return _told(error.orig if isinstance(error, DBAPIError) and error.orig is not None else error)


def _told(cause: BaseException) -> str:
    said = " ".join(str(cause).split())
    trouble = _trouble(cause)
    if trouble is None:
        return said
    what, to_do = trouble
    return f"{what} ({said}): {to_do}; what was written is kept"


def _trouble(cause: BaseException | None) -> tuple[str, str] | None:
    if isinstance(cause, sqlite3.Error):
        return _BY_SQLITE.get(_primary(cause))
    state = str(getattr(cause, "pgcode", None) or "")
    if not state and isinstance(cause, psycopg2.OperationalError | psycopg2.InterfaceError):
        # Nobody was there to give a state.
        return _SERVER
    return next((_BY_SQLSTATE[state[:digits]] for digits in (5, 3, 2) if state[:digits] in _BY_SQLSTATE), None)


def _primary(error: sqlite3.Error) -> int:
    """SQLite's result code without what extends it. The driver's own errors have none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
