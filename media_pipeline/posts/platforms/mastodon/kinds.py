"""What kind of medium an attachment is, by the name that its server gave it or by its file's name."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from media_pipeline.model import MediaType

_OF_WORD: Mapping[str, MediaType] = {
    "image": MediaType.IMAGE,
    "video": MediaType.VIDEO,
    "gifv": MediaType.VIDEO,
    "audio": MediaType.AUDIO,
    "application": MediaType.DOCUMENT,
    "text": MediaType.DOCUMENT,
}
_SUFFIXES: Mapping[MediaType, tuple[str, ...]] = {
    MediaType.IMAGE: (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".heic", ".heif", ".jxl", ".bmp", ".svg"),
    MediaType.VIDEO: (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".m3u8"),
    MediaType.DOCUMENT: (".pdf",),
    MediaType.AUDIO: (".mp3", ".m4a", ".ogg", ".oga", ".opus", ".flac", ".wav", ".aac"),
}


def media_type_of(word: str | None, address: str | None) -> MediaType:
    """From ``gifv``, ``Image``, ``video/mp4`` and the like, else from the URL's path; a picture when neither says.

    ActivityPub calls every attachment a ``Document``: that says nothing.
    """
    kind = _OF_WORD.get((word or "").lower().partition("/")[0])
    return kind or _by_suffix(address) or MediaType.IMAGE


def _by_suffix(address: str | None) -> MediaType | None:
    try:
        path = urlsplit(address or "").path.lower()
    except ValueError:
        return None
    return next((kind for kind, suffixes in _SUFFIXES.items() if path.endswith(suffixes)), None)
