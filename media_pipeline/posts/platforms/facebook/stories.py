"""What one post of Facebook says about itself, and which post it shares.

Graph API: ``id`` is ``<page>_<post>``; photos and videos are objects of their own, with a number as id. Scrapers name a
post by ``postId``, ``post_id`` or ``legacyId``; where they don't, its address is its id.
What does not belong here: media, and where posts stand in a record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from media_pipeline.model import Relation
from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.values import dig, identifier, integer, items, mapping, moment, pointer, text, web_address

LIKES = (
    ("likes", "summary", "total_count"),
    ("like", "summary", "total_count"),
    ("reactions", "summary", "total_count"),
    ("likes",),
    ("likesCount",),
    ("reactionsCount",),
)
SHARES = (("shares", "count"), ("shares",), ("num_shares",), ("sharesCount",))

GRAPH_POST_ID = re.compile(r"\d+_\d+(?:_\d+)?", re.ASCII)
_GRAPH_ID = re.compile(r"\d+(?:_\d+){0,2}", re.ASCII)
_POST_ADDRESS = re.compile(
    r"https?://(?:[\w-]+\.)?(?:facebook\.com|fb\.com)/"
    r"(?:.*/)?(?:posts|videos|photos|permalink|reel|share|photo|watch|permalink\.php|story\.php|photo\.php)(?:[/?]|$)"
    r"|https?://fb\.watch/",
    re.ASCII | re.IGNORECASE,
)
_PAGE_ADDRESS = re.compile(r"https?://(?:[\w-]+\.)?(?:facebook\.com|fb\.com)/([\w.-]+)", re.ASCII | re.IGNORECASE)
_NO_HANDLES = (
    *("groups", "people", "pages", "photo", "photo.php", "permalink.php", "profile.php", "story.php"),
    *("watch", "reel", "share", "events"),
)

_MARKS_OF_GRAPH_POST = (
    *("created_time", "attachments", "full_picture", "permalink_url", "status_type"),
    *("message", "story", "child_attachments"),
)
_MARKS_OF_GRAPH_COMMENT = ("can_remove", "comment_count", "user_likes", "parent", "attachment", "object")
_MARKS_OF_VIDEO = ("length", "format", "permalink_url", "thumbnails", "created_time")
_MARKS_OF_SCRAPED_POST = (
    *("text", "message", "content", "post_text", "media", "attachments", "images", "likes"),
    *("images_lowquality", "sharedPost", "original_post"),
)
_MARKS_OF_SCRAPED_COMMENT = ("commentUrl", "comment_id", "commentId", "comment_url")
_SCRAPED_ID_KEYS = ("postId", "post_id", "legacyId")
_ADDRESS_KEYS = ("permalink_url", "url", "post_url", "postUrl", "topLevelUrl")
_TIME_KEYS = ("created_time", "timestamp", "time", "date_posted", "date")
_TEXT_KEYS = ("message", "text", "post_text", "content")
_CAPTION_KEYS = ("description", "name")
_SHARED = ("sharedPost", "original_post", "shared_post")


class Author(NamedTuple):
    """Who posted, as far as the post says."""

    number: str | None
    handle: str | None
    name: str | None


def is_post(value: Mapping[str, Any]) -> bool:
    """Whether an object is a post, a photo or a video, and not, say, a comment or a page."""
    return is_of_graph_api(value) or _is_scraped(value)


def is_of_graph_api(value: Mapping[str, Any]) -> bool:
    """Whether an object comes from Meta's Graph API."""
    number = identifier(value.get("id"))
    if not number or not _GRAPH_ID.fullmatch(number):
        return False
    return _is_graph_post(value, number) or is_photo(value) or is_video(value)


def _is_graph_post(value: Mapping[str, Any], number: str) -> bool:
    if any(key in value for key in _MARKS_OF_GRAPH_COMMENT):
        return False
    if GRAPH_POST_ID.fullmatch(number):
        return any(key in value for key in _MARKS_OF_GRAPH_POST)
    return "facebook.com/" in (web_address(value.get("permalink_url")) or "") and "created_time" in value


def is_photo(value: Mapping[str, Any]) -> bool:
    """Whether an object is a photo of the Graph API: ``images[].source``, one a size."""
    sizes = [*items(value.get("images")), *items(value.get("webp_images"))]
    return any(web_address(dig(size, "source")) for size in sizes)


def is_video(value: Mapping[str, Any]) -> bool:
    """Whether an object is a video of the Graph API."""
    if web_address(value.get("source")) is not None:
        return any(key in value for key in _MARKS_OF_VIDEO)
    # An app without the right to a video's file gets all but its source.
    return "length" in value and "format" in value and "/videos/" in (text(value.get("permalink_url")) or "")


