"""What a video that was made shows, and how it is laid out."""

from __future__ import annotations

from pathlib import Path

import av
from PIL import Image


def frames(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as container:
        return [frame.to_image() for frame in container.decode(video=0)]


def frame_times(path: Path) -> list[float]:
    """Seconds."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def colour_at(path: Path, number: int, place: tuple[int, int] | None = None) -> tuple[int, int, int]:
    """Of a frame, at its centre if no place is named."""
    picture = frames(path)[number]
    colour = picture.getpixel(place or (picture.width // 2, picture.height // 2))
    assert isinstance(colour, tuple)
    red, green, blue = colour
    return red, green, blue


def boxes_of(path: Path) -> list[bytes]:
    """The types of the topmost boxes of an MP4, in order."""
    content, at, found = path.read_bytes(), 0, []
    while at + 8 <= len(content):
        found.append(content[at + 4 : at + 8])
        at += max(8, int.from_bytes(content[at : at + 4], "big"))
    return found
