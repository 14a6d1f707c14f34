"""PDF through pypdfium2 (PDFium): pages, and a picture of the first one. Scripts inside are never run.

What belongs here: everything that touches PDFium. What does not: recipes and files written.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from math import sqrt
from pathlib import Path
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image

from media_pipeline.imaging.errors import UnreadableMedia, decoding

MAX_PAGE_PIXELS = 16_000_000
"""A page may claim any size; its picture is drawn no larger than this."""


def page_count(path: Path) -> int:
    """The number of pages. Raises UnreadableMedia, also for a document without pages or behind a password."""
    with _opened(path) as document:
        return len(document)


def first_page(path: Path, short_side: int) -> Image.Image:
    """The first page on white, its shorter side ``short_side`` pixels. Raises UnreadableMedia."""
    with _opened(path) as document, closing(document[0]) as page:
        width, height = page.get_size()
        if width <= 0 or height <= 0:
            raise UnreadableMedia(f"the first page is {width} x {height} points large")
        scale = min(short_side / min(width, height), sqrt(MAX_PAGE_PIXELS / (width * height)))
        return page.render(scale=scale).to_pil()


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    with decoding(), path.open("rb") as file, closing(pypdfium2.PdfDocument(file)) as document:
        if len(document) == 0:
            raise UnreadableMedia("the document has no pages")
        yield document
