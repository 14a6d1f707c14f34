"""An H.264 stream in an MP4 that browsers play while it loads.

What belongs here: how videos are encoded. What does not: where their frames come from.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

from media_pipeline.model import Recipe

BT_709, UNSPECIFIED = 1, 2
"""Code points of ITU-T H.273, table 4."""
LIMITED_RANGE = 1
"""ffmpeg's number for 16 to 235."""
OPTIONS = {"movflags": "+faststart"}
"""The index in front, so that a browser can begin before the end has come."""

Size = tuple[int, int]


def even_size(size: Size, longest_side: int) -> Size:
    """The size within the longest side, never enlarged but for even sides, which yuv420p needs."""
    share = min(1.0, longest_side / max(size))
    width, height = (max(2, 2 * round(side * share / 2)) for side in size)
    return width, height


def add_video(container: Any, recipe: Recipe, size: Size, rate: Fraction, time_base: Fraction) -> Any:
    """An H.264 stream in BT.709. ``rate`` (pictures a second) is only what the encoder plans with."""
    options = {"crf": str(recipe.quality), "preset": recipe.preset or "veryfast"}
    stream: Any = container.add_stream("libx264", rate=rate, options=options)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.time_base = time_base
    codec = stream.codec_context
    codec.time_base = time_base
    codec.colorspace = codec.color_primaries = codec.color_trc = BT_709
    codec.color_range = LIMITED_RANGE
    codec.thread_count = 1  # every core has a worker of its own
    return stream


def as_yuv(frame: av.VideoFrame, size: Size) -> av.VideoFrame:
    """The frame at this size, as :func:`add_video` has it."""
    if frame.colorspace == UNSPECIFIED and not frame.format.is_rgb and _is_high_definition(frame):
        frame.colorspace = BT_709  # ffmpeg would take it for BT.601, and shift its colours
    return frame.reformat(*size, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def _is_high_definition(frame: av.VideoFrame) -> bool:
    """Above the sizes of PAL: what players go by where nothing is said (mpv does)."""
    return frame.width >= 1280 or frame.height > 576
