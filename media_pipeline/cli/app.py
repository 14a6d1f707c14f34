"""What the commands share: the application that they join, their common options, and how arguments are read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from media_pipeline import terminal

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
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD") from None
