"""What is left of truncated and damaged pictures.

What belongs here: decoding past what is missing or broken, and how much of a picture came out. What does not: whether
a file is truncated (:mod:`media_pipeline.imaging.endings`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from media_pipeline.imaging.pictures import opened_picture

LEAST_SHARE = 0.5
"""Of a picture that must be there for renditions of it."""


@contextmanager
def lenient() -> Generator[None]:
    """Let Pillow decode what there is. The switch is one for the whole process, which is a worker with one thread."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def has_half(path: Path, mime_type: str, image: Image.Image) -> bool:
    """Whether half of the picture was decoded, so that it is worth showing. Raises UnreadableMedia."""
    share = _filled_share(image) if _is_interlaced(path, mime_type) else _tall_share(image)
    return share >= LEAST_SHARE


def shows_anything(image: Image.Image) -> bool:
    """Whether anything came out: what was never decoded has one colour."""
    return _tall_share(image) > 0 or _filled_share(image) > 0


def _tall_share(image: Image.Image) -> float:
    """How much of the height was decoded, 0 to 1, or less than that.

    Decoders leave the rows that they never came to in one colour: at the bottom, of BMP at the top. A picture that has
    such rows at its edges by itself counts as shorter than it is. A progressive JPEG whose first scan is there has all
    of its rows.
    """
    pixels = _pixels(image)
    rows = np.flatnonzero((pixels != pixels[:, :1]).any(axis=(1, 2)))
    return (int(rows[-1]) - int(rows[0]) + 1) / image.height if len(rows) else 0.0


def _filled_share(image: Image.Image) -> float:
    """The share of the pixels that aren't of the colour of those that come last, in the last odd row."""
    pixels = _pixels(image)
    last = (image.height - 2) | 1
    return float((pixels != pixels[max(0, last), 0]).any(axis=2).mean())


def _is_interlaced(path: Path, mime_type: str) -> bool:
    """Whether the rows come in several passes (GIF89a, appendix E; PNG, 8.2)."""
    with opened_picture(path, mime_type) as image:
        tiles: Any = getattr(image, "tile", None)
        if image.format == "GIF" and tiles:
            _bits, is_interlaced, *_ = tiles[0].args
            return bool(is_interlaced)
        return bool(image.info.get("interlace"))


def _pixels(image: Image.Image) -> Any:
    """Rows, columns, channels."""
    return np.asarray(image).reshape(image.height, image.width, -1)
