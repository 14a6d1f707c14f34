"""Bluesky: views of the app's API (``app.bsky.feed``) and raw records of the AT Protocol.

``views`` knows what a post is and which posts it holds, ``finding`` where posts stand in a record, ``embeds`` what a
post shows. Lexicons: https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.bluesky.embeds import media_of
from media_pipeline.posts.platforms.bluesky.finding import find_posts
from media_pipeline.posts.platforms.bluesky.views import did_of, native_id, page_of, record_of, time_of
from media_pipeline.posts.values import dig, integer, text

_NOTHING_FOUND = (
    "no post of bluesky found in this record; expected a view with an `at://…/app.bsky.feed.post/…` address and a "
    "`record`, a page with `feed`, `posts`, `thread` or `records`, or an event of Jetstream"
)


class Bluesky:
    """Reads the posts and media of Bluesky."""

    name = "bluesky"
    version = 3
    domains = ("bsky.app", "bsky.social", "bsky.network")
    media_domains = ("cdn.bsky.app", "cdn.bsky.social", "video.bsky.app", "video.cdn.bsky.app")
    non_media = (
        NonMedia("avatar", keys="avatar"),
        NonMedia("banner", keys="banner"),
        NonMedia("avatar", address=r"//cdn\.bsky\.app/img/avatar(?:_thumbnail)?/"),
        NonMedia("banner", address=r"//cdn\.bsky\.app/img/banner/"),
        NonMedia("link in the text", keys="facets.features.uri"),
        NonMedia("linked page or document", keys="external.uri"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        return read_posts(record, find_posts(record.value), self._post, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        return numbered(media_of(raw))

    def _post(self, found: Found, locator: Locator) -> Post:
        raw = found.value
        return Post(
            platform=self.name,
            native_id=native_id(raw) or "",
            raw=raw,
            locator=locator,
            author_id=did_of(raw),
            author_handle=text(dig(raw, "author", "handle")),
            author_name=text(dig(raw, "author", "displayName")) or text(dig(raw, "author", "handle")),
            posted_at=time_of(raw),
            url=page_of(raw),
            text=text(record_of(raw).get("text")),
            like_count=integer(raw.get("likeCount")),
            share_count=integer(raw.get("repostCount")),
            relation=found.relation,
        )
