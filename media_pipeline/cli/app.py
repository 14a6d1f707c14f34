"""What the commands share: the application that they join, their common options, and how arguments are read."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer

from media_pipeline.cli import terminal
from media_pipeline.policy.import_dates import date_named
from media_pipeline.settings import Settings

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
PostId = Annotated[
    str | None, typer.Option("--post-id", help="Only this post: our id (p-…), the platform's, or its address.")
]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"media-pipeline {version_of('media-pipeline')}")
        raise typer.Exit


@app.callback()
def options_of_all_commands(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take what stands before a command's name."""


def print_facts(facts: dict[str, Any], as_json: bool, title: str) -> None:
    if as_json:
        terminal.print_json(facts)
    else:
        terminal.print_facts(title, facts)


def platform_of(name: str) -> str:
    from media_pipeline.posts.platforms import platform_names

    if name not in platform_names():
        raise typer.BadParameter(f"unknown platform {name!r}; known are {', '.join(platform_names())}")
    return name


def date_of(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date_named(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def import_date_of(settings: Settings, text: str | None, option: str) -> date:
    """The import date that an option names, or today: one that Dagster has a partition for."""
    from media_pipeline.stages.imports.raw_posts import import_dates

    dates = import_dates(settings)
    day = date_of(text) or dates.today
    if refusal := dates.refusal(day):
        raise typer.BadParameter(f"{option}: {refusal}")
    return day
