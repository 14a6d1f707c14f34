"""LinkedIn's posts by Bright Data: ``images[]``, ``videos[]``, ``repost`` with ``repost_attachments``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.linkedin.entries import NO_URL, media_in, medium_named, medium_of
from media_pipeline.posts.values import dig, items, mapping, web_address

_EMBEDDED_PAGE = "/embeds/"
"""In the address of a page that shows a document, which the export gives in place of the document."""


def media_of(post: Mapping[str, Any]) -> Iterator[Medium]:
    """The pictures, the videos, what a repost shows, and the cover of a document."""
    for entry in items(post.get("images")):
        yield medium_of(entry, MediaType.IMAGE)
    for entry in items(post.get("videos")):
        address = entry if isinstance(entry, str) else dig(entry, "url")
        yield medium_named({"url": address, "thumbnail": post.get("video_thumbnail")}, MediaType.VIDEO)
    for entry in items(post.get("repost_attachments")):
        if isinstance(entry, dict):
            yield from media_in(mapping(entry))
        elif _EMBEDDED_PAGE in (address := web_address(entry) or ""):
            yield Medium(MediaType.DOCUMENT, (), note="the export gives a page that shows it, and no file")
        elif address:
            yield medium_of(entry, MediaType.IMAGE)
    if cover := web_address(post.get("document_cover_image")):
        covers = (Candidate(cover, role=Role.COVER, rule="cover of the document"),)
        yield Medium(MediaType.DOCUMENT, covers, note=NO_URL)
