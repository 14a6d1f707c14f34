"""What a post of TikTok is, where posts stand in a record, and who posted.

The website spells its keys in camel case and has ``id``; the app spells them with underscores and has ``aweme_id``.
What does not belong here: media.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.values import find_keys, identifier, integer, items, mapping, pointer, text

_LISTS = ("itemList", "item_list", "aweme_list", "aweme_details")
_SINGLE = ("item", "itemStruct", "aweme_info", "aweme_detail")
_BY_ID = ("ItemModule",)
_PLAIN_LIST = "data"
"""Clients of the API list posts so, among much else that is listed under this key."""
_VIDEO_PAGE = "webapp.video-detail"
_MARKS_OF_AN_ITEM = ("desc", "video", "imagePost", "stats", "statsV2")
_MARKS_OF_AN_AWEME = ("desc", "video", "image_post_info", "statistics")


class Author(NamedTuple):
    """Who posted, as far as the post says."""

    number: str | None
    handle: str | None
    name: str | None


class Counts(NamedTuple):
    """How often a post was liked and shared."""

    likes: int | None
    shares: int | None


def native_id(value: Mapping[str, Any]) -> str | None:
    """The post's id in digits."""
    number = identifier(value.get("aweme_id")) or identifier(value.get("id"))
    return number if number and number.isascii() and number.isdecimal() else None


def is_post(value: Any) -> bool:
    """Whether an object is a post: a comment of the app's API names its post's ``aweme_id`` too, and has a ``cid``."""
    post = mapping(value)
    if not native_id(post) or "cid" in post:
        return False
    if "aweme_id" in post:
        return any(key in post for key in _MARKS_OF_AN_AWEME)
    return "createTime" in post and any(key in post for key in _MARKS_OF_AN_ITEM)


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value."""
    if isinstance(value, list):
        for index, entry in enumerate(items(value)):
            yield from _find(entry, pointer(index))
    else:
        yield from _find(value, "")


def _find(value: Any, at: str) -> Iterator[Found | Missing]:
    if is_post(value):
        yield Found(mapping(value), at)
        return
    for place, anchored in find_keys(value, (*_LISTS, *_SINGLE, *_BY_ID)):
        yield from _anchored(anchored, at + place)
    for place, listed in find_keys(value, (_PLAIN_LIST,)):
        for index, entry in enumerate(items(listed)):
            if is_post(entry):
                yield Found(mapping(entry), at + place + pointer(index))
    for place, page in find_keys(value, (_VIDEO_PAGE,)):
        if "itemInfo" not in mapping(page):
            yield Missing(_why_unavailable(mapping(page)), at + place)


def _anchored(anchored: Any, at: str) -> Iterator[Found | Missing]:
    """What an anchor holds: a post, an array of posts, or an object of posts by id."""
    if is_post(anchored):
        yield Found(mapping(anchored), at)
        return
    for index, entry in enumerate(items(anchored)):
        place = at + pointer(index)
        yield Found(mapping(entry), place) if is_post(entry) else Missing("an entry of a list that is no post", place)
    for key, entry in mapping(anchored).items():
        if is_post(entry):
            yield Found(mapping(entry), at + pointer(key))


def _why_unavailable(page: Mapping[str, Any]) -> str:
    said = text(page.get("statusMsg")) or identifier(page.get("statusCode")) or "no reason given"
    return f"the page holds no post ({said}): deleted, private or withheld"


def author_of(raw: Mapping[str, Any]) -> Author:
    """The author from ``author``; pages until 2023 have the handle there and the rest beside it."""
    author = mapping(raw.get("author"))
    return Author(
        number=identifier(author.get("id")) or identifier(author.get("uid")) or identifier(raw.get("authorId")),
        handle=text(author.get("uniqueId")) or text(author.get("unique_id")) or text(raw.get("author")),
        name=text(author.get("nickname")) or text(raw.get("nickname")),
    )


def counts_of(raw: Mapping[str, Any]) -> Counts:
    """``statsV2`` is exact where ``stats`` is rounded for show."""
    places = [mapping(raw.get(key)) for key in ("statsV2", "stats", "statistics")]
    return Counts(_first_count(places, "diggCount", "digg_count"), _first_count(places, "shareCount", "share_count"))


def _first_count(places: list[Mapping[str, Any]], *keys: str) -> int | None:
    numbers = (integer(place.get(key)) for place in places for key in keys)
    return next((number for number in numbers if number is not None and number >= 0), None)
