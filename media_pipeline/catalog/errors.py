"""What can be wrong with the catalogue and its database, in one line for the user.

What belongs here: the errors, and turning a driver's into them. What does not: what is wrong inside SQLite's file
(:mod:`media_pipeline.catalog.backups`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from psycopg2.errors import DiskFull
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


@contextmanager
def driver_errors() -> Generator[None]:
    """Raise DriverError in place of SQLAlchemy's errors, whose text holds the statement and its values as well.

    Also for Dagster's history, which is kept by SQLAlchemy too: so nobody outside this room has to import it.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise DriverError(_said(error)) from error


def _said(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = " ".join(str(cause).split())
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or isinstance(cause, DiskFull):
        return f"the disk of the catalogue is full ({said}): free some space and run again; what was written is kept"
    return said
