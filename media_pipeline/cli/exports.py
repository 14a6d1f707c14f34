"""Commands that begin with an export: take it in, show what it holds, and which of its bytes a reference came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from media_pipeline.cli import session, terminal
from media_pipeline.cli.app import AsJson, Verbose, app, import_date_of, platform_of
from media_pipeline.cli.terminal import err, out
from media_pipeline.model import Fault, KnownBy
from media_pipeline.policy.wording import worded
from media_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from media_pipeline.posts.platforms.base import Platform
    from media_pipeline.stages.downloads.adoption import Adopted
    from media_pipeline.stages.imports.handing_over import HandedExport, HandedOver
    from media_pipeline.stages.imports.history import Version


@app.command()
def ingest(
    path: Annotated[Path, typer.Argument(exists=True, help="Export file, or a folder of export files.")],
    platform: Annotated[
        str | None, typer.Option("--platform", "-p", help="Platform of the export. Default: told by its shape.")
    ] = None,
    day: Annotated[str | None, typer.Option("--date", help="Import date, YYYY-MM-DD. Default: today, UTC.")] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Of a folder that another tool filled: take its media, and fetch the rest.")
    ] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Copy an export into the import layout and run everything for it: the main job.

    A zip, tar or folder with exports of several platforms is taken apart, each to its own partition.

    With --adopt, media that lie in the folder are copied from there, and no request is made for them: those beside the
    JSON of instaloader, gallery-dl and yt-dlp, and files that are named by the MD5 of their URL. Links are not
    followed. Files that no post names are counted as extra, and left alone. The unpacked folder of an official export
    is taken so by itself.

    Exits with 0 when the run succeeded and every media reference is accounted for (downloads that failed are in the
    summary), with 1 when the run failed or no post could be read.
    """
    from media_pipeline.catalog import imports
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.defs.runs.launch import dagster_home
    from media_pipeline.stages.imports.handing_over import handed_over
    from media_pipeline.stages.imports.landing import land_export
    from media_pipeline.stages.imports.packing import is_official
    from media_pipeline.stages.imports.parts import with_other_parts

    if adopt and not path.is_dir():
        raise typer.BadParameter(f"--adopt takes a folder, and {path} is none")
    settings = load_settings()
    name = platform_of(platform) if platform else None
    import_date = import_date_of(settings, day, "--date")
    handed = _handed_over_with_media(path, import_date, name) if adopt else handed_over(path, import_date, name)
    is_new = session.begins_library(settings)
    dagster_home(settings)
    # What can't be used (a setting, the catalogue, a place that is not the library's) stops it before anything lands.
    session.check_hosts(settings)
    with session.open_stage(settings, begins=True):
        pass
    if is_new:
        session.warn_of_archive(settings)
    for why in handed.left_out:
        err.print(f"left out: {why}", soft_wrap=True)
    started = datetime.now(UTC)
    has_media = adopt or (path.is_dir() and is_official(path, handed.exports))
    adopted = _adopt(settings, path, handed.exports) if has_media else None
    landed = adopted.landed if adopted else [land_export(settings, export) for export in handed.exports]
    partitions = sorted(adopted.partitions if adopted else {export.partition for export in handed.exports})
    for place in landed:
        err.print(f"landed {place}", soft_wrap=True)
    failed = session.run(settings, "media_pipeline", ranges_of(partitions), verbose)
    facts = adopted.as_json() if adopted else None
    if adopted and not as_json:
        terminal.print_facts(f"Adopted from {path}", {**adopted.as_json(), "extra_files": adopted.extra_files or None})
    session.print_summary(settings, "Imported", partitions, as_json, started, landed, facts)
    with session.open_database(settings) as database, database.read() as connection:
        # An archive of media alone is a part of an export whose posts are in another one.
        parts = with_other_parts(connection, [("", place) for place in landed])
        names = [place for export in parts for _, place in export]
        is_read = imports.have_posts(connection, names) or bool(adopted and adopted.adopted)
    if not is_read:
        terminal.print_error(f"no post was read from {path}")
    raise typer.Exit(0 if is_read and not failed else 1)


def _handed_over_with_media(folder: Path, day: date, platform: str | None) -> HandedOver:
    """The exports of a folder that has media: none is needed, since posts of the library may wait for the media."""
    from media_pipeline.stages.imports.handing_over import HandedOver, NothingToImport, handed_over

    try:
        return handed_over(folder, day, platform)
    except NothingToImport as error:
        return HandedOver((), (str(error),))


