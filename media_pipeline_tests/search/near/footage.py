"""Videos of moving scenes behind one and the same title, and copies of them as people make them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
from PIL import Image, ImageDraw

from media_pipeline_tests.imaging.copies import photograph

RATE, SIZE = 8, (192, 108)
TITLE_SECONDS, SHOT_SECONDS, SHOTS = 4, 3, 3
"""The second at a quarter is one of the title's."""

Frames = Sequence[Image.Image]


@dataclass(frozen=True)
class Encoding:
    """How frames become a file."""

    size: tuple[int, int] = SIZE
    crf: int = 20
    bit_rate: int = 0
    container: str = "mp4"


def scenes(seed: int) -> list[Image.Image]:
    """The title, then shots of a camera that moves."""
    title = photograph(10_000, SIZE)
    frames = [title] * (TITLE_SECONDS * RATE)
    for shot in range(SHOTS):
        wide = photograph(100 * seed + shot, (SIZE[0] * 2, SIZE[1] * 2))
        for frame in range(SHOT_SECONDS * RATE):
            frames.append(wide.crop((frame, frame // 2, frame + SIZE[0], frame // 2 + SIZE[1])))
    return frames


def _letterboxed(frame: Image.Image) -> Image.Image:
    boxed = Image.new("RGB", SIZE)
    boxed.paste(frame.resize((SIZE[0], SIZE[1] * 3 // 4)), (0, SIZE[1] // 8))
    return boxed


def _captioned(frame: Image.Image) -> Image.Image:
    copy = frame.copy()
    ImageDraw.Draw(copy).text(
        (20, 84), "nobody expects a caption", "white", font_size=12, stroke_width=1, stroke_fill=0
    )
    return copy


def _with_intro(frames: Frames) -> Frames:
    return [*[photograph(20_000, SIZE)] * (3 * RATE), *frames]


COPIES: dict[str, tuple[Callable[[Frames], Frames], Encoding]] = {
    "encoded again": (lambda frames: frames, Encoding(crf=34)),
    "in another container": (lambda frames: frames, Encoding(container="matroska")),
    "half as large": (lambda frames: frames, Encoding(size=(SIZE[0] // 2, SIZE[1] // 2))),
    "20 kbit a second": (lambda frames: frames, Encoding(bit_rate=20_000)),
    "without the first 2 s": (lambda frames: frames[2 * RATE :], Encoding()),
    "without the first 2.5 s": (lambda frames: frames[5 * RATE // 2 :], Encoding()),
    "without the last 4 s": (lambda frames: frames[: -4 * RATE], Encoding()),
    "with an intro of 3 s": (_with_intro, Encoding()),
    "captioned": (lambda frames: [_captioned(frame) for frame in frames], Encoding()),
    "letterboxed": (lambda frames: [_letterboxed(frame) for frame in frames], Encoding()),
}


def encoded(frames: Frames, encoding: Encoding | None = None) -> bytes:
    chosen = encoding or Encoding()
    quality = {} if chosen.bit_rate else {"crf": str(chosen.crf)}
    out = io.BytesIO()
    with av.open(out, "w", format=chosen.container) as container:
        # With more threads the bytes differ from run to run.
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "threads": "1", **quality})
        stream.width, stream.height, stream.pix_fmt = *chosen.size, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        if chosen.bit_rate:
            stream.bit_rate = chosen.bit_rate
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_image(frame.resize(chosen.size))))
        container.mux(stream.encode(None))
    return out.getvalue()
