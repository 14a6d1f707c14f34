"""LinkedIn: posts as page scrapers write them, one flat object a post.

Media: ``media: {type, url, items | images}`` and ``document``. Author logos are not media.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, Fault, Locator, MediaRef, MediaType, Post, Record, Relation, Role
from media_pipeline.posts.platforms.base import Found, Medium, Missing, numbered, read_posts
from media_pipeline.posts.values import count, dig, identifier, items, mapping, moment, pointer, text, web_address

_ID_KEYS = ("activity_urn", "urn", "id", "post_id", "full_urn")
_OWN_ID_KEYS = ("activity_urn", "urn", "full_urn")
_MARKS_OF_A_POST = ("media", "document", "post_url", "posted_at", "post_type")
_LIST_ENVELOPES = ("posts", "items", "results", "data", "elements")
_URN_NUMBER = re.compile(r"(?:urn:li:\w+:)?(\d+)", re.ASCII)
_MEDIA_TYPES = {
    "image": MediaType.IMAGE,
    "images": MediaType.IMAGE,
    "video": MediaType.VIDEO,
    "videos": MediaType.VIDEO,
    "document": MediaType.DOCUMENT,
}
_NO_URL = "the export gives no URL for it"
_NOTHING_FOUND = (
    "no post of linkedin found in this record; expected an object with `activity_urn` or `urn` and a `text`, "
    "or with `id` or `post_id` and `media`, `document`, `post_url`, `posted_at` or `post_type`"
)


class LinkedIn:
    """Reads the posts and media of LinkedIn."""

    name = "linkedin"
    version = 1

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        return read_posts(record, _find_posts(record.value), self._post, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        inner = raw.get("reshared_post") if _is_plain_repost(raw) else None
        return numbered(_media_of(mapping(inner)) or _media_of(raw))

    def _post(self, found: Found, locator: Locator) -> Post:
        raw = found.value
        author = mapping(raw.get("author"))
        posted = raw.get("posted_at")
        return Post(
            platform=self.name,
            native_id=_native_id(raw) or "",
            raw=raw,
            locator=locator,
            author_id=identifier(author.get("urn")) or identifier(author.get("id")),
            author_handle=text(author.get("username")) or _handle(author),
            author_name=_author_name(author),
            posted_at=moment(dig(posted, "timestamp")) or moment(dig(posted, "date")) or moment(posted),
            url=web_address(raw.get("post_url")) or web_address(raw.get("url")),
            text=text(raw.get("text")),
            relation=found.relation,
        )


def _find_posts(value: Any) -> Iterator[Found | Missing]:
    entries = enumerate(items(value)) if isinstance(value, list) else ((None, value),)
    for index, entry in entries:
        yield from _find(mapping(entry), "" if index is None else pointer(index))


def _find(value: Mapping[str, Any], at: str) -> Iterator[Found]:
    if _is_post(value):
        yield from _with_reshared(value, at)
        return
    for key in _LIST_ENVELOPES:
        # Some scrapers answer {data: {posts: […]}}.
        for place, held in (((key,), value.get(key)), ((key, "posts"), dig(value, key, "posts"))):
            for index, entry in enumerate(items(held)):
                if _is_post(entry):
                    yield from _with_reshared(mapping(entry), at + pointer(*place, index))


def _with_reshared(post: Mapping[str, Any], at: str) -> Iterator[Found]:
    yield Found(post, at)
    inner = post.get("reshared_post")
    if _is_post(inner):
        relation = Relation.REPOSTED if _is_plain_repost(post) else Relation.QUOTED
        yield Found(mapping(inner), at + pointer("reshared_post"), relation)


def _is_post(value: Any) -> bool:
    post = mapping(value)
    if _native_id(post) is None:
        return False
    # Every platform has `id` and `text`.
    return any(key in post for key in _MARKS_OF_A_POST) or ("text" in post and any(key in post for key in _OWN_ID_KEYS))


def _is_plain_repost(post: Mapping[str, Any]) -> bool:
    """Whether the post repeats another without a word of its own; else it quotes it."""
    return isinstance(post.get("reshared_post"), dict) and text(post.get("text")) is None


def _native_id(post: Mapping[str, Any]) -> str | None:
    """The digits of the first id there is, out of its URN; of an object ``urn`` the activity's."""
    for key in _ID_KEYS:
        value = post.get(key)
        written = identifier(dig(value, "activity_urn")) if isinstance(value, dict) else identifier(value)
        match = _URN_NUMBER.fullmatch(written or "")
        if match:
            return match[1]
    return None


def _author_name(author: Mapping[str, Any]) -> str | None:
    parts = (text(author.get("first_name")), text(author.get("last_name")))
    return text(author.get("name")) or " ".join(part for part in parts if part) or None


def _handle(author: Mapping[str, Any]) -> str | None:
    """The last part of ``…/company/<handle>/posts`` or ``…/in/<handle>``."""
    address = web_address(author.get("company_url")) or web_address(author.get("profile_url")) or ""
    match = re.search(r"linkedin\.com/(?:company|in|school|showcase)/([^/?#]+)", address)
    return match[1] if match else None


def _media_of(post: Mapping[str, Any]) -> list[Medium]:
    """The media in order, then the document; the same URL once."""
    listed = post.get("media")
    media = [
        medium
        for entry in (items(listed) or [listed])
        if isinstance(entry, dict)
        for medium in _of_media(mapping(entry))
    ]
    known = {candidate.url for medium in media for candidate in medium.candidates}
    document = mapping(post.get("document"))
    if document and web_address(document.get("url")) not in known:
        # A document that is named in both places without a URL in `media` is one medium.
        media = [medium for medium in media if medium.media_type is not MediaType.DOCUMENT or medium.candidates]
        media.append(_of_entry(document, MediaType.DOCUMENT))
    return media


def _of_media(media: Mapping[str, Any]) -> Iterator[Medium]:
    """One ``media`` object: its list where it has one, else its own ``url``."""
    media_type = _MEDIA_TYPES.get((text(media.get("type")) or "").lower())
    if media_type is None:
        # Articles, polls and events are links, not media of the post.
        return
    entries = items(media.get("items")) or items(media.get("images"))
    for entry in entries or [media]:
        yield _of_entry({"url": entry} if isinstance(entry, str) else mapping(entry), media_type)


def _of_entry(entry: Mapping[str, Any], media_type: MediaType) -> Medium:
    address = web_address(entry.get("url"))
    poster = web_address(entry.get("thumbnail")) or web_address(entry.get("thumbnail_url"))
    candidates: list[Candidate] = []
    if address:
        width, height = count(entry.get("width")), count(entry.get("height"))
        candidates.append(Candidate(address, width, height, rule="as exported"))
    if poster and media_type is not MediaType.IMAGE:
        candidates.append(Candidate(poster, role=Role.POSTER, rule="preview picture"))
    return Medium(
        media_type,
        tuple(candidates),
        alt_text=text(entry.get("alt_text")),
        note=None if address else _NO_URL,
    )
