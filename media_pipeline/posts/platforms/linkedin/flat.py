"""Posts of LinkedIn as page scrapers write them: one flat object a post.

What belongs here: finding and reading such posts, and joining their media. What does not: media by each scraper's keys
(``page_scraper``, ``harvest``, ``bright_data``). Rows of Bright Data may hold an error instead of a post. Author logos
are not media.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, Locator, MediaType, Post, Relation, Role
from media_pipeline.posts.platforms.base import Found, Medium, Missing
from media_pipeline.posts.platforms.linkedin import bright_data, harvest, page_scraper
from media_pipeline.posts.platforms.linkedin.entries import document_address, document_of
from media_pipeline.posts.platforms.linkedin.urns import handle_in, named_in, number_inside, number_of, time_of
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

_ID_KEYS = ("activity_urn", "urn", "id", "post_id", "full_urn", "entityId", "repost_id")
_OWN_ID_KEYS = ("activity_urn", "urn", "full_urn")
_MARKS_OF_A_POST = (
    "media",
    "document",
    "post_url",
    "posted_at",
    "post_type",
    "postImages",
    "postVideo",
    "post_text",
    "repost_url",
    "repost_attachments",
)
_LIST_ENVELOPES = ("posts", "items", "results", "data", "elements")
_RECOMMENDED = "more_relevant_posts"
_INNER_POSTS = ("reshared_post", "repost")
_ADDRESS_KEYS = ("post_url", "linkedinUrl", "repost_url", "url")
_TEXT_KEYS = ("text", "content", "post_text", "repost_text")
_TIME_KEYS = ("posted_at", "postedAt", "date_posted", "repost_date")
_COUNT_PLACES = (("stats",), ("engagement",), ())


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield every post of a record's value, the one that it repeats or quotes right after it."""
    entries = enumerate(items(value)) if isinstance(value, list) else ((None, value),)
    for index, entry in entries:
        yield from _find(mapping(entry), "" if index is None else pointer(index))


def _find(value: Mapping[str, Any], at: str) -> Iterator[Found | Missing]:
    if _is_post(value):
        yield from _with_inner(value, at)
        return
    if reason := _error_of(value):
        yield Missing(reason, at)
        return
    for key in _LIST_ENVELOPES:
        # Some scrapers answer {data: {posts: […]}}.
        for place, held in (((key,), value.get(key)), ((key, "posts"), dig(value, key, "posts"))):
            for index, entry in enumerate(items(held)):
                if _is_post(entry):
                    yield from _with_inner(mapping(entry), at + pointer(*place, index))
                elif reason := _error_of(mapping(entry)):
                    yield Missing(reason, at + pointer(*place, index))


def _with_inner(post: Mapping[str, Any], at: str) -> Iterator[Found]:
    yield Found(post, at)
    key, inner = _inner_post(post)
    if inner:
        relation = Relation.REPOSTED if _is_plain_repost(post) else Relation.QUOTED
        yield Found(inner, at + pointer(key), relation)
    for index, entry in enumerate(items(post.get(_RECOMMENDED))):
        if _is_post(entry):
            yield Found(mapping(entry), at + pointer(_RECOMMENDED, index), Relation.RECOMMENDED)


