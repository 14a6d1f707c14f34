"""The command that writes pages of archived posts for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from media_pipeline.cli import session, terminal
from media_pipeline.cli.app import AsJson, User, app, date_of, platform_of
from media_pipeline.settings import load_settings


@app.command()
def page(
    to: Annotated[Path, typer.Option("--to", help="The folder: an empty or new one, or one that this command wrote.")],
    user: User = None,
    platform: Annotated[str | None, typer.Option("--platform", "-p", help="Only this platform.")] = None,
    since: Annotated[str | None, typer.Option(help="Only posts of this day (UTC) or later, YYYY-MM-DD.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write archived posts with their media as a page for the browser, to be searched, moved and handed on.

    The folder holds everything that the page shows: thumbnails, optimized pictures, videos that browsers play, and
    originals where there is no rendition. Those that only the archive has are fetched back for it. Originals are as
    they came: before you hand them on, know that a picture may say where and with what it was taken. Run again, the
    command updates the folder. Posts stand 500 to a page, oldest first. Exits with 1 when the file of a stored medium
    is nowhere.
    """
    from media_pipeline.catalog.selection import Selection
    from media_pipeline.stages.pages.writing import write_pages

    selection = Selection(user=user, platform=platform_of(platform) if platform else None, since=date_of(since))
    settings = load_settings()
    writes = not session.is_read_only(settings)
    with session.open_stage(settings, writes) as stage:
        written = write_pages(stage, to, selection, heals=writes)
    facts = {
        "posts": written.totals.posts,
        "media": written.totals.media,
        "pages": written.pages,
        "copied": written.copied,
        "copied_bytes": written.copied_bytes,
        "removed": written.removed,
        "lost": written.totals.lost,
    }
    if as_json:
        terminal.print_json({**facts, "page": str(written.index)})
    else:
        terminal.print_facts("Archived posts", facts)
        terminal.print_lines("Where to look", {"the page": written.index.as_uri()})
    if written.totals.lost:
        terminal.print_error(
            f"{written.totals.lost:,} stored media have their file neither in the store nor in the archive, and stand "
            "on the page without it: mount the disk, or let `media-pipeline verify` look for them"
        )
        raise typer.Exit(1)
