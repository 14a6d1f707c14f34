"""`media-pipeline`: every command, thin over the stages and Dagster's jobs.

What belongs here: arguments, what is printed, exit codes (0 done, 1 failed, 2 wrong usage or settings).
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from media_pipeline import session, terminal
from media_pipeline.model import Fault, MediaPipelineError, Status
from media_pipeline.settings import Settings, SettingsError, load_settings
from media_pipeline.terminal import err, out

if TYPE_CHECKING:
    from media_pipeline.posts.platforms.base import Platform
    from media_pipeline.storage.store import ContentStore

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Archives the media of social-media posts: hand it exports of raw post JSON, and it keeps every picture, "
    "video and document in best quality, once, verified, and can show it. Settings come from the environment and "
    "`.env`; see docs/settings.md.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, by the catalogue's column names.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print the run's log.")]
User = Annotated[str | None, typer.Option("--user", "-u", help="Only this author: handle or platform id.")]
PostId = Annotated[str | None, typer.Option("--post-id", help="Only this post: our id (p-…) or the platform's.")]


def main() -> None:
    """The command line; every error of ours is one line and a non-zero exit code."""
    try:
        app()
    except SettingsError as error:
        err.print(f"[red]error:[/red] {error}", soft_wrap=True)
        sys.exit(2)
    except MediaPipelineError as error:
        err.print(f"[red]error:[/red] {error}", soft_wrap=True)
        sys.exit(1)


@app.command()
def ingest(
    path: Annotated[Path, typer.Argument(exists=True, help="Export file, or a folder of export files.")],
    platform: Annotated[
        str | None, typer.Option("--platform", "-p", help="Platform of the export. Default: told by its shape.")
    ] = None,
    day: Annotated[str | None, typer.Option("--date", help="Import date, YYYY-MM-DD. Default: today, UTC.")] = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Copy an export into the import layout and run everything for it: the main job.

    Exits with 0 when the run succeeded and every media reference is accounted for (downloads that failed are in the
    summary), with 1 when the run failed.
    """
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.stages.landing import land, partitions_for

    settings = load_settings()
    name = _platform(platform) if platform else None
    exports = partitions_for(path, _date(day) or datetime.now(UTC).date(), name)
    partitions = sorted(set(exports.values()))
    # A catalogue that can't be used stops it here, before anything lands and before a run begins.
    with session.open_database(settings):
        pass
    for export, partition in exports.items():
        for landed in land(settings, export, partition):
            err.print(f"landed {landed}", soft_wrap=True)
    failed = session.run(settings, "media_pipeline", ranges_of(partitions), verbose)
    session.print_summary(settings, partitions, as_json)
    raise typer.Exit(1 if failed else 0)


