"""Streams made for a test, by ffmpeg's own HLS and DASH writers, and what they hold.

What belongs here: making streams and counting what is in a file. What does not: serving and asserting.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 48_000
FPS = 10
SECONDS = 6
FRAMES = FPS * SECONDS


@dataclass(frozen=True, slots=True)
class Content:
    frames: int
    samples: int
    width: int
    first: bytes
    """The first picture, decoded."""
    last: bytes
    starts_apart: float
    """Seconds from the first picture to the first sound."""
    seconds: float


def write(
    path: Path,
    form: str,
    *,
    video: str | None = "libx264",
    audio: str | None = "aac",
    width: int = 64,
    reordered: bool = True,
    profile: str = "high",
    **options: str,
) -> Path:
    """Moving noise and a tone, SECONDS long, a key frame each second."""
    with av.open(str(path), "w", format=form, options=options) as container:
        picture = sound = None
        if video:
            picture = container.add_stream(video, FPS, options=_encoding(video, reordered, profile))
            assert isinstance(picture, av.VideoStream)
            picture.width, picture.height, picture.pix_fmt = width, 48, "yuv420p"
        if audio:
            sound = container.add_stream(audio, RATE, layout="mono")
            assert isinstance(sound, av.AudioStream)
        for second in range(SECONDS):
            if picture is not None:
                for index in range(FPS):
                    pixels = np.random.default_rng(second * FPS + index).integers(0, 255, (48, width, 3), np.uint8)
                    frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
                    frame.pts, frame.time_base = second * FPS + index, Fraction(1, FPS)
                    container.mux(picture.encode(frame))
            if sound is not None:
                tone = np.sin(np.arange(RATE) * 0.05).astype(np.float32)[None]
                frame = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
                frame.rate, frame.pts, frame.time_base = RATE, second * RATE, Fraction(1, RATE)
                container.mux(sound.encode(frame))
        for stream in (picture, sound):
            if stream is not None:
                container.mux(stream.encode(None))
    return path


def _encoding(codec: str, reordered: bool, profile: str) -> dict[str, str]:
    options = {"g": str(FPS)}
    if codec == "libx264":
        # With several threads x264 came to other bytes now and then, on a machine under load.
        options |= {"profile": profile, "threads": "1"} | ({} if reordered else {"bf": "0"})
    return options


def content_of(path: Path) -> Content:
    with av.open(str(path)) as container:
        pictures = list(container.decode(video=0)) if container.streams.video else []
    with av.open(str(path)) as container:
        sounds = list(container.decode(audio=0)) if container.streams.audio else []
        seconds = (container.duration or 0) / av.time_base
    apart = float(sounds[0].time - pictures[0].time) if pictures and sounds else 0.0
    planes = [picture.to_ndarray(format="yuv420p").tobytes() for picture in pictures[:1] + pictures[-1:]]
    return Content(
        len(pictures),
        sum(frame.samples for frame in sounds),
        pictures[0].width if pictures else 0,
        planes[0] if planes else b"",
        planes[-1] if planes else b"",
        apart,
        seconds,
    )
