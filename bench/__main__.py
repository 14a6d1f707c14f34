"""``python -m bench [NAME …]``: run the benches, print one table, write results.json."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import (
    dagster_cost,
    downloads,
    end_to_end,
    exif,
    large_downloads,
    large_pictures,
    memory,
    near_duplicates,
    reading,
    renditions,
    videos,
)
from bench.measure import WORK, Row, forget_settings, idle_share

BENCHES: dict[str, Callable[[], list[Row]]] = {
    "downloads": downloads.rows,
    "large_downloads": large_downloads.rows,
    "renditions": renditions.rows,
    "img2dataset": end_to_end.rows,
    "large_pictures": large_pictures.rows,
    "videos": videos.rows,
    "exif": exif.rows,
    "reading": reading.rows,
    "dagster": dagster_cost.rows,
    "memory": memory.rows,
    "near_duplicates": near_duplicates.rows,
}
RESULTS = Path(__file__).parent / "results.json"
WIDTH = 140
"""Columns of the table where no terminal says how many there are."""


def main() -> None:
    """Run the benches that are named, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHES)}")
    names = parser.parse_args().names or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        parser.error(f"no bench is named {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    print(f"{os.cpu_count()} cores, {idle_share():.0%} idle before the start (other work blurs every rate)")
    forget_settings()
    found: list[Row] = []
    try:
        for name in names:
            found += BENCHES[name]()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    RESULTS.write_text(json.dumps([asdict(row) for row in found], indent=2) + "\n")
    Console(width=None if sys.stdout.isatty() else WIDTH).print(_table(found))


def _table(rows: list[Row]) -> Table:
    table = Table(title="media_pipeline: a higher ratio is better")
    for column in ("name", "peer"):
        table.add_column(column)
    for column in ("ours", "peer's", "unit", "ratio", "aim", "met"):
        table.add_column(column, justify="right")
    for row in rows:
        numbers = (f"{row.ours:,}", _shown(row.peer), row.unit, _shown(row.ratio))
        table.add_row(row.name, row.peer_name or "", *numbers, _aim(row), _met(row))
    return table


def _aim(row: Row) -> str:
    if row.aim is None:
        return ""
    return f"{row.aim:g}" if row.peer_name else f"at most {row.aim:g} {row.unit}"


def _met(row: Row) -> str:
    return "" if row.aim is None else {None: "?", True: "yes", False: "no"}[row.is_met]


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


if __name__ == "__main__":
    main()
