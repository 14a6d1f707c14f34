"""Where posts of Instagram stand in a record of an export.

Every API and tool has its own envelope (``items[]``, ``feed_items[].media_or_ad``, ``posts[].node``,
``sectional_items[].layout_content…``, ``edge_…edges[].node``, ``reels_media[].items[]``, objects keyed by id,
``business_discovery.media.data``), and new ones come every year, while the posts in them stay the same. So a post is
told by its own marks, wherever it stands. What does not belong here: what a post says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.platforms.instagram import official
from media_pipeline.posts.platforms.instagram.items import is_post, looks_like_post
from media_pipeline.posts.values import dig, items, mapping, pointer, text, web_address

_FURTHER_POSTS = (
    ("edge_web_media_to_related_media",),
    ("owner", "edge_owner_to_timeline_media"),
)
"""Places inside a post that hold other posts: what the website shows below it."""


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value in the order of the file. Depth costs no stack."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        at, node = waiting.pop()
        below = _children(node, at)
        if isinstance(node, dict):
            entry = mapping(node)
            yield from official.lone_files(entry, at)
            if official.is_post(entry):
                yield Found(entry, at)
                continue
            if looks_like_post(entry):
                yield Found(entry, at) if is_post(entry) else Missing("a post without an id or a shortcode", at)
                below = _further(entry, at)
            elif reason := _error_of(entry):
                yield Missing(reason, at)
        waiting.extend(reversed(list(below)))


def _children(node: Any, at: str) -> Iterator[tuple[str, Any]]:
    entries = mapping(node).items() if isinstance(node, dict) else enumerate(items(node))
    for key, child in entries:
        if isinstance(child, (dict, list)) and child:
            yield at + pointer(key), child


def _further(post: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any]]:
    for keys in _FURTHER_POSTS:
        held = dig(post, *keys)
        if held:
            yield at + pointer(*keys), held


def _error_of(value: Mapping[str, Any]) -> str | None:
    """What a scraper wrote in place of a post, and for which page."""
    error = text(value.get("error")) or text(value.get("error_code"))
    page = (
        web_address(value.get("url")) or web_address(value.get("inputUrl")) or web_address(dig(value, "input", "url"))
    )
    if not error or not page:
        return None
    return f"the scraper recorded an error instead of a post for {page}: {error}"
