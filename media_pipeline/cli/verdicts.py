"""Commands on what is not stored: why, and once more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from media_pipeline.cli import session, terminal
from media_pipeline.cli.app import AsJson, User, Verbose, app, platform_of
from media_pipeline.model import Reason, Status
from media_pipeline.settings import load_settings


@app.command()
def why(
    name: Annotated[str, typer.Argument(help="A reference (med-…), a post (p-…, its id or address), or a media URL.")],
    as_json: AsJson = False,
) -> None:
    """Say where media stand and why: the reason, every candidate, every request, the next try, what to do.

    Exits with 1 where nothing has this name.
    """
    from media_pipeline.stages.downloads.again import why as why_is

    settings = load_settings()
    with session.open_database(settings) as database:
        found = why_is(settings, database, name)
    if as_json:
        terminal.print_json(found)
    else:
        for reference in found:
            _print(reference)
    if not found:
        terminal.print_error(f"no medium and no post is known by {name!r}; `media-pipeline list` shows all media")
        raise typer.Exit(1)


_OF_MEDIUM = (
    *("media_id", "post_id", "platform", "author_handle", "url", "media_type", "role", "status", "reason", "error"),
    *("local_path", "to_do", "downgrade", "removed_at", "duplicate_of", "pruned_at"),
)


def _print(reference: dict[str, Any]) -> None:
    facts = {key: reference[key] for key in _OF_MEDIUM if reference[key]}
    if reference["next_attempt_at"]:
        facts["tried again"] = f"{_when(reference['next_attempt_at'])}, or at once by `media-pipeline retry`"
    if names := reference["due_by_settings"]:
        facts["due again"] = f"since a setting has changed ({', '.join(names)}); `media-pipeline download` asks again"
    if reference["was"]:
        facts["was"] = _line_of_before(**reference["was"])
    terminal.print_lines("Medium", facts)
    asked = [[_line_of_candidate(one)] for one in reference["candidates"]]
    terminal.print_outline("Candidates, best first", asked)
    terminal.print_outline("Requests, oldest first", [_lines_of_request(one) for one in reference["requests"]])


def _when(due_at: datetime) -> str:
    is_due = due_at <= datetime.now(UTC)
    return "by the next run of its partition" if is_due else f"from {due_at:%Y-%m-%d %H:%M} UTC on"


def _line_of_before(reason: Reason | None, error_kind: str | None, asked_at: datetime, due_since: datetime) -> str:
    answer = f"{reason} ({error_kind})" if reason else "the medium came"
    return f"{answer}, asked on {asked_at:%Y-%m-%d %H:%M} UTC; due again since {due_since:%Y-%m-%d %H:%M} UTC"


def _line_of_candidate(candidate: dict[str, Any]) -> str:
    size = f"{candidate['width']}x{candidate['height']}" if candidate["width"] and candidate["height"] else None
    ends = f"until {candidate['expires_at']}" if candidate["expires_at"] else None
    return "  ".join(filter(None, (candidate["url"], candidate["role"], candidate["rule"], size, ends)))


def _lines_of_request(request: dict[str, Any]) -> list[str]:
    answer = request["error_kind"] or "the medium came"
    came = f"{request['bytes']:,} bytes" if request["was_sent"] else None
    facts = (f"{request['started_at']:%Y-%m-%d %H:%M:%S} UTC", _went(request), answer, came)
    return ["  ".join(filter(None, facts)), request["url"]]


def _went(request: dict[str, Any]) -> str:
    if not request["was_sent"]:
        return "nothing was sent"
    return f"HTTP {request['status']}" if request["status"] else "no answer"


_OTHERWISE = {
    Status.PENDING: "it is due already; `media-pipeline download` fetches it",
    Status.STORED: "`media-pipeline download --again` asks for what is stored",
    Status.SKIPPED: "`media-pipeline why` says what it lacks, a URL or a setting",
}


@app.command()
def retry(
    status: Annotated[list[Status] | None, typer.Option(help="Only what is in this status; may be repeated.")] = None,
    reason: Annotated[list[Reason] | None, typer.Option(help="Only what has this reason; may be repeated.")] = None,
    host: Annotated[str | None, typer.Option(help="Only URLs of this host, or of one below it.")] = None,
    user: User = None,
    platform: Annotated[str | None, typer.Option("--platform", "-p", help="Only this platform.")] = None,
    now: Annotated[bool, typer.Option("--now", help="Fetch it now, and not by the next run.")] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Have media that are not stored tried again, whatever was decided about them: also before their hour.

    Without options: everything that was asked for and is not stored, but for what is in quarantine.
    """
    from media_pipeline.catalog import imports
    from media_pipeline.catalog.selection import Selection
    from media_pipeline.defs.naming import PLAIN
    from media_pipeline.defs.partitions import ranges_of
    from media_pipeline.stages.downloads.again import MAY_BE_TRIED, try_again

    statuses = tuple(status) if status else MAY_BE_TRIED
    if refused := sorted({Status.STORED, Status.PENDING, Status.SKIPPED} & set(statuses)):
        raise typer.BadParameter(f"--status {refused[0].value}: {_OTHERWISE[refused[0]]}")
    settings = load_settings()
    selection = Selection(user=user or None, platform=platform_of(platform) if platform else None)
    with session.open_stage(settings) as stage:
        due = try_again(stage.database, selection, statuses, reason or None, host or None)
        with stage.database.read() as connection:
            unfinished = imports.unfinished_partitions(connection) if now else []
    wanted = [one for one in {*due.partitions, *unfinished} if selection.platform in (None, one.platform)]
    partitions = session.runnable(settings, sorted(wanted)) if now else []
    if not as_json:
        when = "fetched now" if now else "fetched by the next run of their partitions, or by `media-pipeline download`"
        said = f"{due.media:,} media are due again: {when}" if due.media else "no media meet this that wait for nothing"
        terminal.out.print(said, soft_wrap=True)
    if not now:
        if as_json:
            terminal.print_json({"due": due.media, "partitions": [partition.key for partition in due.partitions]})
        return
    started = datetime.now(UTC)
    failed = session.run(settings, PLAIN.originals, ranges_of(partitions), verbose)
    session.print_summary(settings, "Retried", partitions, as_json, started, facts={"due": due.media})
    raise typer.Exit(1 if failed else 0)
