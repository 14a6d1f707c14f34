"""The command that fetches single URLs: those of its arguments, or those of a column of a CSV."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from media_pipeline.cli import session, terminal
from media_pipeline.cli.app import app
from media_pipeline.settings import load_settings

if TYPE_CHECKING:
    from media_pipeline.cli.url_table import UrlTable
    from media_pipeline.library import FetchResult, Library

NO_URL = "no_url"
"""The status of a row whose cell is empty."""

_ADDED = ("status", "reason", "path", "sha256", "archive_address")


@app.command()
def fetch(
    urls: Annotated[list[str] | None, typer.Argument(help="URLs of media.", metavar="[URL]...")] = None,
    table: Annotated[
        Path | None,
        typer.Option("--csv", exists=True, dir_okay=False, help="Take the URLs from a CSV, and write its rows back."),
    ] = None,
    column: Annotated[str, typer.Option(help="Of --csv: the column of the URLs, by its name.")] = "url",
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Of --csv: where to write. Default: standard output.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Of URLs: print the results as JSON.")] = False,
) -> None:
    """Fetch and keep single URLs, without an export. Each becomes a reference of the platform `url`, imported today.

    A URL that is stored is not asked for again. Renditions and the copy in the archive are made by the next run, such
    as the nightly backfill. With --csv, every row comes back with its own cells, and with status, reason, path, sha256
    and archive_address; a row without a URL has the status `no_url`. Exits with 0 when everything is stored, with 1
    when something is not.
    """
    if bool(urls) == (table is not None):
        raise typer.BadParameter("say either URLs or --csv FILE")
    if table is None:
        if out is not None:
            raise typer.BadParameter("--out belongs to --csv")
        with _library() as library:
            results = library.fetch_many(urls or [])
        _print(results, as_json)
        raise typer.Exit(0 if all(result.is_stored for result in results) else 1)
    if as_json:
        raise typer.BadParameter("--json belongs to URLs; --csv writes CSV")
    if not table.is_file():
        raise typer.BadParameter(f"--csv {table} is no regular file, and is read twice: write it to a file first")
    if out is not None and out.exists():
        if out.samefile(table):
            raise typer.BadParameter(f"--out {out} is the file that is read: name another one")
        if not out.is_file():
            raise typer.BadParameter(f"--out {out} is no regular file, and would be replaced by one: redirect to it")
    statuses = _fetch_table(table, column, out)
    terminal.err.print(", ".join(f"{number:,} {status}" for status, number in sorted(statuses.items())))
    raise typer.Exit(0 if statuses.keys() <= {"stored"} else 1)


@contextmanager
def _library() -> Generator[Library]:
    from media_pipeline.library import open_library

    settings = load_settings()
    if session.begins_library(settings):
        session.warn_of_archive(settings)
    with terminal.progress() as progress, open_library(settings, progress=progress) as library:
        yield library


def _print(results: Iterable[FetchResult], as_json: bool) -> None:
    if as_json:
        terminal.print_json_array(map(asdict, results))
        return
    rows = [
        {"url": result.url, "status": result.status, "size": result.size, "file": result.path or result.reason}
        for result in results
    ]
    terminal.print_table("", rows)


def _fetch_table(path: Path, column: str, out: Path | None) -> Counter[str]:
    """Write the rows back with what became of their URLs; return how many rows are in each status."""
    from media_pipeline.catalog.selection import pieces
    from media_pipeline.cli.url_table import UrlTable
    from media_pipeline.library import URLS_AT_ONCE

    table = UrlTable.open(path, column)
    statuses: Counter[str] = Counter()
    with _library() as library, _rows_to(out, table) as file:
        file.write(table.header_with(_ADDED))
        for rows in pieces(table.rows(), URLS_AT_ONCE):
            urls = dict.fromkeys(url for row in rows if (url := table.url_of(row)))
            results = {result.url: result for result in library.fetch_many(urls)}
            for row in rows:
                cells = _cells(results.get(table.url_of(row)))
                file.write(table.line(row, cells))
                statuses[cells[0]] += 1
    return statuses


def _cells(result: FetchResult | None) -> tuple[str, str, str, str, str]:
    if result is None:
        return NO_URL, "the cell is empty", "", "", ""
    path = str(result.path) if result.path else ""
    return result.status.value, result.reason or "", path, result.sha256 or "", result.archive_address or ""


@contextmanager
def _rows_to(out: Path | None, table: UrlTable) -> Generator[TextIO]:
    """Where the rows go, in the encoding that they came in. A file appears whole, once every row is written."""
    if out is None:
        sys.stdout.reconfigure(encoding=table.encoding, errors="surrogateescape", newline="")  # type: ignore[union-attr]
        yield sys.stdout
        return
    from media_pipeline.stages.integrity.places import refuse_within
    from media_pipeline.storage.durable import storage_errors
    from media_pipeline.storage.parts import part_of, remove_abandoned_parts

    # Through a link, which stays: what would be replaced is what it leads to.
    out = out.resolve()
    refuse_within(load_settings(), out)
    with storage_errors("write", out):
        remove_abandoned_parts(out.parent)
        with (
            part_of(out) as part,
            part.open("w", encoding=table.encoding, errors="surrogateescape", newline="") as file,
        ):
            yield file
