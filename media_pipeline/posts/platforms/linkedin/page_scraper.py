"""LinkedIn's posts by page scrapers: ``media: {type, url, items | images}``, ``document``, ``reshared_post``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.linkedin.entries import media_in
from media_pipeline.posts.values import items, mapping


def media_of(listed: Any) -> Iterator[Medium]:
    """The media of a post's ``media``, which is one object or a list of them."""
    for entry in items(listed) or [listed]:
        if isinstance(entry, dict):
            yield from media_in(mapping(entry))
