"""Statuses of Mastodon's REST API, which Pleroma, Akkoma, GoToSocial and others speak as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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

_LISTS: tuple[tuple[str, Relation | None], ...] = (
    ("ancestors", Relation.REPLY_PARENT),
    ("descendants", None),
    ("statuses", None),
)
_SINGLE = ("status", "last_status")
_MARKS = ("media_attachments", "reblog", "content", "spoiler_text", "visibility", "reblogs_count", "favourites_count")
_NO_URL = "the export gives no URL for it"


def is_status(value: Any) -> bool:
    """Whether an object is a status and not an account or a notification, which have an id and a date as well."""
    status = mapping(value)
    return bool(identifier(status.get("id"))) and sum(key in status for key in _MARKS) >= 2


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every status of a record's value, reposted and quoted ones right after those that hold them."""
    entries = [(pointer(index), entry) for index, entry in enumerate(items(value))] or [("", value)]
    for at, entry in entries:
        if is_status(entry):
            yield from _with_nested(Found(mapping(entry), at))
        else:
            yield from _in_envelope(mapping(entry), at)


def _in_envelope(value: Mapping[str, Any], at: str) -> Iterator[Found | Missing]:
    """A thread's context, a search's result, or a notification."""
    for key, relation in _LISTS:
        for index, entry in enumerate(items(value.get(key))):
            place = at + pointer(key, index)
            if is_status(entry):
                yield from _with_nested(Found(mapping(entry), place, relation))
            else:
                yield Missing(f"an entry of `{key}` that is no status", place)
    for key in _SINGLE:
        if is_status(value.get(key)):
            yield from _with_nested(Found(mapping(value[key]), at + pointer(key)))


def _with_nested(found: Found) -> Iterator[Found]:
    waiting = [found]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(list(_nested(part))))


def _nested(found: Found) -> Iterator[Found]:
    """``reblog``; ``quote``, which holds the status in ``quoted_status`` or, with other servers, is it."""
    places: tuple[tuple[tuple[str, ...], Relation], ...] = (
        (("reblog",), Relation.REPOSTED),
        (("quote", "quoted_status"), Relation.QUOTED),
        (("quote",), Relation.QUOTED),
        (("pleroma", "quote"), Relation.QUOTED),
    )
    for keys, relation in places:
        inner = dig(found.value, *keys)
        if is_status(inner):
            yield Found(mapping(inner), found.pointer + pointer(*keys), relation)


def read_post(platform: str, found: Found, locator: Locator) -> Post:
    """The post as its server tells it; ``content`` is HTML, ``text`` what its author typed."""
    raw = found.value
    content = text(raw.get("content"))
    account = mapping(raw.get("account"))
    handle = text(account.get("acct")) or text(account.get("username"))
    return Post(
        platform=platform,
        native_id=identifier(raw.get("id")) or "",
        raw=raw,
        locator=locator,
        author_id=identifier(account.get("id")),
        author_handle=handle,
        author_name=text(account.get("display_name")) or handle,
        posted_at=moment(raw.get("created_at")),
        url=text(raw.get("url")) or text(raw.get("uri")),
        text=(plain_text(content) if content else None) or text(raw.get("text")),
        like_count=integer(raw.get("favourites_count")),
        share_count=integer(raw.get("reblogs_count")),
        relation=found.relation,
    )


def media_of(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """Yield the media of a status; a repost shows those of the status that it repeats."""
    shown = _reposted(raw)
    for attachment in items(shown.get("media_attachments")):
        if isinstance(attachment, dict):
            yield _attachment(mapping(attachment))
    yield from _card(mapping(shown.get("card")))


def _reposted(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The innermost status, for servers that nest reposts."""
    while is_status(raw.get("reblog")):
        raw = mapping(raw["reblog"])
    return raw


def _attachment(attachment: Mapping[str, Any]) -> Medium:
    """``remote_url`` is the original on the author's server, ``url`` this server's copy, which may be another size."""
    here, there = web_address(attachment.get("url")), web_address(attachment.get("remote_url"))
    size = mapping(dig(attachment, "meta", "original"))
    width, height, bitrate = (count(size.get(key)) for key in ("width", "height", "bitrate"))
    media = [
        Candidate(address, width, height, bitrate, rule=rule)
        for address, rule in ((there, "original on the author's server"), (here, "copy of the server"))
        if address
    ]
    previews = (web_address(attachment.get(key)) for key in ("preview_url", "preview_remote_url"))
    posters = [Candidate(address, role=Role.POSTER, rule="preview") for address in previews if address]
    mime_type = text(dig(attachment, "pleroma", "mime_type"))
    kind = text(attachment.get("type"))
    return Medium(
        media_type=media_type_of(kind if kind != "unknown" else mime_type, here or there),
        candidates=(*media, *posters),
        alt_text=text(attachment.get("description")),
        note=None if media else _NO_URL,
        key=identifier(attachment.get("id")),
    )


def _card(card: Mapping[str, Any]) -> Iterator[Medium]:
    """The preview of a linked page; for a linked photo, the photo itself stands under ``embed_url``."""
    photo = web_address(card.get("embed_url")) if card.get("type") == "photo" else None
    places = ((photo, "linked photo"), (web_address(card.get("image")), "picture of the linked page"))
    candidates = [Candidate(address, role=Role.LINK_PREVIEW, rule=rule) for address, rule in places if address]
    if candidates:
        alt_text = text(card.get("image_description"))
        yield Medium(MediaType.IMAGE, tuple(candidates), Role.LINK_PREVIEW, alt_text)
