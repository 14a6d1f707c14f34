"""Where posts of Twitter stand in a record of an export.

What belongs here: the envelopes of each API and tool. What does not: what a post says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.posts.platforms.base import Found, Missing, with_inner_posts
from media_pipeline.posts.platforms.twitter import v2
from media_pipeline.posts.platforms.twitter.articles import is_archived
from media_pipeline.posts.platforms.twitter.statuses import graphql_result, is_post, native_id, nested_posts
from media_pipeline.posts.values import dig, find_keys, identifier, items, mapping, pointer, text

_LIST_ENVELOPES = ("statuses", "results", "tweets")
_GRAPHQL_ANCHORS = ("tweet_results", "tweetResult", "tweetResults")
_ENTRY = re.compile(r"(?:\S*-)?tweet-(\d{1,20})", re.ASCII)
_STREAM_NOTICES = ("limit", "scrub_geo", "status_withheld", "user_withheld", "disconnect", "warning")


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value, those inside other posts right after them."""
    if isinstance(value, list):
        for index, entry in enumerate(items(value)):
            yield from _find(mapping(entry), pointer(index))
    else:
        yield from _find(mapping(value), "")


def _find(value: Mapping[str, Any], at: str) -> Iterator[Found | Missing]:
    if is_post(value):
        yield from with_inner_posts(Found(value, at), nested_posts, native_id)
    elif is_post(value.get("tweet")):
        yield from with_inner_posts(Found(mapping(value["tweet"]), at + pointer("tweet")), nested_posts, native_id)
    elif is_archived(value.get("article")) and native_id(mapping(value["article"])):
        yield Found(mapping(value["article"]), at + pointer("article"))
    elif v2.is_page(value):
        yield from v2.posts_of_page(value, at)
    elif notice := _notice(value):
        yield Missing(notice, at, _deleted(value))
    else:
        yield from _find_in_envelopes(value, at)


def _find_in_envelopes(value: Mapping[str, Any], at: str) -> Iterator[Found | Missing]:
    for key in _LIST_ENVELOPES:
        for index, entry in enumerate(items(value.get(key))):
            if is_post(entry):
                yield from with_inner_posts(Found(mapping(entry), at + pointer(key, index)), nested_posts, native_id)
    for place, anchored in find_keys(value, _GRAPHQL_ANCHORS):
        for result_at, result in _results(anchored, at + place):
            for part in graphql_result(result, result_at, named=_named_by_entry(value, result_at)):
                yield from with_inner_posts(part, nested_posts, native_id) if isinstance(part, Found) else (part,)


def _results(anchored: Any, at: str) -> Iterator[tuple[str, Any]]:
    """What an anchor holds: ``{result: …}``, or an array of those."""
    if isinstance(anchored, list):
        for index, entry in enumerate(items(anchored)):
            yield from _results(mapping(entry), at + pointer(index))
    elif isinstance(anchored, dict):
        result = mapping(anchored)
        yield (at + pointer("result"), result["result"]) if "result" in result else (at, result)


def _named_by_entry(value: Mapping[str, Any], at: str) -> str | None:
    """The id of the post of a timeline's entry, ``tweet-<id>``, which stays where the post itself is gone."""
    entry: Any = value
    found: str | None = None
    for key in at.split("/")[1:]:
        entry = dig(entry, key) if isinstance(entry, dict) else next(iter(items(entry)[int(key) :]), None)
        named = _ENTRY.fullmatch(text(dig(entry, "entryId")) or "")
        found = named[1] if named else found
    return found


def _deleted(value: Mapping[str, Any]) -> str | None:
    """The id of the post that a delete notice of the stream names."""
    status = mapping(dig(value, "delete", "status"))
    return identifier(status.get("id_str")) or identifier(status.get("id"))


def _notice(value: Mapping[str, Any]) -> str | None:
    """What a message of the streaming API says that is no post."""
    if "delete" in value:
        return f"a delete notice for post {_deleted(value) or 'without an id'}, not a post"
    kind = next((key for key in _STREAM_NOTICES if key in value), None)
    return f"a `{kind}` notice of the stream, not a post" if kind else None
