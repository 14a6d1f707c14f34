"""Where posts of Bluesky stand in a record of an export.

What belongs here: pages, threads, feeds and events. What does not: what a post says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from media_pipeline.model import Relation
from media_pipeline.posts.platforms.base import Found, Missing, with_inner_posts
from media_pipeline.posts.platforms.bluesky.views import (
    POST_COLLECTION,
    is_post,
    is_unavailable,
    native_id,
    quoted_posts,
    unavailable,
)
from media_pipeline.posts.values import dig, identifier, integer, items, mapping, pointer, text

_LISTS = ("feed", "posts", "thread", "records", "bookmarks", "notifications")


class _Node(NamedTuple):
    """A part of the export that is a post or leads to some."""

    value: Any
    at: str
    relation: Relation | None = None


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value, those inside other posts right after them.

    A thread may be as deep as its discussion; depth costs no stack.
    """
    entries = enumerate(items(value)) if isinstance(value, list) else [("", value)]
    waiting = [_Node(entry, pointer(key) if key != "" else "") for key, entry in entries]
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        entry = mapping(node.value)
        if is_unavailable(entry):
            yield unavailable(entry, node.at)
        elif is_post(entry):
            yield from with_inner_posts(Found(entry, node.at, node.relation), quoted_posts, native_id)
        elif "did" in entry and ("commit" in entry or "kind" in entry):
            yield _of_event(entry, node.at)
        else:
            waiting.extend(reversed(list(_below(entry, node))))


def _below(entry: Mapping[str, Any], node: _Node) -> Iterator[_Node]:
    """What an object that is no post itself leads to."""
    for key in ("post", "item"):
        if key in entry:
            yield _Node(entry[key], node.at + pointer(key), node.relation)
    yield from _replied_to(entry, node.at)
    for index, reply in enumerate(items(entry.get("replies"))):
        yield _Node(reply, node.at + pointer("replies", index))
    for key in _LISTS:
        listed = entry.get(key)
        for index, child in enumerate(items(listed)):
            yield _Node(child, node.at + pointer(key, index), _relation_in_thread(child))
        if isinstance(listed, dict):
            yield _Node(listed, node.at + pointer(key))
    if "post" in mapping(entry.get("value")):
        # getPostThreadV2
        yield _Node(entry["value"], node.at + pointer("value"), node.relation)


def _replied_to(entry: Mapping[str, Any], at: str) -> Iterator[_Node]:
    """The posts above: ``parent`` in a thread; ``reply.parent`` and ``reply.root`` in a feed, often the same."""
    if "parent" in entry:
        yield _Node(entry["parent"], at + pointer("parent"), Relation.REPLY_PARENT)
    reply = mapping(entry.get("reply"))
    for key in ("parent", "root"):
        is_repeated = key == "root" and identifier(dig(reply, "root", "uri")) == identifier(dig(reply, "parent", "uri"))
        if key in reply and not is_repeated:
            yield _Node(reply[key], at + pointer("reply", key), Relation.REPLY_PARENT)


def _relation_in_thread(entry: Any) -> Relation | None:
    """The flat threads of getPostThreadV2 count what is above the post that was asked for downwards from -1."""
    depth = integer(mapping(entry).get("depth"))
    return Relation.REPLY_PARENT if depth is not None and depth < 0 else None


def _of_event(event: Mapping[str, Any], at: str) -> Found | Missing:
    """An event of Jetstream (https://github.com/bluesky-social/jetstream), made into a raw record."""
    commit = mapping(event.get("commit"))
    did, key = text(event.get("did")), text(commit.get("rkey"))
    collection = text(commit.get("collection")) or text(event.get("kind")) or "unknown kind"
    operation = text(commit.get("operation")) or "no commit"
    address = f"at://{did}/{POST_COLLECTION}/{key}" if collection == POST_COLLECTION and did and key else None
    if address is None or not isinstance(commit.get("record"), dict):
        deleted = address if operation == "delete" else None
        return Missing(f"an event ({operation}, {collection}), not a post", at, deleted)
    raw = {"uri": address, "cid": commit.get("cid"), "value": commit["record"]}
    return Found(raw, at)