def _is_scraped(value: Mapping[str, Any]) -> bool:
    if any(key in value for key in _MARKS_OF_SCRAPED_COMMENT):
        return False
    return _scraped_address(value) is not None and any(key in value for key in _MARKS_OF_SCRAPED_POST)


def _scraped_address(value: Mapping[str, Any]) -> str | None:
    addresses = (web_address(value.get(key)) for key in _ADDRESS_KEYS)
    posts = (address for address in addresses if address and _POST_ADDRESS.match(address))
    return next((address for address in posts if "comment_id=" not in address), None)


def native_id(value: Mapping[str, Any]) -> str | None:
    """The Graph API's id, a scraper's number, or else the post's address."""
    if is_of_graph_api(value):
        return identifier(value.get("id"))
    numbers = (identifier(value.get(key)) for key in _SCRAPED_ID_KEYS)
    return next((number for number in numbers if number), None) or _scraped_address(value)


def shared_post(found: Found) -> Found | Missing | None:
    """The post that this one shares: without a word of its own it reposts, else it quotes."""
    for key in _SHARED:
        inner = mapping(found.value.get(key))
        at = found.pointer + pointer(key)
        if inner and is_shared(inner):
            return Found(inner, at, Relation.QUOTED if text_of(found.value) else Relation.REPOSTED)
        if any(mapping(entry) or items(entry) for entry in inner.values()):
            return Missing("a shared post without an id or an address", at)
    return None


def is_shared(inner: Mapping[str, Any]) -> bool:
    """A shared post needs fewer marks: where it stands says what it is."""
    return is_post(inner) or (native_id(inner) is not None and any(key in inner for key in _MARKS_OF_SCRAPED_POST))


def reposted_post(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The post that this one repeats, if it holds it; of a repost of a repost the innermost."""
    repeated: Mapping[str, Any] | None = None
    inner = shared_post(Found(raw))
    while isinstance(inner, Found) and inner.relation is Relation.REPOSTED:
        repeated = inner.value
        inner = shared_post(inner)
    return repeated


def address_of(raw: Mapping[str, Any]) -> str | None:
    """The post's own page."""
    if address := _scraped_address(raw):
        return address
    if not is_of_graph_api(raw):
        return None
    # Of a post, `link` is what it links to.
    link = web_address(raw.get("link")) if is_photo(raw) else None
    return link or f"https://www.facebook.com/{identifier(raw.get('id'))}"


def author_of(raw: Mapping[str, Any]) -> Author:
    """From ``from``, ``user`` or flat keys; of a Graph API post without them, the page's number from its id."""
    user = mapping(raw.get("from")) or mapping(raw.get("user")) or mapping(raw.get("author"))
    number = identifier(raw.get("id")) or ""
    numbers = (
        user.get("id"),
        raw.get("profile_id"),
        raw.get("user_id"),
        number.partition("_")[0] if GRAPH_POST_ID.fullmatch(number) else None,
    )
    pages = (user.get("profileUrl"), user.get("url"), raw.get("user_url"), raw.get("page_url"), address_of(raw))
    names = (user.get("name"), raw.get("page_name"), raw.get("user_username_raw"), raw.get("username"))
    handles = (user.get("username"), raw.get("profile_handle"), raw.get("pageName"))
    return Author(
        number=next((found for value in numbers if (found := identifier(value))), None),
        handle=next((found for value in handles if (found := text(value))), None)
        or next((handle for page in pages if (handle := _handle_in(web_address(page)))), None),
        name=next((name for value in names if (name := text(value))), None),
    )


def _handle_in(address: str | None) -> str | None:
    match = _PAGE_ADDRESS.match(address or "")
    handle = match[1] if match else ""
    return handle if handle and handle.lower() not in _NO_HANDLES and not handle.isdecimal() else None


def text_of(raw: Mapping[str, Any]) -> str | None:
    """What the author wrote. A post's ``story`` is written by Facebook, its ``name`` is the title of a link."""
    keys = (*_TEXT_KEYS, *_CAPTION_KEYS) if is_photo(raw) or is_video(raw) else _TEXT_KEYS
    return next((written for key in keys if (written := text(raw.get(key)))), None)


def time_of(raw: Mapping[str, Any]) -> datetime | None:
    """When it was posted, UTC."""
    return next((time for key in _TIME_KEYS if (time := moment(raw.get(key)))), None)


def count_of(raw: Mapping[str, Any], places: tuple[tuple[str, ...], ...]) -> int | None:
    """The first number there is."""
    numbers = (integer(dig(raw, *keys)) for keys in places)
    return next((number for number in numbers if number is not None and number >= 0), None)
