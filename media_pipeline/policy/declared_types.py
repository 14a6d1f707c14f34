r"""Whether what came is of the kind that was declared, or of the kind that is held.

What belongs here: this rule. What does not: what a body is (:mod:`media_pipeline.fetch.sniff`), and what an export
declares (``posts``).

| declared | what may come |
|---|---|
| image | anything: exports say it of animations and of what they don't know, and a page never gets this far |
| video | video; sound alone; an animated picture, which platforms call a video: a GIF, unless its URL is that of a \
video file, and a WebP whose URL says so |
| audio | sound; video |
| document | a document |
"""

from __future__ import annotations

from urllib.parse import urlsplit

from media_pipeline.model import MediaType

_MAY_COME = {
    MediaType.IMAGE: frozenset(MediaType),
    MediaType.VIDEO: frozenset((MediaType.VIDEO, MediaType.AUDIO)),
    MediaType.AUDIO: frozenset((MediaType.AUDIO, MediaType.VIDEO)),
    MediaType.DOCUMENT: frozenset((MediaType.DOCUMENT,)),
}
_VIDEO_FILES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".3gp", ".avi", ".ts", ".m3u8", ".mpd")


def is_as_declared(declared: MediaType, url: str, found: MediaType, mime_type: str) -> bool:
    """Whether a body of this type may be the medium that ``url`` was declared to be."""
    if found in _MAY_COME[declared]:
        return True
    if declared is not MediaType.VIDEO:
        return False
    if mime_type == "image/gif":
        return not _path(url).endswith(_VIDEO_FILES)
    return mime_type == "image/webp" and _path(url).endswith(".webp")


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.lower()
    except ValueError:
        return ""
