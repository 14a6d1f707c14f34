"""Pictures that are alike, one beside the other, as Markdown for Dagster's metadata; and pictures as ``data:`` URIs.

What belongs here: tables and their size. What does not: which pictures are alike and worth showing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from media_pipeline.policy.foreign_text import for_markdown

COLUMNS = 4
SIDE = 88
"""Pixels. Dagster shows Markdown in a dialog that is 400 px wide."""
QUALITY = 60
_RESERVED = 60
"""Bytes kept free for the last line, which counts what is not shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and what stands below it."""

    path: Path | None
    lines: tuple[str, ...]
    """Of plain text; as many for each of a group."""


def side_by_side(groups: Sequence[Sequence[Shown]], hidden: int = 0, limit_bytes: int = 90_000) -> str:
    """A table for each group, shorter than ``limit_bytes`` of UTF-8 together.

    Shows the first four of a group and as many groups as fit, and ends with how many more there are, with the
    ``hidden`` ones. Empty text for no groups.
    """
    sheet: list[str] = []
    size = _RESERVED
    for group in groups:
        table = _table(group)
        size += len(table.encode())
        if size > limit_bytes:
            break
        sheet.append(table)
    more = len(groups) - len(sheet) + hidden
    return "\n".join(sheet) + (f"\nand {more:,} more groups" if more else "")


def data_uri(path: Path, side: int, quality: int = QUALITY) -> str | None:
    """A picture, at most ``side`` pixels each way, as a ``data:`` URI of WebP; None when it can't be opened."""
    try:
        with Image.open(path) as image:
            # Before it is decoded: a JPEG is read at a reduced scale.
            image.draft("RGB", (side, side))
            picture = image.convert("RGB")
    except OSError:
        return None
    picture.thumbnail((side, side))
    out = BytesIO()
    picture.save(out, "WEBP", quality=quality)
    return f"data:image/webp;base64,{b64encode(out.getvalue()).decode()}"


def _table(group: Sequence[Shown]) -> str:
    shown = group[:COLUMNS]
    uris = [data_uri(one.path, SIDE) if one.path else None for one in shown]
    rows = [
        [" " for _ in shown],
        [":-:" for _ in shown],
        [f"![]({uri})" if uri else "–" for uri in uris],
        *zip(*(map(for_markdown, one.lines) for one in shown), strict=True),
    ]
    table = "".join(f"|{'|'.join(cells)}|\n" for cells in rows)
    return f"{table}\nand {len(group) - COLUMNS:,} more files\n" if len(group) > COLUMNS else table
