"""Animated GIF, WebP, PNG and AVIF as a silent video, a tenth of the bytes.

What belongs here: frames and how long they are shown. What does not: the still of an animation, which is its first
frame (:mod:`media_pipeline.imaging.renditions.drawing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from PIL import Image

from media_pipeline.imaging.colour import flattened, in_srgb
from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.pictures import decoded_frames, is_animated, opened_picture
from media_pipeline.imaging.renditions.encoding import Original, temporary_file, video_file
from media_pipeline.imaging.renditions.mp4 import OPTIONS, add_video, as_yuv, even_size
from media_pipeline.imaging.videos import TAG_ERRORS
from media_pipeline.model import Recipe, RenderedFile

MAX_FRAMES = 10_000
"""The rest of a longer animation is left out."""
MILLISECOND = Fraction(1, 1000)
HURRIED, USUAL = 10, 100
"""Milliseconds: browsers show a frame that asks for no more than the one for the other."""


@dataclass(frozen=True, slots=True)
class _Shown:
    picture: Image.Image
    milliseconds: int


def animation(original: Original, recipe: Recipe, folder: Path) -> RenderedFile:
    """The animation on white as MP4, without the frames that can't be decoded.

    Raises UnreadableMedia when no frame can be, and when there is only one.
    """
    with opened_picture(original.path, original.mime_type) as image, temporary_file(folder, ".mp4") as path:
        if not is_animated(image):
            raise UnreadableMedia("there is only one frame in it")
        size = even_size(image.size, recipe.size)
        with av.open(str(path), "w", format="mp4", options=OPTIONS, metadata_errors=TAG_ERRORS) as container:
            left_out = list[int]()
            _encode(_frames(image, left_out), container, recipe, size)
        return video_file(recipe, path, size, is_partial=bool(left_out))


def _frames(image: Image.Image, left_out: list[int]) -> Iterator[_Shown]:
    for frame in decoded_frames(image, MAX_FRAMES):
        if frame.error:
            left_out.append(frame.number)
            continue
        shown_for = round(image.info.get("duration") or 0)
        picture = in_srgb(flattened(image), image.info.get("icc_profile")).convert("RGB")
        yield _Shown(picture, shown_for if shown_for > HURRIED else USUAL)


def _encode(frames: Iterator[_Shown], container: Any, recipe: Recipe, size: tuple[int, int]) -> None:
    stream: Any = None
    moment, durations = 0, dict[int, int]()
    for shown in frames:
        if stream is None:
            stream = add_video(container, recipe, size, Fraction(1000, shown.milliseconds), MILLISECOND)
        frame = as_yuv(cast("Any", av.VideoFrame).from_image(shown.picture), size)
        frame.pts, frame.time_base = moment, MILLISECOND
        durations[moment] = shown.milliseconds
        moment += shown.milliseconds
        _mux(container, stream.encode(frame), durations)
    if stream is None:
        raise UnreadableMedia("no frame of the animation can be decoded")
    _mux(container, stream.encode(None), durations)


def _mux(container: Any, packets: Any, durations: dict[int, int]) -> None:
    """Of the last frame only its packet can say how long it is shown."""
    for packet in packets:
        packet.duration = durations.pop(packet.pts, packet.duration)
        container.mux(packet)