def _inner_post(post: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The post inside this one, with its key; an empty object where there is none."""
    key = next((key for key in _INNER_POSTS if _is_post(post.get(key))), "")
    return key, mapping(post.get(key))


def _is_post(value: Any) -> bool:
    post = mapping(value)
    if _native_id(post) is None:
        return False
    # Every platform has `id` and `text`.
    return (
        any(key in post for key in _MARKS_OF_A_POST)
        or ("text" in post and any(key in post for key in _OWN_ID_KEYS))
        or ("content" in post and "linkedin.com" in (text(post.get("linkedinUrl")) or ""))
    )


def _error_of(value: Mapping[str, Any]) -> str | None:
    """What a scraper wrote in place of a post, and for which page."""
    error = text(value.get("error")) or text(value.get("error_code"))
    if not error:
        return None
    page = web_address(dig(value, "input", "url")) or web_address(value.get("url"))
    return f"the scraper recorded an error instead of a post{f' for {page}' if page else ''}: {error}"


def _is_plain_repost(post: Mapping[str, Any]) -> bool:
    """Whether the post repeats another without a word of its own; else it quotes it."""
    return bool(_inner_post(post)[1]) and _text_of(post) is None


def _native_id(post: Mapping[str, Any]) -> str | None:
    """The digits of the first id there is, out of its URN; of an object ``urn`` the activity's.

    Else what the address of its page names.
    """
    for key in _ID_KEYS:
        value = post.get(key)
        number = number_of(dig(value, "activity_urn") if isinstance(value, dict) else value)
        if number:
            return number
    return next((named for key in _ADDRESS_KEYS if (named := named_in(web_address(post.get(key))))), None)


def read_post(platform: str, found: Found, locator: Locator) -> Post:
    """Who, when, what and where a post says that it is."""
    raw = found.value
    number = _native_id(raw) or number_inside(raw.get("full_urn")) or ""
    author = mapping(raw.get("author"))
    return Post(
        platform=platform,
        native_id=number,
        raw=raw,
        locator=locator,
        author_id=_first_identifier(author, "urn", "id") or _first_identifier(raw, "user_id", "repost_user_id"),
        author_handle=_handle(raw, author),
        author_name=_author_name(author) or text(raw.get("repost_user_name")),
        posted_at=_time_of(raw) or time_of(number),
        url=next((address for key in _ADDRESS_KEYS if (address := web_address(raw.get(key)))), None),
        text=_text_of(raw),
        like_count=_count_of(raw, "total_reactions", "likes", "num_likes", "like"),
        share_count=_count_of(raw, "reposts", "shares", "num_shares"),
        relation=found.relation,
    )


def _text_of(raw: Mapping[str, Any]) -> str | None:
    return next((written for key in _TEXT_KEYS if (written := text(raw.get(key)))), None)


def _time_of(raw: Mapping[str, Any]) -> Any:
    for key in _TIME_KEYS:
        written = raw.get(key)
        if time := moment(dig(written, "timestamp")) or moment(dig(written, "date")) or moment(written):
            return time
    return None


def _count_of(raw: Mapping[str, Any], *keys: str) -> int | None:
    for place in _COUNT_PLACES:
        numbers = mapping(dig(raw, *place))
        found = next((number for key in keys if (number := integer(numbers.get(key))) is not None), None)
        if found is not None:
            return found
    return None


def _first_identifier(value: Mapping[str, Any], *keys: str) -> str | None:
    return next((found for key in keys if (found := identifier(value.get(key)))), None)


def _author_name(author: Mapping[str, Any]) -> str | None:
    parts = (text(author.get("first_name")), text(author.get("last_name")))
    return text(author.get("name")) or " ".join(part for part in parts if part) or None


def _handle(raw: Mapping[str, Any], author: Mapping[str, Any]) -> str | None:
    written = text(author.get("username")) or text(author.get("publicIdentifier"))
    places = (author.get("company_url"), author.get("profile_url"), author.get("linkedinUrl"), raw.get("use_url"))
    return written or next((handle for place in places if (handle := handle_in(web_address(place)))), None)


def media_of(post: Mapping[str, Any]) -> list[Medium]:
    """The media in order, then the document, then a link's picture. A plain repost shows those of the inner post."""
    repeated = _own_media(_inner_post(post)[1]) if _is_plain_repost(post) else []
    return repeated or _own_media(post)


def _own_media(post: Mapping[str, Any]) -> list[Medium]:
    media = [
        *page_scraper.media_of(post.get("media")),
        *harvest.media_of(post),
        *bright_data.media_of(post),
    ]
    known = {candidate.url for medium in media for candidate in medium.candidates}
    document = mapping(post.get("document"))
    if document and document_address(document) not in known:
        # A document that is named in both places without a URL in `media` is one medium.
        media = [medium for medium in media if medium.media_type is not MediaType.DOCUMENT or medium.candidates]
        media.append(document_of(document))
    return [*media, *_link_preview(mapping(post.get("article")))]


def _link_preview(article: Mapping[str, Any]) -> Iterator[Medium]:
    picture = mapping(article.get("image"))
    address = (
        web_address(article.get("thumbnail")) or web_address(article.get("image")) or web_address(picture.get("url"))
    )
    if address:
        size = count(picture.get("width")), count(picture.get("height"))
        preview = Candidate(address, *size, role=Role.LINK_PREVIEW, rule="picture of the linked page")
        yield Medium(MediaType.IMAGE, (preview,), role=Role.LINK_PREVIEW)
