"""Unpacks a library that an earlier version made, on either database, as that version left it."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog import schema
from media_pipeline.catalog.database import Database
from media_pipeline_tests.upgrade.making import FOLDER

Rows = Mapping[str, list[dict[str, Any]]]


def packed() -> dict[str, Path]:
    """Every library that is kept, by the version of its schema."""
    return {path.stem.partition("_")[2]: path for path in sorted(Path(__file__).parent.glob("library_*.zip"))}


def load(version: str, folder: Path, url: str) -> Rows:
    """Lay a library out in ``folder`` and its rows in the empty database; returns the rows."""
    with zipfile.ZipFile(packed()[version]) as archive:
        rows: Rows = json.loads(archive.read("rows.json").replace(FOLDER.encode(), str(folder).encode()))
        archive.extractall(folder, [name for name in archive.namelist() if name != "rows.json"])
    _give_times(folder, rows)
    with closing(Database(url)) as database:
        schema.upgrade(database.engine, version)
        metadata = sa.MetaData()
        with database.write() as connection:
            metadata.reflect(connection, only=list(rows))
            for table in metadata.sorted_tables:
                _know_null(table)
                values = [_typed(table, row) for row in rows[table.name]]
                if values:
                    connection.execute(sa.insert(table), values)
            if not database.is_sqlite:
                connection.execute(
                    sa.text(
                        "SELECT setval(pg_get_serial_sequence('fetch_attempts', 'id'), max(id)) FROM fetch_attempts"
                    )
                )
    return rows


def _give_times(folder: Path, rows: Rows) -> None:
    """Files are as old as the rows say; a zip keeps two seconds' worth of it."""
    for path in (folder / "data").rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    for row in rows["import_files"]:
        os.utime(folder / "imports" / row["path"], ns=(row["modified_ns"], row["modified_ns"]))


def _know_null(table: sa.Table) -> None:
    """An empty column of JSON is empty, and not JSON's null."""
    for column in table.columns:
        if isinstance(column.type, sa.JSON):
            column.type = sa.JSON(none_as_null=True)


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(table.c[name].type, value) for name, value in row.items()}


def _value(kind: sa.types.TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, sa.DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, sa.Date):
        return date.fromisoformat(value)
    return value
