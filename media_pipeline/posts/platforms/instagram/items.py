"""What one post of Instagram says about itself, in each of the shapes.

Private API: ``pk``, ``code``, ``user``, ``taken_at``, ``caption.text``. GraphQL: ``id``, ``shortcode``, ``owner``,
``taken_at_timestamp``, ``edge_media_to_caption``. Graph API: ``id``, ``permalink``, ``username``, ``timestamp``,
``caption``. Apify: ``shortCode``, ``ownerUsername``. Bright Data: ``post_id``, ``user_posted``, ``description``.
What does not belong here: media, and where posts stand in a record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from media_pipeline.posts.values import dig, identifier, integer, items, mapping, moment, text, web_address

LIKES = (
    ("like_count",),
    ("edge_media_preview_like", "count"),
    ("edge_liked_by", "count"),
    ("likesCount",),
    ("likes",),
)
SHARES = (("reshare_count",), ("sharesCount",), ("share_count",))

_ID_KEYS = ("pk", "id", "post_id")
_CODE_KEYS = ("code", "shortcode", "shortCode", "content_id")
_ADDRESS_KEYS = ("permalink", "url")
_TIME_KEYS = ("taken_at", "taken_at_timestamp", "timestamp", "date_posted")
_SHORTCODE = re.compile(r"[\w-]{5,40}", re.ASCII)
_CODE_IN_ADDRESS = re.compile(r"instagram\.com/(?:[\w.]+/)?(?:p|reels?|tv)/([\w-]{5,40})", re.ASCII)
_DIGITS_OF_SHORTCODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LENGTH_OF_PUBLIC_SHORTCODE = 11

_MARKS_OF_PRIVATE_API = ("image_versions2", "video_versions", "carousel_media")
_MARKS_OF_GRAPHQL = ("edge_media_to_caption", "edge_sidecar_to_children", "display_resources")
_MARKS_BESIDE_SHORTCODE = ("display_url", "thumbnail_src", "is_video", "user_posted", "post_content")
_GRAPH_API_TYPES = ("IMAGE", "VIDEO", "CAROUSEL_ALBUM")
_MARKS_BESIDE_PERMALINK = ("media_url", "thumbnail_url", "caption", "timestamp", "children")
_APIFY_TYPES = ("Image", "Video", "Sidecar")


class Author(NamedTuple):
    """Who posted, as far as the post says."""

    number: str | None
    handle: str | None
    name: str | None


def is_post(value: Mapping[str, Any]) -> bool:
    """Whether an object is a post and not, say, a comment, a user or a post of another platform."""
    return looks_like_post(value) and native_id(value) is not None


def looks_like_post(value: Mapping[str, Any]) -> bool:
    """Whether an object has the marks of a post, be it with an id or without."""
    return (
        any(key in value for key in _MARKS_OF_PRIVATE_API)
        or any(key in value for key in _MARKS_OF_GRAPHQL)
        or "src_attached" in value
        or ("shortcode" in value and any(key in value for key in _MARKS_BESIDE_SHORTCODE))
        or ("media_type" in value and _has_media_type(value))
        or ("displayUrl" in value and ("shortCode" in value or value.get("type") in _APIFY_TYPES))
        or ("display_url" in value and "Graph" in (text(value.get("__typename")) or ""))
        or ("permalink" in value and _is_at_permalink(value))
    )


def _has_media_type(value: Mapping[str, Any]) -> bool:
    """The Graph API names it in words, the private API and instagrapi in numbers."""
    kind = value["media_type"]
    return kind in _GRAPH_API_TYPES if isinstance(kind, str) else integer(kind) is not None and "taken_at" in value


def _is_at_permalink(value: Mapping[str, Any]) -> bool:
    """The Graph API when it was asked for few fields."""
    address = web_address(value["permalink"]) or ""
    return "instagram.com/" in address and any(key in value for key in _MARKS_BESIDE_PERMALINK)


def native_id(value: Mapping[str, Any]) -> str | None:
    """The post's number, without that of its author (``<post>_<author>``); else read from its shortcode."""
    for key in _ID_KEYS:
        number = (identifier(value.get(key)) or "").partition("_")[0]
        if number.isascii() and number.isdecimal():
            return number
    code = _code_of(value)
    return _number_of_shortcode(code) if code else None


def _code_of(value: Mapping[str, Any]) -> str | None:
    for key in _CODE_KEYS:
        code = text(value.get(key))
        if code and _SHORTCODE.fullmatch(code):
            return code
    found = (_CODE_IN_ADDRESS.search(web_address(value.get(key)) or "") for key in _ADDRESS_KEYS)
    return next((match[1] for match in found if match), None)


def _number_of_shortcode(code: str) -> str:
    """A shortcode is the post's number written to the base 64; one of a private account has a key behind it."""
    number = 0
    for digit in code[:_LENGTH_OF_PUBLIC_SHORTCODE]:
        number = number * 64 + _DIGITS_OF_SHORTCODE.index(digit)
    return str(number)


def address_of(raw: Mapping[str, Any]) -> str | None:
    """The post's own page."""
    for key in _ADDRESS_KEYS:
        address = web_address(raw.get(key))
        if address and "instagram.com/" in address:
            return address
    code = _code_of(raw)
    return f"https://www.instagram.com/p/{code}/" if code else None


def author_of(raw: Mapping[str, Any]) -> Author:
    """From ``user``, ``owner``, or the flat keys of the Graph API and of scrapers."""
    user = mapping(raw.get("user")) or mapping(raw.get("owner"))
    numbers = (user.get("pk"), user.get("id"), raw.get("ownerId"), raw.get("user_posted_id"), _author_in_id(raw))
    handles = (user.get("username"), raw.get("ownerUsername"), raw.get("username"), raw.get("user_posted"))
    names = (user.get("full_name"), raw.get("ownerFullName"))
    return Author(
        number=next((number for value in numbers if (number := identifier(value))), None),
        handle=next((handle for value in handles if (handle := text(value))), None),
        name=next((name for value in names if (name := text(value))), None),
    )


def _author_in_id(raw: Mapping[str, Any]) -> str | None:
    number = (text(raw.get("id")) or "").partition("_")[2]
    return number if number.isascii() and number.isdecimal() else None


def text_of(raw: Mapping[str, Any]) -> str | None:
    """The caption."""
    edges = items(dig(raw, "edge_media_to_caption", "edges"))
    captions = items(raw.get("captions"))
    places = (
        raw.get("caption"),
        dig(raw, "caption", "text"),
        dig(edges[0], "node", "text") if edges else None,
        raw.get("caption_text"),
        captions[0] if captions else None,
        raw.get("description"),
    )
    return next((written for place in places if (written := text(place))), None)


def time_of(raw: Mapping[str, Any]) -> datetime | None:
    """When it was posted, UTC."""
    return next((time for key in _TIME_KEYS if (time := moment(raw.get(key)))), None)


def count_of(raw: Mapping[str, Any], places: tuple[tuple[str, ...], ...]) -> int | None:
    """The first number there is; scrapers write -1 where the author hides it."""
    for keys in places:
        number = integer(dig(raw, *keys))
        if number is not None and number >= 0:
            return number
    return None
