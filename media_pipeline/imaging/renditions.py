"""From a file to pictures of it: the rendition that people look at, and the square thumbnail.

What belongs here: recipes and how each is drawn and encoded. What does not: decoders, colours, where results go.

Where the time of a 1440x1800 JPEG goes, on one core: decoding 8 ms, progressive encoding 38 ms (baseline 6 ms, at 9%
more bytes), scaling the thumbnail 6 ms, WebP 8 ms.
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from media_pipeline.imaging.colour import flattened, in_srgb
from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.pictures import UPRIGHT, opened_picture, orientation_of, upright
from media_pipeline.model import Recipe, RenderedFile

if TYPE_CHECKING:  # pydantic has no place in a worker
    from media_pipeline.settings import Settings

OPTIMIZED = "optimized"
THUMBNAIL = "thumbnail"
THUMBNAIL_QUALITY = 80
VIDEO_SHARE = 0.25
"""Where in a video its thumbnail is taken; the first frames are often black."""

WEBP_METHOD = 4
"""Of 0 to 6. Method 2 takes 5.0 instead of 8.4 ms, but loses 0.5 dB at 2 to 4% more bytes (300x300, quality 80)."""
THUMBNAIL_GAP = 2.0
"""A thumbnail is scaled from at least this multiple of its size: SSIM >= 0.998 to Lanczos from the full picture, in
6 instead of 15 ms."""
RENDITION_GAP = 3.0
"""Pillow's `reducing_gap`: box reduction down to three times the target, then Lanczos; close to Lanczos alone."""

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Source:
    """An opaque decoded picture, perhaps at reduced scale, still to be turned and brought to sRGB."""

    image: Image.Image
    full_size: Size
    orientation: int = UPRIGHT
    profile: bytes | None = None


def recipes_from(settings: Settings) -> tuple[Recipe, Recipe]:
    """The rendition and the thumbnail that the settings ask for."""
    return (
        Recipe(OPTIMIZED, settings.media_rendition_longest_side, settings.media_jpeg_quality),
        Recipe(THUMBNAIL, settings.media_thumbnail_size, THUMBNAIL_QUALITY),
    )


