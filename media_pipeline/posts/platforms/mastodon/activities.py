"""ActivityPub: collections such as an outbox, activities, and the objects that they are about.

A post is an object (``Note`` and the like) or an ``Announce``, which is a repost. What does not belong here: REST.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from media_pipeline.model import Candidate, Locator, MediaType, Post, Relation, Role
from media_pipeline.posts.markup import plain_text
from media_pipeline.posts.platforms.base import Found, Medium, Missing
from media_pipeline.posts.platforms.mastodon.kinds import media_type_of
from media_pipeline.posts.values import (
    count,
    dig,
    identifier,
    integer,
    items,
    mapping,
    moment,
    pointer,
    text,
    web_address,
)

_COLLECTIONS = ("OrderedCollection", "OrderedCollectionPage", "Collection", "CollectionPage")
_OBJECTS = ("Note", "Article", "Question", "Page", "Event", "Image", "Video", "Audio")
_CARRIERS = ("Create", "Update")
_REPOST = "Announce"
_GONE = "Tombstone"
_MARKS_OF_AN_OBJECT = ("attributedTo", "content", "attachment", "published", "to")
_NO_URL = "the export gives no URL for it"


def is_activity_pub(value: Any) -> bool:
    """Whether an object is of the Activity Streams vocabulary, or an array of such begins with one."""
    first = mapping(next(iter(items(value)), value))
    return "@context" in first or _type(first) in (*_COLLECTIONS, _GONE) or is_object(first) or "actor" in first


def is_object(value: Any) -> bool:
    """Whether something is a post by itself."""
    entry = mapping(value)
    return bool(_type(entry) in _OBJECTS and text(entry.get("id")) and any(key in entry for key in _MARKS_OF_AN_OBJECT))


def is_repost(value: Any) -> bool:
    """Whether something is an ``Announce`` that holds what it repeats."""
    entry = mapping(value)
    return _type(entry) == _REPOST and bool(text(entry.get("id"))) and is_object(entry.get("object"))


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value. Depth of nested pages costs no stack."""
    waiting = [(pointer(index), entry) for index, entry in enumerate(items(value))] or [("", value)]
    waiting.reverse()
    while waiting:
        at, entry = waiting.pop()
        node = mapping(entry)
        if _type(node) in _COLLECTIONS:
            waiting.extend(reversed(list(_entries(node, at))))
        else:
            yield from _of_entry(node, at)


def _entries(collection: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any]]:
    for key in ("orderedItems", "items"):
        for index, entry in enumerate(items(collection.get(key))):
            yield at + pointer(key, index), entry
    if isinstance(collection.get("first"), dict):
        yield at + pointer("first"), collection["first"]


def _of_entry(entry: Mapping[str, Any], at: str) -> Iterator[Found | Missing]:
    inner = entry.get("object")
    if is_object(entry):
        yield Found(entry, at)
    elif is_repost(entry):
        yield Found(entry, at)
        yield Found(mapping(inner), at + pointer("object"), Relation.REPOSTED)
    elif _type(entry) in _CARRIERS and is_object(inner):
        yield Found(mapping(inner), at + pointer("object"))
    elif _type(entry) == _REPOST:
        yield Missing(f"a repost of a post that the export doesn't hold: {text(inner) or 'no address'}", at)
    elif (deleted := _deleted(entry)) is not None:
        yield Missing(f"a post that was deleted: {deleted or 'no address'}", at, deleted or None)
    else:
        yield Missing(f"an activity or object of type {_type(entry) or 'unknown'}, not a post", at)


def _deleted(entry: Mapping[str, Any]) -> str | None:
    """The address of the post in whose place a ``Tombstone`` stands, or that a ``Delete`` takes away."""
    inner = entry.get("object")
    if _type(entry) == _GONE:
        return text(entry.get("id")) or ""
    if _type(entry) == "Delete":
        return text(inner) or text(dig(inner, "id")) or ""
    return None


def read_post(platform: str, found: Found, locator: Locator) -> Post:
    """The post as its author's server tells it; ``content`` is HTML."""
    raw = found.value
    author = raw.get("actor") if is_repost(raw) else raw.get("attributedTo")
    actor = mapping(_first(author))
    address = text(actor.get("id")) or text(_first(author))
    handle = _handle(address, text(actor.get("preferredUsername")))
    return Post(
        platform=platform,
        native_id=text(raw.get("id")) or "",
        raw=raw,
        locator=locator,
        author_id=address,
        author_handle=handle,
        author_name=text(actor.get("name")) or handle,
        posted_at=moment(raw.get("published")),
        url=_page(raw.get("url")) or text(raw.get("id")),
        text=_text(raw),
        like_count=integer(dig(raw, "likes", "totalItems")),
        share_count=integer(dig(raw, "shares", "totalItems")),
        relation=found.relation,
    )


