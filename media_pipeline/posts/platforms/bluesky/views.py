"""What one post of Bluesky says about itself, and which post it quotes.

A post is a ``postView`` (its record under ``record``), or a quoted ``viewRecord`` or a raw record (under ``value``).
What does not belong here: media, and where posts stand in a record of an export.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from media_pipeline.model import Relation
from media_pipeline.posts.platforms.base import Found, Missing
from media_pipeline.posts.values import dig, identifier, items, mapping, moment, pointer, text

POST_COLLECTION = "app.bsky.feed.post"

_UNAVAILABLE = ("notFound", "blocked", "detached")
_UNAVAILABLE_ITEMS = ("#threadItemNotFound", "#threadItemBlocked", "#threadItemNoUnauthenticated")
_MARKS_OF_A_POST = ("record", "value", "author", "embed", "embeds")


def native_id(value: Mapping[str, Any]) -> str | None:
    """The ``at://`` address; where an export has blanked it the ``cid``, which may be blank as well."""
    uri = value.get("uri")
    if uri == "":
        return identifier(value.get("cid")) or ""
    return uri if isinstance(uri, str) and f"/{POST_COLLECTION}/" in uri else None


def is_post(value: Any) -> bool:
    """Whether an object is a post, and not a reference to one, which has ``uri`` and ``cid`` alone."""
    post = mapping(value)
    number = native_id(post)
    if number is None:
        return False
    if post["uri"] == "":
        return "text" in record_of(post)
    # An item of getPostThreadV2 has the post's address and `value` too, which is not the record but holds the post.
    return "depth" not in post and any(key in post for key in _MARKS_OF_A_POST)


def is_unavailable(value: Any) -> bool:
    """Whether an object stands for a post that was deleted, is blocked, hidden from strangers, or was detached."""
    return "uri" in mapping(value) and _why_unavailable(value) is not None


def unavailable(value: Any, at: str) -> Missing:
    """Why there is no post."""
    address = text(mapping(value).get("uri"))
    reason = f"the export holds no post here ({_why_unavailable(value)}): {address or 'no address'}"
    return Missing(reason, at, native_id(mapping(value)) or None)


def _why_unavailable(value: Any) -> str | None:
    for key in _UNAVAILABLE:
        if mapping(value).get(key) is True:
            return key
    kind = text(dig(value, "value", "$type")) or ""
    return kind.partition("#")[2] if kind.endswith(_UNAVAILABLE_ITEMS) else None


def quoted_posts(found: Found) -> Iterator[Found | Missing]:
    """Yield the post that a view quotes, with pictures of its own or without."""
    embeds = [(("embed",), found.value.get("embed"))]
    embeds += [(("embeds", index), embed) for index, embed in enumerate(items(found.value.get("embeds")))]
    for keys, embed in embeds:
        place, quoted = (*keys, "record"), dig(embed, "record")
        if "record" in mapping(quoted) and "uri" not in mapping(quoted):
            # recordWithMedia
            place, quoted = (*place, "record"), mapping(quoted)["record"]
        if is_unavailable(quoted):
            yield unavailable(quoted, found.pointer + pointer(*place))
        elif is_post(quoted):
            yield Found(mapping(quoted), found.pointer + pointer(*place), Relation.QUOTED)


def record_of(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the author wrote, as the account's own server keeps it."""
    return mapping(raw.get("record")) or mapping(raw.get("value"))


def did_of(raw: Mapping[str, Any]) -> str | None:
    """The account's permanent id, from the author or from the address."""
    authority = (text(raw.get("uri")) or "").removeprefix("at://").partition("/")[0]
    return text(dig(raw, "author", "did")) or (authority if authority.startswith("did:") else None)


def time_of(raw: Mapping[str, Any]) -> datetime | None:
    """When it was posted as its author's app says, else when Bluesky first saw it."""
    return moment(record_of(raw).get("createdAt")) or moment(raw.get("indexedAt"))


def page_of(raw: Mapping[str, Any]) -> str | None:
    """The post's page, which is found by handle and by did alike."""
    handle = text(dig(raw, "author", "handle"))
    account = handle if handle and handle != "handle.invalid" else did_of(raw)
    key = (text(raw.get("uri")) or "").rpartition("/")[2]
    return f"https://bsky.app/profile/{account}/post/{key}" if account and key else None
