"""Which renditions there are, and which of them a file gets.

What belongs here: from settings to recipes. What does not: how any is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from media_pipeline.imaging.renditions import faces
from media_pipeline.model import Crop, PictureFormat, Recipe, RenditionKind

if TYPE_CHECKING:  # pydantic has no place in a worker
    from media_pipeline.settings import Settings

VERSIONS = {
    RenditionKind.OPTIMIZED: 3,
    RenditionKind.THUMBNAIL: 3,
    RenditionKind.PAGE: 2,
    RenditionKind.ANIMATION: 1,
    RenditionKind.WEB: 1,
    RenditionKind.MOTION: 1,
}
"""Raise one when its renditions come out differently: the next run makes them anew and removes the old ones."""
THUMBNAIL_QUALITY = 80
PAGE_SIZE = 1024
"""Pixels of a page's longest side."""

STILL = frozenset({RenditionKind.OPTIMIZED, RenditionKind.THUMBNAIL, RenditionKind.PAGE})
"""Made from one decoding in a blink; the others are videos, which take their time."""
MOVING = frozenset(RenditionKind) - STILL
ANIMATED_TYPES = frozenset({"image/gif", "image/webp", "image/png", "image/avif"})
"""Of these more than one frame is an animation; of TIFF they are pages, of MPO other views."""

_OF_PICTURES = frozenset({RenditionKind.OPTIMIZED, RenditionKind.THUMBNAIL})
_OF_VIDEOS = frozenset({RenditionKind.THUMBNAIL, RenditionKind.WEB})
_OF_DOCUMENTS = frozenset({RenditionKind.THUMBNAIL, RenditionKind.PAGE})


def recipes_from(settings: Settings) -> tuple[Recipe, ...]:
    """Every rendition that the settings ask for."""
    return (_optimized(settings), *_thumbnails(settings), _page(settings), *_videos(settings))


def recipes_for(
    mime_type: str, recipes: Sequence[Recipe], frames: int | None = None, is_motion_photo: bool = False
) -> tuple[Recipe, ...]:
    """Those recipes that a file of this type gets, with so many frames, and with a video in it or not; none for
    sound.
    """
    kinds = _kinds_for(mime_type, frames) | ({RenditionKind.MOTION} if is_motion_photo else set[RenditionKind]())
    return tuple(recipe for recipe in recipes if recipe.kind in kinds)


def _kinds_for(mime_type: str, frames: int | None) -> frozenset[RenditionKind]:
    if mime_type in ANIMATED_TYPES and (frames or 1) > 1:
        return _OF_PICTURES | {RenditionKind.ANIMATION}
    if mime_type.startswith("image/"):
        return _OF_PICTURES
    if mime_type.startswith("video/"):
        return _OF_VIDEOS
    return _OF_DOCUMENTS if mime_type == "application/pdf" else frozenset()


def _optimized(settings: Settings) -> Recipe:
    qualities = {
        PictureFormat.JPEG: settings.media_jpeg_quality,
        PictureFormat.WEBP: settings.media_webp_quality,
        PictureFormat.AVIF: settings.media_avif_quality,
    }
    chosen = settings.media_rendition_format
    side = settings.media_rendition_longest_side
    return _recipe(RenditionKind.OPTIMIZED, side, qualities[chosen], format=chosen)


def thumbnail_crop(settings: Settings) -> Crop:
    """What the setting comes to here: with a detector another recipe, so that thumbnails by and without never mix."""
    crop = settings.media_thumbnail_crop
    return Crop.FACES if crop is Crop.ATTENTION and faces.can_be_seen() else crop


def _thumbnails(settings: Settings) -> tuple[Recipe, ...]:
    sizes = {settings.media_thumbnail_size, *settings.media_thumbnail_sizes}
    crop = thumbnail_crop(settings)
    return tuple(_recipe(RenditionKind.THUMBNAIL, size, THUMBNAIL_QUALITY, crop=crop) for size in sorted(sizes))


def _page(settings: Settings) -> Recipe:
    return _recipe(RenditionKind.PAGE, PAGE_SIZE, settings.media_jpeg_quality)


def _videos(settings: Settings) -> tuple[Recipe, ...]:
    side, rate_factor = settings.media_web_video_longest_side, settings.media_web_video_crf
    preset, bitrate = settings.media_web_video_preset, settings.media_web_video_max_kbit * 1000
    animation = _recipe(RenditionKind.ANIMATION, side, rate_factor, preset=preset)
    # Always, like the video of an animation: nothing else shows what is in the file.
    motion = _recipe(RenditionKind.MOTION, side, rate_factor, preset=preset, max_bitrate=bitrate)
    if not settings.media_web_videos:
        return animation, motion
    return animation, motion, _recipe(RenditionKind.WEB, side, rate_factor, preset=preset, max_bitrate=bitrate)


def _recipe(kind: RenditionKind, size: int, quality: int, **choices: Any) -> Recipe:
    return Recipe(kind, size, quality, VERSIONS[kind], **choices)
