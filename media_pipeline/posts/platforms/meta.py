"""What the official exports of Meta's platforms share: words read as Latin-1, and media named by their path.

What belongs here: single values and files. What does not: where a platform's posts stand (``instagram.official``,
``facebook.official``), and where the files lie (``posts.local_media``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from media_pipeline.model import MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.values import mapping, text

_VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".webm")


def words(value: Any) -> str | None:
    """A text as its author wrote it: Meta's exports have read its UTF-8 as Latin-1. Others stay as they are."""
    found = text(value)
    try:
        return found.encode("latin-1").decode("utf-8") if found else None
    except UnicodeError:
        return found


def type_of(file: Mapping[str, Any]) -> MediaType:
    """What a file of the export is: videos may have no ending."""
    is_video = "video_metadata" in mapping(file.get("media_metadata"))
    is_named_so = str(file["uri"]).lower().endswith(_VIDEO_SUFFIXES)
    return MediaType.VIDEO if is_video or is_named_so else MediaType.IMAGE


def in_export(path: str, media_type: MediaType, role: Role, key: str, alt_text: str | None = None) -> Medium:
    """A medium whose file has this path in the export."""
    note = f"it stands in the export as {path}"
    return Medium(media_type, (), role, alt_text=alt_text, note=note, key=key, files=(path,))
