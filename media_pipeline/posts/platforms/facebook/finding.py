"""Where posts of Facebook stand in a record of an export.

``data[]``, ``posts.data[]``, ``photos.data[]``, objects keyed by the post's id, plain arrays: a post is told by its own
marks, wherever it stands. What stands inside a post (comments, reactions, tagged profiles) is not searched, but for the
post that it shares and for posts that share it. What does not belong here: what a post says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.platforms.facebook import official
from media_pipeline.posts.platforms.facebook.stories import GRAPH_POST_ID, is_post, shared_post
from media_pipeline.posts.values import dig, items, mapping, pointer, text, web_address

_MARKS_OF_GRAPH_API = ("created_time", "attachments", "full_picture")


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value in the order of the file, a shared one after the one that shares it."""
    waiting: list[tuple[str, str | int, Any]] = [("", "", value)]
    while waiting:
        at, key, node = waiting.pop()
        entry = _with_key(mapping(node), key)
        below = list(_children(node, at))
        yield from official.lone_files(entry, at)
        if official.is_post(entry):
            yield Found(entry, at)
            continue
        if is_post(entry):
            yield from _with_shared(Found(entry, at))
            below = list(_children(node, at, ("sharedposts",)))
        elif reason := _fault_in(entry):
            yield Missing(reason, at)
            below = []
        waiting.extend(reversed(below))


def _children(node: Any, at: str, among: tuple[str, ...] = ()) -> Iterator[tuple[str, str | int, Any]]:
    entries = mapping(node).items() if isinstance(node, dict) else enumerate(items(node))
    for key, child in entries:
        if isinstance(child, (dict, list)) and child and (key in among or not among):
            yield at + pointer(key), key, child


def _with_key(entry: Mapping[str, Any], key: str | int) -> Mapping[str, Any]:
    """``?ids=…`` answers with posts keyed by their id, which they need not repeat."""
    is_keyed = isinstance(key, str) and GRAPH_POST_ID.fullmatch(key) is not None
    return {**entry, "id": key} if entry and is_keyed and "id" not in entry else entry


def _with_shared(found: Found) -> Iterator[Found | Missing]:
    part: Found | Missing | None = found
    while part:
        yield part
        part = shared_post(part) if isinstance(part, Found) else None


def _fault_in(entry: Mapping[str, Any]) -> str | None:
    """Why an object that stands for a post is none: a scraper's error, or a post that lost its id."""
    error = text(entry.get("error")) or text(entry.get("error_code"))
    places = (entry.get("url"), entry.get("inputUrl"), dig(entry, "input", "url"))
    page = next((address for place in places if (address := web_address(place))), None)
    if error and page:
        return f"the scraper recorded an error instead of a post for {page}: {error}"
    if sum(key in entry for key in _MARKS_OF_GRAPH_API) > 1:
        return "a post of the Graph API without an id"
    return None
