"""Whether browsers play a video as it is.

What belongs here: the one combination that all of them play (MDN, "Media container formats"; WebM and HEVC are played
by some). What does not: encoding anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from av.container import InputContainer

from media_pipeline.imaging.videos import duration_of, video_stream

_EIGHT_BITS = ("yuv420p", "yuvj420p")
_NOT_MP4 = ("qt", "3g")
"""Beginnings of the brands of MOV and 3GP, which ffmpeg reads as MP4 too."""
_MAX_BOXES = 100
"""Looked at for the index."""


def is_playable(path: Path, container: InputContainer) -> bool:
    """MP4 with its index in front, H.264 of 8 bits in yuv420p, and AAC or no sound. Raises OSError."""
    video: Any = video_stream(container).codec_context
    sounds: list[Any] = [stream.codec_context for stream in container.streams.audio]
    brand = container.metadata.get("major_brand", "")
    return (
        "mp4" in container.format.name.split(",")
        and not brand.startswith(_NOT_MP4)
        and bool(video)
        and (video.name, video.pix_fmt in _EIGHT_BITS) == ("h264", True)
        and all(bool(sound) and sound.name.startswith("aac") for sound in sounds[:1])
        and _has_index_in_front(path)
    )


def bitrate(path: Path, container: InputContainer) -> float | None:
    """Bits a second of the whole file; None where its duration isn't known."""
    duration = duration_of(container)
    return path.stat().st_size * 8 / duration if duration else None


def _has_index_in_front(path: Path) -> bool:
    """Whether ``moov`` comes before ``mdat`` (ISO 14496-12, 4.2 and 8.1)."""
    with path.open("rb") as file:
        for _ in range(_MAX_BOXES):
            kind, body = _next_box(file)
            if kind in (b"moov", b"mdat", b""):
                return kind == b"moov"
            file.seek(body, 1)
    return False


def _next_box(file: BinaryIO) -> tuple[bytes, int]:
    """Its type and the bytes that follow its head; an empty type at the end, or where there is no box."""
    head = file.read(8)
    size, kind = int.from_bytes(head[:4], "big"), head[4:]
    if size == 1:
        return kind, max(0, int.from_bytes(file.read(8), "big") - 16)
    return (kind, size - 8) if size >= 8 else (b"", 0)
