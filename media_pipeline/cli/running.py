"""Commands that set the program up and show it: the schema, the UI, the demo."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from media_pipeline.cli import session, terminal
from media_pipeline.cli.app import Verbose, app
from media_pipeline.cli.terminal import err, out
from media_pipeline.settings import load_settings


@app.command()
def migrate(
    backup: Annotated[
        bool, typer.Option("--backup/--no-backup", help="Of PostgreSQL: back it up first, with pg_dump.")
    ] = True,
) -> None:
    """Bring the catalogue's schema up to date, after a backup. Needed on PostgreSQL; SQLite is migrated by itself."""
    from media_pipeline.catalog import schema
    from media_pipeline.catalog.backups import FOLDER
    from media_pipeline.catalog.database import Database

    settings = load_settings()
    database = Database(settings.catalog_url)
    database.migrate(settings.storage_path / FOLDER if backup else None)
    out.print(f"{database.shown_url} has schema {schema.HEAD}", soft_wrap=True)


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the UI.", min=1, max=65535)] = 3000,
    host: Annotated[str, typer.Option(help="Address that the UI listens on.")] = "127.0.0.1",
) -> None:
    """Start the Dagster UI with daemon, sensor and schedules; history is kept between starts."""
    from media_pipeline.defs.runs.launch import run_dev_server
    from media_pipeline.fetch.http.listening import make_sure_of_address

    settings = load_settings()
    make_sure_of_address(host, port)
    session.warn_of_archive(settings)
    err.print(f"the UI will be at http://{host}:{port} (Ctrl-C ends it)", soft_wrap=True)
    raise typer.Exit(run_dev_server(settings, host, port))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where everything of the demo lies.")] = Path("demo-data"),
    verbose: Verbose = False,
    dev_command: Annotated[
        str | None, typer.Option(help="What the last line names to open Dagster. Default: `media-pipeline dev`.")
    ] = None,
) -> None:
    """Make a sample export with its media, serve the media on loopback, and run everything on it.

    Exits with 0 when everything came out as the sample is made to: some of its media can't be had, on purpose.
    """
    from media_pipeline.defs.naming import PLAIN
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.demo.run import prepared, where_to_look

    usual = load_settings()
    err.print("drawing the sample")
    with prepared(folder.resolve()) as sample:
        started = datetime.now(UTC)
        failed = session.run(sample.settings, PLAIN.whole, ranges_of(sample.partitions), verbose)
        session.print_summary(sample.settings, "Imported", sample.partitions, as_json=False, started=started)
        differences = sample.finish()
    terminal.print_lines("Where to look", where_to_look(sample, usual, dev_command or f"{terminal.started_as()} dev"))
    for difference in differences:
        err.print(f"not as it should be: {difference}", soft_wrap=True)
    raise typer.Exit(1 if failed or differences else 0)
