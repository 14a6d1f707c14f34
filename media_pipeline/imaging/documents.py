"""PDF through pypdfium2 (PDFium): pages, and a picture of the first one. Scripts inside are never run.

What belongs here: everything that touches PDFium. What does not: recipes and files written.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from math import sqrt
from pathlib import Path
from typing import Any, BinaryIO

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY  # pyright: ignore[reportMissingTypeStubs]

from media_pipeline.imaging.errors import UnreadableMedia, decoding
from media_pipeline.imaging.facts.fingerprint import fingerprint
from media_pipeline.model import FileFacts

MAX_PAGE_PIXELS = 16_000_000
"""A page may claim any size; its picture is drawn no larger than this."""
FINGERPRINT_SIDE = 512
"""Pixels of the shorter side: small print still changes the digest of the pixels."""
_LOCKED = {
    FPDF_ERR_PASSWORD: "it wants a password: it is kept as it is, and nothing in it can be read",
    FPDF_ERR_SECURITY: "it is encrypted in a way that PDFium does not know: it is kept as it is",
}
"""By PDFium's error. Such a document is no less whole for it."""


class LockedDocument(UnreadableMedia):
    """The document can't be opened without a key that nobody has here."""


def document_facts(path: Path) -> FileFacts:
    """The number of pages, and the fingerprint of the first one.

    Of a document that wants a password, that it does. Raises UnreadableMedia, also for one without pages.
    """
    try:
        return _facts_of_open(path)
    except LockedDocument as error:
        return FileFacts(warnings=(str(error),))


def _facts_of_open(path: Path) -> FileFacts:
    with _opened(path) as document:
        pages = len(document)
        try:
            with decoding():
                known = fingerprint(_drawn(document, FINGERPRINT_SIDE))
        except UnreadableMedia as error:
            return FileFacts(frames=pages, warnings=(f"no fingerprint can be taken of its first page: {error}",))
    return FileFacts(frames=pages, pixel_sha256=known.pixel_sha256, pdq=known.pdq, pdq_quality=known.pdq_quality)


def first_page(path: Path, short_side: int) -> Image.Image:
    """The first page on white, its shorter side ``short_side`` pixels. Raises UnreadableMedia."""
    with _opened(path) as document:
        return _drawn(document, short_side)


def _drawn(document: Any, short_side: int) -> Image.Image:
    with closing(document[0]) as page:
        width, height = page.get_size()
        if width <= 0 or height <= 0:
            raise UnreadableMedia(f"the first page is {width} x {height} points large")
        scale = min(short_side / min(width, height), sqrt(MAX_PAGE_PIXELS / (width * height)))
        return page.render(scale=scale).to_pil()


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    with decoding(), path.open("rb") as file, closing(_document(file)) as document:
        if len(document) == 0:
            raise UnreadableMedia("the document has no pages")
        yield document


def _document(file: BinaryIO) -> Any:
    try:
        return pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        code: Any = getattr(error, "err_code", None)
        if code in _LOCKED:
            raise LockedDocument(_LOCKED[code]) from error
        raise
