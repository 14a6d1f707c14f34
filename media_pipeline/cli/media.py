"""Commands on the media of the library: list, fetch, draw, archive, verify, count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from media_pipeline.cli import session, terminal
from media_pipeline.cli.app import AsJson, PostId, User, Verbose, app, date_of, import_date_of, platform_of, print_facts
from media_pipeline.model import Reason, Status
from media_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from media_pipeline.defs.partitions import PartitionRange
    from media_pipeline.storage.store import ContentStore


@app.command(name="list")
def list_media(
    post_id: PostId = None,
    user: User = None,
    platform: Annotated[str | None, typer.Option("--platform", "-p", help="Only this platform.")] = None,
    since: Annotated[str | None, typer.Option(help="Only posts from this day on, UTC, YYYY-MM-DD.")] = None,
    until: Annotated[str | None, typer.Option(help="Only posts up to this day, UTC, YYYY-MM-DD.")] = None,
    text: Annotated[str | None, typer.Option(help="Only posts that say this somewhere.")] = None,
    status: Annotated[list[Status] | None, typer.Option(help="Only media in this status; may be repeated.")] = None,
    reason: Annotated[list[Reason] | None, typer.Option(help="Only media with this reason; may be repeated.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only media that are neither stored nor skipped.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, by the catalogue's column names.")] = False,
    as_json: AsJson = False,
) -> None:
    """List media with their post, status and reason. Into a pipe each is one line, its columns parted by tabs."""
    from media_pipeline.catalog import media_reports
    from media_pipeline.catalog.selection import Selection, post_id_named
    from media_pipeline.storage.store import ContentStore

    if failed and status:
        raise typer.BadParameter("--failed names statuses already: leave out --status")
    if as_csv and as_json:
        raise typer.BadParameter("say either --csv or --json")
    settings = load_settings()
    store = ContentStore(settings.storage_path, settings.media_public)
    selection = Selection(
        user=user or None,
        platform=platform_of(platform) if platform else None,
        since=date_of(since),
        until=date_of(until),
        text=text or None,
    )
    statuses = _NOT_HAD if failed else status or None
    with session.open_database(settings) as database, database.read() as connection:
        if post_id:
            selection = replace(selection, post=post_id_named(connection, post_id))
        found = media_reports.listing(connection, selection, statuses, reason or None, limit)
        rows: Iterator[dict[str, Any]] = (
            {**row, "local_url": _local_url(store, row["local_path"], settings)} for row in found
        )
        if as_json:
            terminal.print_json_array(rows)
        elif as_csv:
            terminal.print_csv(rows)
        elif not terminal.print_rows(
            ({**row, "posted_at": _day(row["posted_at"]), "reason": _why(row)} for row in rows),
            _LISTED,
            ("media_id", "media_url"),
        ):
            terminal.err.print("no media that meet this")


_NOT_HAD = tuple(status for status in Status if status not in (Status.STORED, Status.SKIPPED))
_LISTED = ("platform", "posted_at", "author_handle", "status", "reason", "media_type", "media_id", "media_url")


def _why(row: dict[str, Any]) -> str | None:
    return row["reason"] or ("pruned: a link" if row["pruned_at"] else None)


def _day(posted_at: datetime | None) -> str | None:
    return f"{posted_at:%Y-%m-%d}" if posted_at else None


def _local_url(store: ContentStore, path: str | None, settings: Settings) -> str | None:
    return store.url_of(path, settings.media_base_url) if path else None


@app.command()
def download(
    platform: Annotated[str | None, typer.Option("--platform", "-p", help="Only this platform.")] = None,
    again: Annotated[
        bool, typer.Option(help="Ask for what is stored as well, to keep new versions of what hosts have changed.")
    ] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what is due now: pending references, and failed ones whose next attempt has come.

    With --again, a host that has the same version as ever sends nothing; another one becomes a new version, and the
    old one stays. What the host no longer has stays stored.
    """
    from media_pipeline.catalog import imports, media
    from media_pipeline.defs.naming import PLAIN
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.stages.downloads.decided import decided_under

    settings = load_settings()
    name = platform_of(platform) if platform else None
    with session.open_stage(settings) as stage:
        database = stage.database
        if again:
            with database.write() as connection:
                media.ask_again(connection, imports.known_partitions(connection, name))
        with database.read() as connection:
            unfinished = imports.unfinished_partitions(
                connection, decided_under=decided_under(settings), roles=settings.media_fetch_roles
            )
    due = [partition for partition in unfinished if name in (None, partition.platform)]
    partitions = session.runnable(settings, due)
    started = datetime.now(UTC)
    failed = session.run(settings, PLAIN.originals, ranges_of(partitions), verbose)
    session.print_summary(settings, "Downloaded", partitions, as_json, started)
    raise typer.Exit(1 if failed else 0)