def recipes_for(mime_type: str, recipes: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """Those recipes that a file of this type gets: all for pictures, thumbnails for videos and PDF, none for sound."""
    if mime_type.startswith("image/"):
        return tuple(recipes)
    if mime_type.startswith("video/") or mime_type == "application/pdf":
        return tuple(recipe for recipe in recipes if recipe.kind == THUMBNAIL)
    return ()


def render(path: Path, mime_type: str, recipes: Sequence[Recipe], folder: Path) -> list[RenderedFile]:
    """Draw every recipe that applies (:func:`recipes_for`) from one decoding, as temporary files in ``folder``.

    ``optimized``: progressive JPEG, longest side at most the recipe's size, never enlarged. ``thumbnail``: square
    WebP, cropped at the centre. Both upright, sRGB, on white, without metadata; of animations the first frame.
    The caller moves or removes the files; on an error none is left behind.
    Raises UnreadableMedia for a file that can't be decoded, OSError when the disk fails.
    """
    wanted = recipes_for(mime_type, recipes)
    if not wanted:
        return []
    source = _decoded(path, mime_type, wanted)
    return _write_all(_draw(source, wanted), folder)


def _decoded(path: Path, mime_type: str, recipes: Sequence[Recipe]) -> _Source:
    if mime_type.startswith("image/"):
        return _decoded_picture(path, mime_type, recipes)
    if mime_type.startswith("video/"):
        from media_pipeline.imaging.videos import frame_at

        image = frame_at(path, VIDEO_SHARE)
    else:
        from media_pipeline.imaging.documents import first_page

        image = first_page(path, math.ceil(THUMBNAIL_GAP * max(recipe.size for recipe in recipes)))
    return _Source(flattened(image), image.size)


def _decoded_picture(path: Path, mime_type: str, recipes: Sequence[Recipe]) -> _Source:
    with opened_picture(path, mime_type) as image:
        full_size = image.size
        if image.format in ("JPEG", "MPO"):
            # libjpeg scales while decoding, by 1/2, 1/4 or 1/8; `draft` never goes below the size that is asked for.
            image.draft(None, _needed_size(full_size, recipes))
        image.load()
        if image.format not in ("JPEG", "MPO"):
            full_size = image.size
        profile = image.info.get("icc_profile")
        return _Source(flattened(image), full_size, _orientation(image), profile)


def _orientation(image: Image.Image) -> int:
    try:
        return orientation_of(image)
    except UnreadableMedia:
        return UPRIGHT


def _needed_size(full: Size, recipes: Sequence[Recipe]) -> Size:
    """The smallest decoding, in the picture's own proportions, that serves every recipe."""
    share = max(_share(full, recipe) for recipe in recipes)
    return math.ceil(full[0] * share), math.ceil(full[1] * share)


def _share(full: Size, recipe: Recipe) -> float:
    if recipe.kind == THUMBNAIL:
        return min(1.0, THUMBNAIL_GAP * recipe.size / min(full))
    return min(1.0, recipe.size / max(full))


def _draw(source: _Source, recipes: Sequence[Recipe]) -> list[tuple[Recipe, Image.Image]]:
    """Renditions first, largest first: thumbnails are drawn from the smallest picture that is large enough."""
    drawn: list[tuple[Recipe, Image.Image]] = []
    sources = [source]
    for recipe in sorted(recipes, key=lambda recipe: (recipe.kind == THUMBNAIL, -recipe.size)):
        if recipe.kind == THUMBNAIL:
            drawn.append((recipe, _thumbnail(_smallest(sources, recipe), recipe)))
            continue
        picture = _optimized(source, recipe)
        sources.append(_Source(picture, picture.size))
        drawn.append((recipe, picture))
    return drawn


def _smallest(sources: Sequence[_Source], recipe: Recipe) -> _Source:
    enough = [s for s in sources if min(s.image.size) >= THUMBNAIL_GAP * recipe.size]
    return min(enough, key=lambda s: s.image.width * s.image.height) if enough else sources[0]


def _optimized(source: _Source, recipe: Recipe) -> Image.Image:
    share = _share(source.full_size, recipe)
    size = (max(1, round(source.full_size[0] * share)), max(1, round(source.full_size[1] * share)))
    image = source.image
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=RENDITION_GAP)
    return upright(in_srgb(image, source.profile), source.orientation)


def _thumbnail(source: _Source, recipe: Recipe) -> Image.Image:
    width, height = source.image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    image = source.image.resize(
        (recipe.size, recipe.size),
        Image.Resampling.LANCZOS,
        box=(left, top, left + side, top + side),
        reducing_gap=THUMBNAIL_GAP,
    )
    return upright(in_srgb(image, source.profile), source.orientation)


def _write_all(pictures: Sequence[tuple[Recipe, Image.Image]], folder: Path) -> list[RenderedFile]:
    written: list[RenderedFile] = []
    try:
        for recipe, picture in pictures:
            written.append(_write(recipe, picture, folder))
    except BaseException:
        for file in written:
            file.path.unlink(missing_ok=True)
        raise
    return written


def _write(recipe: Recipe, picture: Image.Image, folder: Path) -> RenderedFile:
    content, mime_type, suffix = _encoded(recipe, picture)
    handle, name = tempfile.mkstemp(dir=folder, prefix="rendition-", suffix=suffix)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return RenderedFile(
        kind=recipe.kind,
        recipe=recipe.name,
        path=path,
        mime_type=mime_type,
        width=picture.width,
        height=picture.height,
        file_size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _encoded(recipe: Recipe, picture: Image.Image) -> tuple[bytes, str, str]:
    """Bytes, MIME type and suffix."""
    picture.info.clear()  # Pillow writes a source's comment, and in some formats more, into the copy
    buffer = BytesIO()
    if recipe.kind == THUMBNAIL:
        picture.save(buffer, "WEBP", quality=recipe.quality, method=WEBP_METHOD)
        return buffer.getvalue(), "image/webp", ".webp"
    picture.save(buffer, "JPEG", quality=recipe.quality, progressive=True)
    return buffer.getvalue(), "image/jpeg", ".jpg"
