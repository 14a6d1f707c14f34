"""URLs as Reddit writes them, and what their paths tell."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from media_pipeline.model import MediaType
from media_pipeline.posts.values import web_address

_IMAGE_SUFFIXES = ("jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "heic")
_VIDEO_SUFFIXES = ("mp4", "webm", "mov", "m4v", "gifv")
_SUFFIX = re.compile(r"\.(\w{2,5})$", re.ASCII)
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def address(value: Any) -> str | None:
    """A URL without Reddit's escapes: these three alone, as ``html.unescape`` would take ``&copy=`` for one too."""
    found = web_address(value)
    for escape, character in _ESCAPES if found else ():
        found = (found or "").replace(escape, character)
    return found


def host_and_path(url: str) -> tuple[str, str]:
    """Lower-case host, and the path as it is; both empty for what is no URL."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "", parts.path)
    except ValueError:
        return ("", "")


def suffix_of(url: str) -> str | None:
    """``jpg`` of ``…/name.jpg?width=108``."""
    match = _SUFFIX.search(host_and_path(url)[1])
    return match[1].lower() if match else None


def media_type_of_link(url: str) -> MediaType | None:
    """What a link leads to when it leads to a file; pages about files in wikis have such names as well."""
    suffix = suffix_of(url)
    if "/wiki/" in host_and_path(url)[1]:
        return None
    if suffix in _IMAGE_SUFFIXES:
        return MediaType.IMAGE
    return MediaType.VIDEO if suffix in _VIDEO_SUFFIXES else None
