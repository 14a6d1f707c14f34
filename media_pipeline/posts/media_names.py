"""What a file is by its name, where nothing else tells.

What belongs here: endings of names. What does not: what a file's bytes say (:mod:`media_pipeline.fetch.sniff`).
"""

from __future__ import annotations

from pathlib import PurePosixPath

from media_pipeline.model import MediaType

_ENDINGS = {
    MediaType.IMAGE: ("jpg", "jpeg", "png", "webp", "gif", "heic", "heif", "avif", "jxl", "bmp", "tif", "tiff"),
    MediaType.VIDEO: ("mp4", "m4v", "mov", "webm", "mkv", "avi", "flv", "ts", "mts", "3gp"),
    MediaType.AUDIO: ("mp3", "m4a", "aac", "ogg", "oga", "opus", "flac", "wav"),
    MediaType.DOCUMENT: ("pdf",),
}
_TYPES = {ending: media_type for media_type, endings in _ENDINGS.items() for ending in endings}


def type_of(path: str) -> MediaType | None:
    """What a file is by the ending of its name; None: no medium."""
    return _TYPES.get(PurePosixPath(path).suffix[1:].lower())
