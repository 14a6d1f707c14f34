"""Tables of pictures as one piece of Markdown, for Dagster's metadata.

What belongs here: the tables and their size. What does not: which pictures are alike or worth showing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from media_pipeline.views.environment import fitting, render

COLUMNS = 4
SIDE = 88
"""Pixels of a picture. Dagster shows Markdown in a dialog that is 400 px wide."""
SHEET_BYTES = 90_000
"""A sheet is kept in Dagster's event log."""
_RESERVED = 60
"""Bytes kept free for the last line, which counts what is not shown."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and what stands below it."""

    webp: bytes | None
    """At most ``SIDE`` pixels each way; None: it can't be shown."""
    lines: tuple[str, ...]
    """Of plain text: one in a contact sheet; as many for each of a group."""


def contact_sheet(pictures: Sequence[Picture], limit_bytes: int = SHEET_BYTES) -> str:
    """A table of pictures and their captions, shorter than ``limit_bytes`` of UTF-8.

    Shows as many as fit, from the first on, and ends with how many more there are, those that can't be shown among
    them. Empty text for no pictures.
    """
    if not pictures:
        return ""
    there = [picture for picture in pictures if picture.webp is not None]
    # Each is weighed with a table's head of its own, which the sheet has once.
    alone = (render("contact_sheet.md.j2", pictures=[one], columns=COLUMNS, hidden=0) for one in there)
    shown = there[: len(fitting(alone, limit_bytes - _RESERVED))]
    hidden = len(pictures) - len(shown)
    return str(render("contact_sheet.md.j2", pictures=shown, columns=COLUMNS, hidden=hidden))


def side_by_side(groups: Sequence[Sequence[Picture]], hidden: int = 0, limit_bytes: int = SHEET_BYTES) -> str:
    """A table for each group, shorter than ``limit_bytes`` of UTF-8 together.

    Shows the first four of a group and as many groups as fit, and ends with how many more there are, with the
    ``hidden`` ones. Empty text for no groups.
    """
    tables = fitting((_table(group) for group in groups), limit_bytes - _RESERVED)
    return str(render("side_by_side.md.j2", tables=tables, hidden=len(groups) - len(tables) + hidden))


def _table(group: Sequence[Picture]) -> Markup:
    shown = group[:COLUMNS]
    lines = list(zip(*(picture.lines for picture in shown), strict=True))
    return render("side_by_side_group.md.j2", pictures=shown, lines=lines, hidden=len(group) - len(shown))