def _adopt(settings: Settings, folder: Path, exports: Sequence[HandedExport]) -> Adopted:
    from media_pipeline.stages.downloads.adoption import adopt_folder
    from media_pipeline.stages.imports.packing import packed

    with session.open_stage(settings) as stage:
        return adopt_folder(stage, folder, packed(folder, exports))


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

    Parts that can't be read, and posts that the export names as no longer shown, are named on standard error. Exits
    with 1 when there is no post in the file, and with --coverage also when a media URL is neither one of a post's nor
    known to be something else.
    """
    from media_pipeline.posts.extract import extract as extract_posts
    from media_pipeline.posts.platforms import platform_named

    chosen = platform_named(platform_of(platform)) if platform else None
    if coverage:
        _print_coverage(path, chosen, as_json)
        return
    posts = 0
    for found in extract_posts(path, chosen):
        if isinstance(found, Fault):
            err.print(f"{path.name}: {found}", soft_wrap=True)
            continue
        posts += 1
        if as_json:
            terminal.print_json(found.as_json())
        else:
            title = f"{found.post.native_id}  {found.post.author_handle or ''}  {found.post.posted_at or ''}"
            rows = [{"type": ref.media_type, "role": ref.role, "url": ref.url or ref.note} for ref in found.media]
            out.print(title)
            terminal.print_table("", rows)
    raise typer.Exit(0 if posts else 1)


def _print_coverage(path: Path, platform: Platform | None, as_json: bool) -> None:

    from media_pipeline.posts.extract import coverage

    found = coverage(path, platform)
    rows = [asdict(row) for row in found.unexplained]
    facts = {"percentage": found.percentage, "media_urls": found.urls, "unexplained_urls": found.unexplained_urls}
    if as_json:
        terminal.print_json(facts | {"unexplained": rows})
    else:
        terminal.print_facts(f"Coverage of {path.name}", facts)
        terminal.print_table("Unexplained", rows)
    if not found.is_recognised:
        terminal.print_error(f"no post was recognised in {path.name}: nothing is proven")
    raise typer.Exit(0 if found.is_recognised and not found.unexplained else 1)


@app.command()
def show(
    post: Annotated[str, typer.Argument(help="Our id (p-…), the platform's id, or the address of its page.")],
    as_json: AsJson = False,
) -> None:
    """Show a post: what it says now, what became of each medium, and every import that has seen it.

    A post whose imports differ is read again from their exports, to say what changed from one to the next.
    """
    from media_pipeline.stages.imports.history import history_of

    settings = load_settings()
    with session.open_database(settings) as database:
        found = history_of(settings, database, post)
    if as_json:
        terminal.print_json(found.as_json())
        return
    facts = {name: value for name, value in found.post.items() if value is not None and name not in _OUR_OWN}
    terminal.print_lines("Post", facts)
    terminal.print_outline("Media", [_lines_of_medium(row) for row in found.media])
    terminal.print_outline("Seen by", [_lines_of_version(version) for version in found.versions])


_OUR_OWN = ("manifest_version", "content_sha256", "raw_sha256", "created_at", "updated_at")
"""Columns of a post that say something to this program alone; --json has them."""


def _lines_of_medium(row: dict[str, Any]) -> list[str]:
    fate = f"{row['media_id']}  {row['media_type']}  {row['role']}  {row['status']}"
    removed_at = row["removed_at"]
    gone = f"no longer shown by the post, as was noticed at {removed_at:%Y-%m-%d %H:%M} UTC" if removed_at else None
    link = f"pruned: a link to {row['duplicate_of']}, the oldest with the same bytes" if row["pruned_at"] else None
    return [fate, *filter(None, [row["error"], row["local_path"], row["media_url"], gone, link])]


_KNOWN_BY = {
    KnownBy.COLLECTED: "when the record was collected",
    KnownBy.EDITED: "the last edit",
    KnownBy.NEWEST: "the newest time in the file",
    KnownBy.FILE: "the file's own time",
    KnownBy.IMPORT: "when the file was first imported",
}


_DECIDED_BY = {
    "is_whole": "it is no stub",
    "is_own": "it shows the post itself, and not inside another one",
    "edited_at": "it has the post's later edit",
    "urls_end_at": "its media URLs work longer",
    "import_date": "its import date is the later one",
    "first_read_at": "it was read later",
}
"""Rules by which one of several observations of the same time is taken."""


def _lines_of_version(version: Version) -> list[str]:
    shown = "  <- what the post says now" if version.is_shown else ""
    observed_at = worded(datetime.fromisoformat(version.observed_at))
    seen = f"{observed_at}  ({_KNOWN_BY[version.observed_by]})  {version.media} media{shown}"
    relation = f"as {version.relation} in another post" if version.relation else None
    rule = _DECIDED_BY.get(version.decided_by or "")
    taken = f"taken before the other of the same time, since {rule}" if rule else None
    lines = [f"{version.file}, {version.place}", relation, version.stub, taken, *version.changes]
    return [seen, *filter(None, lines)]


@app.command()
def provenance(
    media_id: Annotated[str, typer.Argument(help="A media reference, med-….")],
    whole_post: Annotated[bool, typer.Option("--post", help="Print the post's bytes, not only the URL's.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which bytes of which export a media reference came from.

    The bytes go to standard output, the rest to standard error: into a file or a pipe exactly as they stand in the
    export, on a terminal without control characters. Exits with 1 when the export is no longer there or has changed.
    """
    from media_pipeline.stages.imports.provenance import provenance_of

    settings = load_settings()
    with session.open_database(settings) as database:
        found = provenance_of(settings, database, media_id)
    if as_json:
        terminal.print_json(found.as_json())
        return
    for name, value in found.facts().items():
        err.print(f"{name}: {value}", soft_wrap=True)
    terminal.print_bytes(found.post_text if whole_post else found.text)
