"""Pictures that so many authors can't have posted alike, as a table in Markdown for Dagster's metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from media_pipeline.views.environment import render


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A file that many authors share under different URLs."""

    md5_sum: str
    authors: int
    media: int
    """References of the partition that hold it."""
    url: str | None
    """Of one of them."""


def placeholder_table(rows: Sequence[Placeholder]) -> str:
    """A row for each file. An address of the web is a link, another one is text."""
    return str(render("placeholders.md.j2", rows=rows))