@app.command()
def backfill(
    start_date: Annotated[str, typer.Option(help="First import date, YYYY-MM-DD.")],
    end_date: Annotated[str | None, typer.Option(help="Last import date. Default: today, UTC.")] = None,
    platform: Annotated[str | None, typer.Option("--platform", "-p", help="Only this platform.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which partitions would run.")] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Run everything for a range of import dates: only partitions that hold imports, contiguous ones in one run."""
    from media_pipeline.catalog import imports
    from media_pipeline.defs.naming import PLAIN
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.stages.imports.landing import look

    settings = load_settings()
    first = import_date_of(settings, start_date, "--start-date")
    last = import_date_of(settings, end_date, "--end-date")
    if last < first:
        raise typer.BadParameter(f"--end-date {last} is before --start-date {first}")
    name = platform_of(platform) if platform else None
    with session.open_database(settings, begins=not dry_run) as database:
        with database.read() as connection:
            known = imports.known_partitions(connection)
        held = {*known, *look(settings, database, settle=False).waiting}
    wanted = (p for p in held if first <= p.import_date <= last and name in (None, p.platform))
    chosen = session.runnable(settings, wanted)
    runs = ranges_of(chosen)
    if dry_run:
        _print_runs(runs, as_json)
        return
    started = datetime.now(UTC)
    failed = session.run(settings, PLAIN.whole, runs, verbose)
    session.print_summary(settings, "Backfilled", chosen, as_json, started)
    raise typer.Exit(1 if failed else 0)


def _print_runs(runs: Sequence[PartitionRange], as_json: bool) -> None:
    """The runs that a backfill would consist of, each with its partitions."""
    rows = [
        {"platform": run.first.platform, "first": run.first.import_date, "last": run.last.import_date} for run in runs
    ]
    if as_json:
        terminal.print_json_array(rows)
        return
    terminal.print_table("Would run", rows)
    if not rows:
        terminal.out.print("no partition of these dates holds an import: nothing would run")


@app.command()
def optimize(user: User = None, as_json: AsJson = False) -> None:
    """Make the renditions that stored files lack, also those whose files are gone.

    Originals that only the archive has are fetched back for it. Exits with 1 when one could not be.
    """
    from media_pipeline.catalog.selection import Selection
    from media_pipeline.stages.renditions.drawing import render_missing

    with session.open_stage(load_settings()) as stage:
        rendered = render_missing(stage, Selection(user=user or None))
    print_facts({"files": rendered.files, "unavailable": rendered.unavailable}, as_json, "Renditions made for")
    raise typer.Exit(1 if rendered.unavailable else 0)


@app.command()
def archive(
    everything: Annotated[
        bool, typer.Option("--all", help="Everything, also what counts as archived: what the archive lacks is sent.")
    ] = False,
    post_id: PostId = None,
    as_json: AsJson = False,
) -> None:
    """Send stored originals to the archive. Exits with 1 when one could not be archived.

    With --all, the archive is asked for every file, and what it lacks or has wrong is sent again.
    """
    from media_pipeline.catalog.selection import Selection, post_id_named
    from media_pipeline.stages.archive.s3_archive import archive_files

    if everything == bool(post_id):
        raise typer.BadParameter("say either --all or --post-id ID")
    with session.open_stage(load_settings()) as stage:
        with stage.database.read() as connection:
            post = post_id_named(connection, post_id) if post_id else None
        archived = archive_files(stage, Selection(post=post), repair=everything)
    facts = {"sent": archived.sent, "sent_bytes": archived.sent_bytes, "already_there": archived.already_there}
    facts["failed"] = len(archived.failures)
    if as_json:
        terminal.print_json(facts | {"failures": archived.failures})
    else:
        terminal.print_facts("Archive", facts)
        terminal.print_table("Not archived", archived.failures)
    raise typer.Exit(1 if archived.failures else 0)


@app.command()
def stats(user: User = None, as_json: AsJson = False) -> None:
    """Count posts, media by status, files, duplicates, bytes, renditions, archived, truncated and placeholder files."""
    from media_pipeline.catalog import stats as stats_table

    settings = load_settings()
    with session.open_database(settings) as database, database.read() as connection:
        facts = stats_table.totals(connection, user=user) | session.archive_facts(settings, connection)
    print_facts(facts, as_json, f"Library{f' of {user}' if user else ''}")
