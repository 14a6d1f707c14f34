"""From a drawn picture to a temporary file, or to the word that the original will do.

What belongs here: formats of pictures and what they are written with. What does not: videos.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from media_pipeline.model import PictureFormat, Recipe, RenderedFile, RenditionKind

WEBP_METHOD = 4
"""Of 0 to 6. Method 2 takes 5.0 instead of 8.4 ms, but loses 0.5 dB at 2 to 4% more bytes (300x300, quality 80)."""
AVIF_SPEED = 6
"""Of 0 (slowest) to 10; libavif's own default."""


@dataclass(frozen=True, slots=True)
class Original:
    """The file that renditions are made of."""

    path: Path
    mime_type: str


def picture_file(
    recipe: Recipe, picture: Image.Image, folder: Path, stand_in: Original | None = None, is_partial: bool = False
) -> RenderedFile:
    """The picture as the recipe's format, without metadata, in a temporary file.

    With an original that may stand in for it: that one, when it is no larger. Raises OSError when the disk fails.
    """
    chosen = PictureFormat.WEBP if recipe.kind == RenditionKind.THUMBNAIL else recipe.format
    content = _encoded(picture, chosen, recipe.quality)
    if stand_in is not None and stand_in.path.stat().st_size <= len(content):
        return _described(recipe, stand_in.path, stand_in.mime_type, picture.size, is_original=True)
    with temporary_file(folder, ".jpg" if chosen == PictureFormat.JPEG else f".{chosen}") as path:
        path.write_bytes(content)
        return _described(recipe, path, f"image/{chosen}", picture.size, is_partial=is_partial)


def video_file(recipe: Recipe, path: Path, size: tuple[int, int], is_partial: bool = False) -> RenderedFile:
    """What there is to say of a video that was made."""
    return _described(recipe, path, "video/mp4", size, is_partial=is_partial)


def standing_in(recipe: Recipe, original: Original, size: tuple[int, int]) -> RenderedFile:
    """The original, which needs no rendition; ``size`` as seen."""
    return _described(recipe, original.path, original.mime_type, size, is_original=True)


@contextmanager
def temporary_file(folder: Path, suffix: str) -> Generator[Path]:
    """An empty file that stays, unless an error ends the block."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix="rendition-", suffix=suffix, delete=False) as file:
        path = Path(file.name)
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _encoded(picture: Image.Image, chosen: PictureFormat, quality: int) -> bytes:
    picture.info.clear()  # Pillow writes a source's comment, and in some formats more, into the copy
    buffer = BytesIO()
    match chosen:
        case PictureFormat.WEBP:
            picture.save(buffer, "WEBP", quality=quality, method=WEBP_METHOD)
        case PictureFormat.AVIF:
            # Every core has a worker of its own.
            picture.save(buffer, "AVIF", quality=quality, speed=AVIF_SPEED, max_threads=1)
        case PictureFormat.JPEG:
            picture.save(buffer, "JPEG", quality=quality, progressive=True)
    return buffer.getvalue()


def _described(
    recipe: Recipe,
    path: Path,
    mime_type: str,
    size: tuple[int, int],
    is_original: bool = False,
    is_partial: bool = False,
) -> RenderedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return RenderedFile(
        kind=recipe.kind,
        recipe=recipe.name,
        path=None if is_original else path,
        mime_type=mime_type,
        width=size[0],
        height=size[1],
        file_size=path.stat().st_size,
        sha256=digest,
        partial=is_partial,
    )
