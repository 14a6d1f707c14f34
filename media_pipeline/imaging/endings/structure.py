"""Which check a file gets, by its type.

A check tells how the end of a file is missing, or None: then the file is whole, or its structure doesn't tell. It
never blames a file for anything else than a missing end; what it can't follow is left to the decoder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from media_pipeline.imaging.endings.boxes import picture_end, video_end
from media_pipeline.imaging.endings.containers import matroska_end, riff_end, transport_stream_end
from media_pipeline.imaging.endings.documents import pdf_end
from media_pipeline.imaging.endings.flac import flac_end
from media_pipeline.imaging.endings.pictures import gif_end, jpeg_end, png_end
from media_pipeline.imaging.endings.sounds import mp3_end, ogg_end
from media_pipeline.imaging.endings.tiff import tiff_end
from media_pipeline.imaging.errors import UnreadableMedia, decoding

Check = Callable[[BinaryIO, int], str | None]
"""From a file, at its start, and its size in bytes to how its end is missing."""

_CHECKS: dict[str, Check] = {
    "image/jpeg": jpeg_end,
    "image/png": png_end,
    "image/gif": gif_end,
    "image/tiff": tiff_end,
    "image/webp": riff_end,
    **dict.fromkeys(("image/avif", "image/heic", "image/heif"), picture_end),
    **dict.fromkeys(("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"), video_end),
    **dict.fromkeys(("video/webm", "video/x-matroska", "audio/webm"), matroska_end),
    **dict.fromkeys(("video/x-msvideo", "audio/wav"), riff_end),
    **dict.fromkeys(("video/ogg", "audio/ogg"), ogg_end),
    "video/mp2t": transport_stream_end,
    "audio/mpeg": mp3_end,
    "audio/flac": flac_end,
    "application/pdf": pdf_end,
}


def has_check(mime_type: str) -> bool:
    """Whether the end of a file of this type can be told from its structure."""
    return mime_type in _CHECKS


def missing_end(path: Path, mime_type: str) -> str | None:
    """How the end of the file is missing; None when it is there, or the structure doesn't tell. Raises OSError."""
    check = _CHECKS.get(mime_type)
    if check is None:
        return None
    try:
        with decoding(), path.open("rb") as file:
            return check(file, path.stat().st_size)
    except UnreadableMedia:
        # Bytes that no check foresaw: the decoder says what is wrong with them.
        return None
