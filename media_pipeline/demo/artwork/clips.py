"""Media of several frames or pages: a video, animated GIFs in both forms, a PDF.

What does not belong here: single pictures and their encoders.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from typing import Any, cast

import av
import numpy as np
from PIL import Image, ImageDraw

from media_pipeline.demo.artwork.noise import Size
from media_pipeline.demo.artwork.scenery import Light, hills

VIDEO_SIZE, VIDEO_RATE, VIDEO_SECONDS = (640, 360), 24, 4
LOOP_SIDE, LOOP_FRAMES, LOOP_RATE = 320, 24, 12
_SAME_BYTES_EVERY_TIME = {"preset": "veryfast", "threads": "1", "x264-params": "bframes=0"}
"""With B-frames, x264 gave up to five different files for the same 24 frames."""


def video(seed: int, light: Light) -> bytes:
    """Four seconds of hills passing by, H.264 in MP4."""
    return _mp4(_passing_hills(seed, light, VIDEO_SIZE, VIDEO_RATE * VIDEO_SECONDS), VIDEO_SIZE, VIDEO_RATE)


def loop_video() -> bytes:
    """A short loop without sound, as Twitter keeps what was uploaded as a GIF."""
    return _mp4(_turning_wheel(6, ("#2ec4b6", "#ff9f1c")), (LOOP_SIDE, LOOP_SIDE), LOOP_RATE)


def gif() -> bytes:
    """An animated GIF of 24 frames that loops for ever."""
    frames = [
        frame.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        for frame in _turning_wheel(4, ("#e63946", "#457b9d"))
    ]
    buffer = BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=1000 // LOOP_RATE, loop=0)
    return buffer.getvalue()


def pdf(pages: Sequence[Image.Image]) -> bytes:
    """A PDF of pages drawn at 100 dots an inch."""
    buffer = BytesIO()
    written = time.gmtime(0)
    pages[0].save(
        buffer,
        "PDF",
        save_all=True,
        append_images=pages[1:],
        resolution=100,
        title="Annual report of the North Pier Observatory",
        creationDate=written,
        modDate=written,
    )
    return buffer.getvalue()


def _passing_hills(seed: int, light: Light, size: Size, frames: int) -> Iterator[Image.Image]:
    """A window that moves along a picture three times as wide."""
    width, height = size
    whole = hills(seed, (width * 3, height), light, 6)
    for number in range(frames):
        left = round(width * 2 * 0.5 * (1 - math.cos(math.pi * number / (frames - 1))))
        yield whole.crop((left, 0, left + width, height))


def _turning_wheel(arms: int, colours: tuple[str, str]) -> Iterator[Image.Image]:
    """A spiral of so many arms, which takes the place of the next but one, of the same colour, in a loop."""
    side = LOOP_SIDE * 2
    for number in range(LOOP_FRAMES):
        frame = Image.new("RGB", (side, side), "#fdf6e3")
        draw = ImageDraw.Draw(frame)
        for arm in range(arms):
            start = (arm + 2 * number / LOOP_FRAMES) * math.tau / arms
            for step in range(60):
                radius, turn = side * 0.46 * step / 60, start + step * 0.055
                x, y = side / 2 + radius * math.cos(turn), side / 2 + radius * math.sin(turn)
                dot = 4 + step * 0.45
                draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=colours[arm % 2])
        yield frame.resize((LOOP_SIDE, LOOP_SIDE), Image.Resampling.LANCZOS)


def _mp4(frames: Iterable[Image.Image], size: Size, rate: int) -> bytes:
    buffer = BytesIO()
    with av.open(buffer, "w", format="mp4") as opened:
        # PyAV's packets are generic without a parameter, which makes every call with them unknown to a type checker.
        container = cast("Any", opened)
        stream = container.add_stream("libx264", rate=rate, options=_SAME_BYTES_EVERY_TIME)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, rate)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(frame))))
        container.mux(stream.encode(None))
    return buffer.getvalue()
