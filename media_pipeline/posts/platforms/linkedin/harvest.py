"""LinkedIn's posts by HarvestAPI: ``postImages[]``, ``postVideo``, ``document.transcribedDocumentUrl``, ``repost``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import MediaType
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.linkedin.entries import medium_named, medium_of
from media_pipeline.posts.values import items, mapping


def media_of(post: Mapping[str, Any]) -> Iterator[Medium]:
    """The pictures, then the video."""
    for entry in items(post.get("postImages")):
        yield medium_of(entry, MediaType.IMAGE)
    if video := mapping(post.get("postVideo")):
        renamed = {"url": video.get("videoUrl"), "thumbnail": video.get("thumbnailUrl")}
        yield medium_named({**video, **renamed}, MediaType.VIDEO)
