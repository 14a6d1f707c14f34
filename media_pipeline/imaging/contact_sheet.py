"""Thumbnails as one piece of Markdown, for Dagster's metadata.

What belongs here: the table and its size. What does not: which thumbnails are worth showing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from media_pipeline.policy.foreign_text import for_markdown

COLUMNS = 4
SIDE = 88
"""Pixels. Dagster shows Markdown in a dialog that is 400 px wide."""
QUALITY = 60
MAX_CAPTION_CHARACTERS = 24
_HEAD = "|" + " |" * COLUMNS + "\n|" + " :-: |" * COLUMNS + "\n"
_RESERVED = 40
"""Bytes kept free for the last line, which counts the pictures that are not shown."""


def contact_sheet(thumbnails: Sequence[tuple[str, Path]], limit_bytes: int = 90_000) -> str:
    """A table of ``(caption, picture file)`` as ``data:`` URIs, four in a row, shorter than ``limit_bytes`` of UTF-8.

    Shows as many as fit, from the first on, and ends with how many more there are. A file that can't be opened counts
    among those. Empty text for no thumbnails.
    """
    if not thumbnails:
        return ""
    sheet, row = _HEAD, list[tuple[str, str]]()
    shown, size = 0, len(_HEAD) + _RESERVED
    for caption, path in thumbnails:
        cell = _cell(caption, path)
        if cell is None:
            continue
        size += sum(len(part.encode()) for part in cell) + (2 * len("|\n") if not row else 0)
        if size > limit_bytes:
            break
        row.append(cell)
        shown += 1
        if len(row) == COLUMNS:
            sheet, row = sheet + _lines(row), []
    if row:
        sheet += _lines(row)
    hidden = len(thumbnails) - shown
    if not shown:
        return f"{hidden} pictures"
    return sheet + (f"\nand {hidden:,} more" if hidden else "")


def _lines(cells: Sequence[tuple[str, str]]) -> str:
    """A row of pictures, and their captions in a row below."""
    return "".join("|" + "".join(parts) + "\n" for parts in zip(*cells, strict=True))


def _cell(caption: str, path: Path) -> tuple[str, str] | None:
    try:
        with Image.open(path) as image:
            picture = image.convert("RGB")
    except OSError:
        return None
    picture.thumbnail((SIDE, SIDE))
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY)
    text = for_markdown(_shortened(caption))
    return f" ![{text}](data:image/webp;base64,{b64encode(buffer.getvalue()).decode()}) |", f" {text} |"


def _shortened(caption: str) -> str:
    line = " ".join(caption.split())
    return line if len(line) <= MAX_CAPTION_CHARACTERS else f"{line[: MAX_CAPTION_CHARACTERS - 1]}…"