def _handle(address: str | None, username: str | None) -> str | None:
    """``ann@example.social``, from an actor such as ``https://example.social/users/ann``."""
    try:
        parts = urlsplit(address or "")
        host = parts.hostname
    except ValueError:
        return username
    name = username or parts.path.rstrip("/").rpartition("/")[2].removeprefix("@")
    return f"{name}@{host}" if name and host else username


def _page(url: Any) -> str | None:
    """The page for people, among the links of an object."""
    links = [url, *items(url)]
    pages = (link for link in links if text(mapping(link).get("mediaType")) in (None, "text/html"))
    return next((address for link in pages if (address := web_address(link) or _href(link))), None)


def _text(raw: Mapping[str, Any]) -> str | None:
    """``content`` is HTML, ``name`` is not."""
    translations = mapping(raw.get("contentMap")).values()
    content = text(raw.get("content")) or next(filter(None, map(text, translations)), None)
    return (plain_text(content) if content else None) or text(raw.get("name"))


def media_of(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """Yield the media of a post; a repost shows those of the post that it repeats."""
    shown = mapping(raw.get("object")) if is_repost(raw) else raw
    attachments = items(shown.get("attachment")) or [shown.get("attachment")]
    for attachment in map(mapping, attachments):
        if "url" in attachment or _is_media_link(attachment):
            yield _attachment(attachment)
    if _type(shown) in ("Image", "Video", "Audio"):
        yield from _of_object(shown)
    for address in _addresses(shown.get("image")):
        picture = Candidate(address, role=Role.LINK_PREVIEW, rule="picture of the linked page")
        yield Medium(MediaType.IMAGE, (picture,), Role.LINK_PREVIEW)


def _is_media_link(attachment: Mapping[str, Any]) -> bool:
    """A link that says of what type its file is; other links lead to pages."""
    return (text(attachment.get("mediaType")) or "").partition("/")[0] in ("image", "video", "audio")


def _attachment(attachment: Mapping[str, Any]) -> Medium:
    links = attachment.get("url") if "url" in attachment else attachment.get("href")
    candidates = sorted(_candidates(links, attachment), key=lambda candidate: -(candidate.height or 0))
    posters = [Candidate(url, role=Role.POSTER, rule="preview") for url in _addresses(attachment.get("icon"))]
    word = text(attachment.get("mediaType")) or _type(attachment)
    path = text(links)
    return Medium(
        media_type=media_type_of(word, candidates[0].url if candidates else path),
        candidates=(*candidates, *posters),
        alt_text=text(attachment.get("name")) or text(attachment.get("summary")),
        note=None if candidates else _why_no_url(path),
        files=(path,) if path and not candidates else (),
    )


def _of_object(shown: Mapping[str, Any]) -> Iterator[Medium]:
    """A video, sound or picture that is a post by itself; its page stands among the links to its files."""
    files = [link for link in items(shown.get("url")) if _is_media_link(mapping(link))]
    if files:
        yield _attachment({**shown, "url": files, "name": None})


def _candidates(links: Any, attachment: Mapping[str, Any]) -> Iterator[Candidate]:
    for link in items(links) or [links]:
        address = web_address(link) or _href(link)
        own = mapping(link) or attachment
        if address:
            yield Candidate(
                address, count(own.get("width")), count(own.get("height")), rule="as attached, largest first"
            )


def _addresses(value: Any) -> Iterator[str]:
    """The URLs of a picture: text, an object with ``url`` or ``href``, or an array of those."""
    for entry in items(value) or [value]:
        address = web_address(entry) or web_address(mapping(entry).get("url")) or _href(entry)
        if address:
            yield address


def _href(link: Any) -> str | None:
    return web_address(mapping(link).get("href"))


def _why_no_url(path: str | None) -> str:
    return f"it stands in the account's archive as {path.lstrip('/')}" if path else _NO_URL


def _type(value: Mapping[str, Any]) -> str | None:
    """``type`` may be an array, of which the first counts."""
    return identifier(_first(value.get("type")))


def _first(value: Any) -> Any:
    return next(iter(items(value)), None) if isinstance(value, list) else value
