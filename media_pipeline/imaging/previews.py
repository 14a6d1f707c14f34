"""Small pictures of pictures, for pages and sheets that hold them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

QUALITY = 60


def preview(path: Path, side: int) -> bytes | None:
    """A picture, at most ``side`` pixels each way, as WebP; None when the file can't be opened."""
    try:
        with Image.open(path) as image:
            # Before it is decoded: a JPEG is read at a reduced scale.
            image.draft("RGB", (side, side))
            picture = image.convert("RGB")
    except OSError:
        return None
    picture.thumbnail((side, side))
    out = BytesIO()
    picture.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
