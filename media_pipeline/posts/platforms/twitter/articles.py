"""Articles of X: with the post that shows one, and in the X data archive, where an article is a record of its own.

What does not belong here: where records stand (:mod:`.finding`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from media_pipeline.model import Candidate, MediaType
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.twitter.media import of_info, of_photo
from media_pipeline.posts.values import dig, items, mapping, moment, text, web_address

_PICTURE = re.compile(r"https?://pbs\.twimg\.com/media/[\w-]+", re.ASCII)
_VIDEO = re.compile(r"https?://video\.twimg\.com/[^?]+\.mp4", re.ASCII)
_MOST_LEVELS = 60


def is_archived(value: Any) -> bool:
    """Whether an object is an article as the X data archive has it."""
    article = mapping(value)
    return "title" in article and ("coverMediaUrl" in article or "contentState" in mapping(article.get("data")))


def time_of(article: Mapping[str, Any]) -> datetime | None:
    """When an article of the archive was written, UTC; None for what is none."""
    milliseconds = dig(article, "metadata", "createdAtMs")
    return moment(milliseconds) if milliseconds is not None else None


def text_of(article: Mapping[str, Any]) -> str | None:
    """Title and words of an article of the archive."""
    if not is_archived(article):
        return None
    state = dig(article, "data", "contentState")
    blocks = items(state) or items(dig(state, "blocks"))
    words = [text(article.get("title")), *(text(dig(block, "text")) for block in blocks)]
    return "\n".join(filter(None, words)) or None


def media_of_article(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """The cover and the media inside an article: of the one that a post shows, or of one of the archive."""
    result = mapping(dig(raw, "article", "article_results", "result"))
    for entity in (result.get("cover_media"), *items(result.get("media_entities"))):
        if isinstance(entity, dict):
            yield of_info(mapping(entity))
    if is_archived(raw):
        yield from _of_archived(raw)


def _of_archived(article: Mapping[str, Any]) -> Iterator[Medium]:
    seen: set[str] = set()
    for address in _addresses(article, 0):
        plain = (_PICTURE.match(address) or _VIDEO.match(address) or [""])[0]
        if not plain or plain in seen:
            continue
        seen.add(plain)
        if _VIDEO.match(address):
            yield Medium(MediaType.VIDEO, (Candidate(address, rule="as exported"),))
        else:
            yield of_photo(address)


def _addresses(value: Any, level: int) -> Iterator[str]:
    if address := web_address(value):
        yield address
    elif level < _MOST_LEVELS:
        for part in (*mapping(value).values(), *items(value)):
            yield from _addresses(part, level + 1)
