"""From one decoding to the still pictures of every recipe.

What belongs here: how large a file is decoded, and scaling. What does not: encoding
(:mod:`media_pipeline.imaging.renditions.encoding`), videos.

Where the time of a 1440x1800 JPEG goes, on one core: decoding 7 ms, progressive encoding 31 ms (baseline 6 ms, at 9%
more bytes), scaling the thumbnail 4 ms, WebP 8 ms. One of 4000x3000 takes 32 ms more for scaling, 13 for decoding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from media_pipeline.imaging.colour import flattened, in_srgb
from media_pipeline.imaging.errors import TooManyPixels, UnreadableMedia
from media_pipeline.imaging.partial import has_half, lenient
from media_pipeline.imaging.pictures import (
    LOSS,
    UPRIGHT,
    is_animated,
    load_still,
    opened_picture,
    orientation_of,
    upright,
)
from media_pipeline.imaging.renditions.cropping import square
from media_pipeline.model import Recipe, RenditionKind

VIDEO_SHARE = 0.25
"""Where in a video its thumbnail is taken; the first frames are often black."""
THUMBNAIL_SOURCE = 2.0
"""A thumbnail is scaled from at least this multiple of its size."""
THUMBNAIL_GAP = 1.5
"""Pillow's `reducing_gap`: box reduction down to 1.5 times the target, then Lanczos. SSIM >= 0.996 to Lanczos from the
full picture, in 4 instead of 15 ms; bicubic from twice the size is slower (5 ms) and softer."""
RENDITION_GAP = 3.0
"""The same for whole pictures: close to Lanczos alone."""
NEAR_SIZE = 0.75
"""From this scale on bicubic does as well as Lanczos (two of 4000x3000, decoded at half their size, to 1920: 46.1 and
45.6 dB to Lanczos from the full picture, in place of 46.0 and 45.8, at 1% fewer bytes), in 32 instead of 43 ms. Not so
where the decoder scaled by more than a half: from a quarter, SSIM after encoding is 0.978 in place of 0.986."""

WEB_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})
"""What browsers show."""
_SHOWN_ALIKE = ("RGB", "L", "P", "1")
"""Modes that browsers show as a rendition would be: CMYK they convert by rule of thumb, 16 bits they may not know."""

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """An opaque decoded picture, perhaps at reduced scale, still to be turned and brought to sRGB."""

    image: Image.Image
    full_size: Size
    orientation: int = UPRIGHT
    profile: bytes | None = None
    is_partial: bool = False
    """A part of it is missing."""
    can_stand_in: bool = False
    """Whether browsers show the original as they would show a rendition of its size."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture of one recipe: upright, opaque, sRGB."""

    recipe: Recipe
    picture: Image.Image
    is_full_size: bool
    """Neither scaled nor cropped."""


def decoded(path: Path, mime_type: str, recipes: Sequence[Recipe]) -> Source:
    """The picture, the frame of the video or the first page, as large as the recipes need. Raises UnreadableMedia."""
    if mime_type.startswith("image/"):
        return _decoded_picture(path, mime_type, recipes)
    if mime_type.startswith("video/"):
        from media_pipeline.imaging.videos import bright_frame_at

        image = bright_frame_at(path, VIDEO_SHARE)
    else:
        from media_pipeline.imaging.documents import first_page

        image = first_page(path, max(_page_side(recipe) for recipe in recipes))
    return Source(flattened(image), image.size)


def draw(source: Source, recipes: Sequence[Recipe]) -> list[Drawn]:
    """Whole pictures first, largest first: thumbnails are drawn from the smallest picture that is large enough."""
    drawn: list[Drawn] = []
    sources = [source]
    for recipe in sorted(recipes, key=lambda recipe: (_is_square(recipe), -recipe.size)):
        if _is_square(recipe):
            drawn.append(Drawn(recipe, _thumbnail(_smallest(sources, recipe), recipe), is_full_size=False))
            continue
        size = _whole_size(source, recipe)
        picture = _whole(source, size)
        sources.append(Source(picture, picture.size))
        drawn.append(Drawn(recipe, picture, size == source.full_size))
    return drawn


def _is_square(recipe: Recipe) -> bool:
    return recipe.kind == RenditionKind.THUMBNAIL


def _decoded_picture(path: Path, mime_type: str, recipes: Sequence[Recipe]) -> Source:
    try:
        return _loaded(path, mime_type, recipes)
    except TooManyPixels:
        raise
    except UnreadableMedia:
        with lenient():
            source = _loaded(path, mime_type, recipes)
            if not has_half(path, mime_type, source.image):
                raise
        return replace(source, is_partial=True, can_stand_in=False)


def _loaded(path: Path, mime_type: str, recipes: Sequence[Recipe]) -> Source:
    with opened_picture(path, mime_type) as image:
        full_size = image.size
        # Asked before it is decoded, since some decoders look for the answer in the second frame.
        is_still = not is_animated(image)
        if image.format in ("JPEG", "MPO"):
            # libjpeg scales while decoding, by 1/2, 1/4 or 1/8; `draft` never goes below the size that is asked for.
            image.draft(None, _needed_size(full_size, recipes))
        is_partial = load_still(image) is not None or LOSS in image.info
        if image.format not in ("JPEG", "MPO"):
            full_size = image.size
        orientation = _orientation(image)
        # A picture that is to be turned has other pixels, whatever viewers make of its tag.
        can_stand_in = is_still and not is_partial and orientation == UPRIGHT and _is_shown_alike(image, mime_type)
        profile = image.info.get("icc_profile")
        return Source(flattened(image), full_size, orientation, profile, is_partial, can_stand_in)


def _is_shown_alike(image: Image.Image, mime_type: str) -> bool:
    return mime_type in WEB_TYPES and image.mode in _SHOWN_ALIKE and not image.has_transparency_data


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
    if _is_square(recipe):
        return min(1.0, THUMBNAIL_SOURCE * recipe.size / min(full))
    return min(1.0, recipe.size / max(full))


def _page_side(recipe: Recipe) -> int:
    """Pixels of the page's shorter side. A page to look at in full is drawn larger than needed: small print gains."""
    return math.ceil(THUMBNAIL_SOURCE * recipe.size) if _is_square(recipe) else recipe.size


def _smallest(sources: Sequence[Source], recipe: Recipe) -> Source:
    enough = [s for s in sources if min(s.image.size) >= THUMBNAIL_SOURCE * recipe.size]
    return min(enough, key=lambda s: s.image.width * s.image.height) if enough else sources[0]


def _whole_size(source: Source, recipe: Recipe) -> Size:
    share = _share(source.full_size, recipe)
    return max(1, round(source.full_size[0] * share)), max(1, round(source.full_size[1] * share))


def _whole(source: Source, size: Size) -> Image.Image:
    image = source.image
    if size != image.size:
        image = image.resize(size, _filter(source, size), reducing_gap=RENDITION_GAP)
    return upright(in_srgb(image, source.profile), source.orientation)


def _filter(source: Source, size: Size) -> Image.Resampling:
    decoded_width = source.image.width
    is_near = size[0] >= NEAR_SIZE * decoded_width and 2 * decoded_width >= source.full_size[0]
    return Image.Resampling.BICUBIC if is_near else Image.Resampling.LANCZOS


def _thumbnail(source: Source, recipe: Recipe) -> Image.Image:
    image = source.image.resize(
        (recipe.size, recipe.size),
        Image.Resampling.LANCZOS,
        box=square(source.image, recipe.crop, source.orientation),
        reducing_gap=THUMBNAIL_GAP,
    )
    return upright(in_srgb(image, source.profile), source.orientation)