@app.command()
def extract(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Export file.")],
    platform: Annotated[
        str | None, typer.Option("--platform", "-p", help="Platform of the export. Default: told by its shape.")
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Prove that no media URL was overlooked, instead of listing posts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what an export holds, without storing or fetching anything: with --json, one line a post.

    Parts that can't be read are named on standard error. Exits with 1 when there is no post in the file, and with
    --coverage when a media URL is neither one of a post's nor known to be something else.
    """
    from media_pipeline.posts.extract import extract as extract_posts
    from media_pipeline.posts.platforms import platform_named

    chosen = platform_named(_platform(platform)) if platform else None
    if coverage:
        _print_coverage(path, chosen, as_json)
        return
    posts = 0
    for found in extract_posts(path, chosen):
        if isinstance(found, Fault):
            err.print(f"{path.name}: {found}", soft_wrap=True, markup=False)
            continue
        posts += 1
        if as_json:
            terminal.print_json(found.as_json())
        else:
            title = f"{found.post.native_id}  {found.post.author_handle or ''}  {found.post.posted_at or ''}"
            rows = [{"type": ref.media_type, "role": ref.role, "url": ref.url or ref.note} for ref in found.media]
            out.print(title, markup=False)
            terminal.print_table("", rows)
    raise typer.Exit(0 if posts else 1)


@app.command()
def provenance(
    media_id: Annotated[str, typer.Argument(help="A media reference, med-….")],
    whole_post: Annotated[bool, typer.Option("--post", help="Print the post's bytes, not only the URL's.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which bytes of which export a media reference came from.

    The bytes go to standard output exactly as they stand in the export, the rest to standard error. Exits with 1 when
    the export is no longer there or has changed.
    """
    from media_pipeline.stages.provenance import provenance_of

    settings = load_settings()
    with session.open_database(settings) as database:
        found = provenance_of(settings, database, media_id)
    if as_json:
        terminal.print_json(found.as_json())
        return
    for name, value in found.facts().items():
        err.print(f"{name}: {value}", soft_wrap=True, markup=False, highlight=False)
    sys.stdout.buffer.write(found.post_text if whole_post else found.text)
    sys.stdout.buffer.flush()


@app.command(name="list")
def list_media(
    post_id: PostId = None,
    user: User = None,
    status: Annotated[Status | None, typer.Option(help="Only references in this status.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many.")] = None,
    as_json: AsJson = False,
) -> None:
    """List media references with their status, file and archive address."""
    from media_pipeline.catalog import media_reports
    from media_pipeline.storage.store import ContentStore

    settings = load_settings()
    store = ContentStore(settings.storage_path, settings.media_public)
    with session.open_database(settings) as database, database.read() as connection:
        found = media_reports.listing(connection, post_id, user, status, limit)
        rows = ({**row, "local_url": _local_url(store, row["local_path"], settings)} for row in found)
        if as_json:
            terminal.print_json_array(rows)
        else:
            columns = ["media_id", "native_id", "author_handle", "media_type", "status", "file_size", "local_path"]
            terminal.print_table("", list(rows), columns)


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
    from media_pipeline.defs import jobs
    from media_pipeline.defs.partitions import ranges_of

    settings = load_settings()
    name = _platform(platform) if platform else None
    with session.open_database(settings) as database:
        if again:
            with database.write() as connection:
                known = [p for p in imports.known_partitions(connection) if name in (None, p.platform)]
                media.ask_again(connection, known)
        with database.read() as connection:
            partitions = [p for p in imports.unfinished_partitions(connection) if name in (None, p.platform)]
    failed = session.run(settings, jobs.ORIGINALS, ranges_of(partitions), verbose)
    session.print_summary(settings, partitions, as_json)
    raise typer.Exit(1 if failed else 0)


@app.command()
def backfill(
    start_date: Annotated[str, typer.Option(help="First import date, YYYY-MM-DD.")],
    end_date: Annotated[str | None, typer.Option(help="Last import date. Default: today, UTC.")] = None,
    platform: Annotated[str | None, typer.Option("--platform", "-p", help="Only this platform.")] = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Run everything for a range of import dates: only partitions that hold imports, contiguous ones in one run."""
    from media_pipeline.catalog import imports
    from media_pipeline.defs import jobs
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.stages.landing import look

    settings = load_settings()
    first, last = _date(start_date) or date.min, _date(end_date) or datetime.now(UTC).date()
    if last < first:
        raise typer.BadParameter(f"--end-date {last} is before --start-date {first}")
    name = _platform(platform) if platform else None
    with session.open_database(settings) as database:
        with database.read() as connection:
            known = imports.known_partitions(connection)
        held = {*known, *look(settings, database, settle=False).waiting}
    chosen = sorted(p for p in held if first <= p.import_date <= last and name in (None, p.platform))
    failed = session.run(settings, jobs.WHOLE, ranges_of(chosen), verbose)
    session.print_summary(settings, chosen, as_json)
    raise typer.Exit(1 if failed else 0)


@app.command()
def dedup(
    user: User = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove copies of the tier that --tier names.")] = False,
    tier: Annotated[
        str | None, typer.Option(help="Of --prune: same-bytes or same-pixels. Near duplicates are never removed.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--no-dry-run", help="Of --prune: only say what would be removed.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Name duplicates in the library, write the reports, and on demand remove copies, of all or of one author.

    same-bytes removes references in the catalogue, and no bytes: the oldest reference holds them. same-pixels removes
    files: references to them hold the best of those pixels from then on, and the catalogue still says which file they
    held, and what was known of it. near only looks alike, and is for somebody to judge by the reports.
    """
    from media_pipeline.catalog import duplicates, imports, stats
    from media_pipeline.catalog.near_duplicates import Tier
    from media_pipeline.stages.dedup_report import report_duplicates
    from media_pipeline.stages.pruning import prune_same_pixels, same_pixel_copies

    chosen = _prunable_tier(prune, tier)
    with session.open_stage(load_settings()) as stage:
        with stage.database.read() as connection:
            partitions = imports.known_partitions(connection)
        report_duplicates(stage, partitions)
        with stage.database.read() as connection:
            found = duplicates.prunable(connection, user)
            copies = list(same_pixel_copies(connection, user))
        removed = 0
        if chosen == Tier.SAME_BYTES and not dry_run:
            with stage.database.write() as connection:
                removed = duplicates.prune(connection, found)
        elif chosen == Tier.SAME_PIXELS and not dry_run:
            removed = prune_same_pixels(stage, copies)
        if removed:
            report_duplicates(stage, partitions)
        with stage.database.read() as connection:
            saved = stats.totals(connection, user=user)["bytes_saved"]
    facts = {
        "duplicates": len(found),
        "duplicates_same_pixels": len(copies),
        "removed": removed,
        "bytes_saved": saved,
        "bytes_saved_if_pruned_same_pixels": sum(copy.file.file_size for copy in copies if copy.leaves),
    }
    _print(facts, as_json, f"Duplicates{f' of {user}' if user else ''}")
    if prune and dry_run:
        err.print("nothing was removed: add --no-dry-run")


@app.command()
def optimize(user: User = None, as_json: AsJson = False) -> None:
    """Make the renditions that stored files lack."""
    from media_pipeline.catalog import files
    from media_pipeline.stages.renditions import render_missing

    with session.open_stage(load_settings()) as stage:
        rendered = render_missing(stage, files.of_user(user) if user else None)
    _print({"files": rendered}, as_json, "Renditions made for")


@app.command()
def archive(
    everything: Annotated[bool, typer.Option("--all", help="Everything that is stored and not archived.")] = False,
    post_id: PostId = None,
    as_json: AsJson = False,
) -> None:
    """Send stored originals to the archive. Exits with 1 when one could not be archived."""
    from media_pipeline.catalog import files
    from media_pipeline.stages.s3_archive import archive_files

    if everything == bool(post_id):
        raise typer.BadParameter("say either --all or --post-id ID")
    with session.open_stage(load_settings()) as stage:
        archived = archive_files(stage, files.of_post(post_id) if post_id else None)
    facts = {"sent": archived.sent, "sent_bytes": archived.sent_bytes, "already_there": archived.already_there}
    _print(facts | {"failed": len(archived.failures)}, as_json, "Archive")
    if not as_json:
        terminal.print_table("Not archived", archived.failures)
    raise typer.Exit(1 if archived.failures else 0)


@app.command()
def verify(
    md5: Annotated[str | None, typer.Argument(help="MD5 or SHA-256 of one file. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read stored files to their end and hold them against their checksums.

    A file that does not match is put aside and fetched again by the next run. Exits with 1 when there was one.
    """
    from media_pipeline.catalog import files
    from media_pipeline.stages.integrity import verify_files

    with session.open_stage(load_settings()) as stage:
        chosen = files.has_digest(md5) if md5 else None
        with stage.database.read() as connection:
            if chosen is not None and not files.is_known(connection, chosen):
                raise typer.BadParameter(f"no file has the digest {md5}")
        found = verify_files(stage, chosen)
    corrupt = [
        {"sha256": file.sha256, "md5_sum": file.md5_sum, "local_path": file.local_path} for file in found.corrupt
    ]
    if as_json:
        terminal.print_json({"checked": found.checked, "corrupt": corrupt})
    else:
        terminal.print_facts("Verification", {"checked": found.checked, "corrupt": len(corrupt)})
        terminal.print_table("Corrupt", corrupt)
    raise typer.Exit(1 if corrupt else 0)


@app.command()
def stats(user: User = None, as_json: AsJson = False) -> None:
    """Count posts, media by status, files, duplicates, bytes, renditions, archived, truncated and placeholder files."""
    from media_pipeline.catalog import stats as stats_table

    with session.open_database(load_settings()) as database, database.read() as connection:
        facts = stats_table.totals(connection, user=user)
    _print(facts, as_json, f"Library{f' of {user}' if user else ''}")


@app.command()
def migrate() -> None:
    """Bring the catalogue's schema up to date. Needed on PostgreSQL; SQLite is migrated by itself."""
    from media_pipeline.catalog import schema
    from media_pipeline.catalog.database import Database

    database = Database(load_settings().catalog_url)
    database.migrate()
    out.print(f"{database.shown_url} has schema {schema.HEAD}", soft_wrap=True)


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the UI.")] = 3000,
    host: Annotated[str, typer.Option(help="Address that the UI listens on.")] = "127.0.0.1",
) -> None:
    """Start the Dagster UI with daemon, sensor and schedules; history is kept between starts."""
    from media_pipeline.defs.launch import run_dev_server

    raise typer.Exit(run_dev_server(load_settings(), host, port))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where everything of the demo lies.")] = Path("demo-data"),
    verbose: Verbose = False,
) -> None:
    """Make a sample export with its media, serve the media on loopback, and run everything on it.

    Exits with 0 when everything came out as the sample is made to: some of its media can't be had, on purpose.
    """
    from media_pipeline.defs import jobs
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.demo.run import prepared, where_to_look

    usual = load_settings()
    err.print("drawing the sample")
    with prepared(folder.resolve()) as sample:
        failed = session.run(sample.settings, jobs.WHOLE, ranges_of(sample.partitions), verbose)
        session.print_summary(sample.settings, sample.partitions, as_json=False)
        differences = sample.finish()
    terminal.print_lines("Where to look", where_to_look(sample, usual))
    for difference in differences:
        err.print(f"not as it should be: {difference}", soft_wrap=True, markup=False)
    raise typer.Exit(1 if failed or differences else 0)


def _print_coverage(path: Path, platform: Platform | None, as_json: bool) -> None:
    from dataclasses import asdict

    from media_pipeline.posts.extract import coverage

    found = coverage(path, platform)
    rows = [asdict(row) for row in found.unexplained]
    facts = {"percentage": found.percentage, "media_urls": found.urls, "unexplained_urls": found.unexplained_urls}
    if as_json:
        terminal.print_json(facts | {"unexplained": rows})
    else:
        terminal.print_facts(f"Coverage of {path.name}", facts)
        terminal.print_table("Unexplained", rows)
    raise typer.Exit(1 if found.unexplained else 0)


def _print(facts: dict[str, Any], as_json: bool, title: str) -> None:
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.print_facts(title, facts)


def _prunable_tier(prune: bool, tier: str | None) -> str | None:
    """The tier by the catalogue's name; None: nothing is to be removed."""
    if not prune:
        if tier is not None:
            raise typer.BadParameter("--tier belongs to --prune")
        return None
    if tier == "near":
        raise typer.BadParameter(
            "near duplicates only look alike: look at the reports; nothing removes them. "
            "--tier is same-bytes or same-pixels"
        )
    if tier not in ("same-bytes", "same-pixels"):
        raise typer.BadParameter("say what --prune may remove: --tier same-bytes or --tier same-pixels")
    return tier.replace("-", "_")


def _local_url(store: ContentStore, path: str | None, settings: Settings) -> str | None:
    return store.url_of(path, settings.media_base_url) if path else None


def _platform(name: str) -> str:
    from media_pipeline.posts.platforms import platform_names

    if name not in platform_names():
        raise typer.BadParameter(f"unknown platform {name!r}; known are {', '.join(platform_names())}")
    return name


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD") from None


if __name__ == "__main__":
    main()
