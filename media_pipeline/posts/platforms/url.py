"""URLs that were asked for by themselves, by `media-pipeline fetch` or the Python interface: no posts of a site.

Each record is ``{"requested_url": "https://…"}`` and nothing else, so that no other platform's post is taken for one.
A URL is a post of its own with one medium. What belongs here: that shape, for those who read it and who write it. What
does not: whether a URL may be asked, which is decided where it is fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from media_pipeline.model import Candidate, Fault, Locator, MediaRef, MediaType, Post, Record
from media_pipeline.posts.platforms.base import Found, Medium, NonMedia, numbered, read_posts
from media_pipeline.posts.values import mapping

NAME = "url"
_KEY = "requested_url"
_NOTHING_FOUND = f"no URL found in this record; expected an object with `{_KEY}` alone"
_TYPES = {
    MediaType.VIDEO: (".mp4", ".mov", ".webm", ".m4v", ".mkv", ".avi", ".m3u8", ".mpd"),
    MediaType.AUDIO: (".mp3", ".m4a", ".aac", ".ogg", ".opus", ".wav", ".flac"),
    MediaType.DOCUMENT: (".pdf",),
}


class Url:
    """Reads URLs that were asked for."""

    name = NAME
    version = 1
    domains: tuple[str, ...] = ()
    media_domains: tuple[str, ...] = ()
    non_media: tuple[NonMedia, ...] = ()

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        url = _url_of(record.value)
        found = [Found(mapping(record.value))] if url else []
        return read_posts(record, found, self._post, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        url = _url_of(raw)
        return numbered([Medium(_type_of(url), (Candidate(url, rule="asked for"),))] if url else [])

    def _post(self, found: Found, locator: Locator) -> Post:
        url = _url_of(found.value) or ""
        return Post(NAME, native_id_of(url), found.value, locator, url=url)


def record_of(url: str) -> dict[str, str]:
    """The record of an export that asks for a URL."""
    return {_KEY: url}


def native_id_of(url: str) -> str:
    """What a URL is known by: its SHA-256 in hex, since URLs are longer than an index entry may be."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _url_of(value: Any) -> str | None:
    record = mapping(value)
    url = record.get(_KEY) if len(record) == 1 else None
    return url if isinstance(url, str) and url.strip() else None


def _type_of(url: str) -> MediaType:
    """By the end of the path, a picture where that says nothing: what it is shows when it has come."""
    try:
        path = urlsplit(url).path.lower()
    except ValueError:
        return MediaType.IMAGE
    return next((kind for kind, ends in _TYPES.items() if path.endswith(ends)), MediaType.IMAGE)
