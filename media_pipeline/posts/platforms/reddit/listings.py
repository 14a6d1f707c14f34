"""What a post of Reddit is, what it says about itself, and where posts stand in a record.

Every thing of the API is ``{kind, data}``: ``t3`` is a post, ``t1`` a comment, ``Listing`` holds other things.
Source: https://www.reddit.com/dev/api/. What does not belong here: media.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Relation
from media_pipeline.posts.markup import unescaped
from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.platforms.reddit import official
from media_pipeline.posts.values import dig, identifier, items, mapping, pointer, text

_POST = "t3"
_REMOVED = re.compile(r"\[\s*(?:deleted|removed)\b[^\]]*\]", re.IGNORECASE)
"""What Reddit writes in the place of a text or title: ``[removed]``, ``[ Removed by moderator ]`` …"""
_KINDS_OF_COMMENTS = ("t1", "more")


def native_id(value: Mapping[str, Any]) -> str | None:
    """The post's id in base 36, without ``t3_``."""
    if official.is_comment(value):
        return official.id_of_comment(value)
    number = text(value.get("id")) or text(value.get("name"))
    number = (number or "").removeprefix("t3_")
    return number if number.isascii() and number.isalnum() else None


def is_post(value: Any) -> bool:
    """Whether an object is a post and not a comment, which has no title, or a subreddit, which is in none."""
    post = mapping(value)
    return bool(native_id(post)) and "title" in post and ("subreddit" in post or "permalink" in post)


def is_comments(value: Any) -> bool:
    """Whether a value is a listing of comments, or of nothing, as follows a post that has none; or a comment's row that
    shows nothing."""
    if isinstance(value, dict) and official.is_comment(mapping(value)):
        return not official.shows_media(mapping(value))
    children = dig(value, "data", "children")
    is_listing = dig(value, "kind") == "Listing" and isinstance(children, list)
    return is_listing and all(dig(child, "kind") in _KINDS_OF_COMMENTS for child in items(children))


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value, crossposted ones right after those that hold them."""
    entries = [(pointer(index), entry) for index, entry in enumerate(items(value))] or [("", value)]
    for at, entry in entries:
        yield from _of_entry(mapping(entry), at)


def _of_entry(entry: Mapping[str, Any], at: str) -> Iterator[Found | Missing]:
    if is_post(entry) or (official.is_comment(entry) and official.shows_media(entry)):
        yield from _with_crossposted(Found(entry, at))
    elif entry.get("kind") == _POST:
        yield from _of_thing(entry, at)
    else:
        data = entry.get("data")
        for index, child in enumerate(items(data)):
            yield from _of_thing(child, at + pointer("data", index))
        for index, child in enumerate(items(dig(data, "children"))):
            yield from _of_thing(child, at + pointer("data", "children", index))


def _of_thing(child: Any, at: str) -> Iterator[Found | Missing]:
    """A child of a listing, or a post without the wrapping as in dumps."""
    thing = mapping(child)
    if is_post(thing):
        yield from _with_crossposted(Found(thing, at))
    elif is_post(thing.get("data")):
        yield from _with_crossposted(Found(mapping(thing["data"]), at + pointer("data")))
    elif thing.get("kind") not in _KINDS_OF_COMMENTS:
        yield Missing(f"an entry of a listing that is no post (kind {identifier(thing.get('kind')) or 'unknown'})", at)


def _with_crossposted(found: Found) -> Iterator[Found]:
    while True:
        yield found
        inner = crossposted(found.value)
        if not is_post(inner):
            return
        place = found.pointer + pointer("crosspost_parent_list", 0)
        found = Found(inner, place, Relation.REPOSTED)


def crossposted(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The post that this one repeats, or an empty object."""
    return mapping(next(iter(items(raw.get("crosspost_parent_list"))), None))


def page_of(raw: Mapping[str, Any]) -> str:
    """The post's page."""
    path = text(raw.get("permalink")) or ""
    if path.startswith("https://"):
        return path
    return f"https://www.reddit.com{path}" if path.startswith("/") else f"https://redd.it/{native_id(raw)}"


def why_unavailable(raw: Mapping[str, Any]) -> str | None:
    """Who took the post away, where Reddit shows that it was: its text, its title or both are a mark then."""
    by = text(raw.get("removed_by_category"))
    if by:
        return f"removed ({by})"
    marks = (text(raw.get(key)) for key in ("selftext", "body", "title"))
    return next((mark for mark in marks if mark and _REMOVED.fullmatch(mark.strip())), None)


def text_of(raw: Mapping[str, Any]) -> str | None:
    """The title, and after an empty line what stands below it. Reddit escapes ``&``, ``<`` and ``>`` in both."""
    parts = (text(raw.get("title")), text(raw.get("selftext")) or text(raw.get("body")))
    return unescaped("\n\n".join(filter(None, parts))) or None
