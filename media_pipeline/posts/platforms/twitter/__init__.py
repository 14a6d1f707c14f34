"""Twitter, now X: v1.1, v2, GraphQL, the X data archive and flattened scraper output.

``statuses`` knows what a post is and which posts it holds, ``finding`` where posts stand in a record, ``v2`` how a
page of the v2 API is joined, ``shown`` what a post shows: its ``media``, those of its ``cards`` and ``articles``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.twitter import articles
from media_pipeline.posts.platforms.twitter.finding import find_posts
from media_pipeline.posts.platforms.twitter.shown import media_of
from media_pipeline.posts.platforms.twitter.statuses import (
    NOBODY,
    Author,
    author_of,
    counts_of,
    native_id,
    owner_of,
    text_of,
    time_of,
)
from media_pipeline.posts.values import moment

_NOTHING_FOUND = (
    "no post of twitter found in this record; expected a status with an id and a text, a v2 page with `data`, "
    "GraphQL with `tweet_results` or `tweetResult`, or an archive's `tweet`"
)


class Twitter:
    """Reads the posts and media of Twitter."""

    name = "twitter"
    version = 6
    domains = ("x.com", "twitter.com", "t.co")
    media_domains = ("twimg.com",)
    non_media = (
        NonMedia("avatar", address=r"//pbs\.twimg\.com/(?:profile_images|semantic_core_img|community_banner_img)/"),
        NonMedia("avatar", address=r"//abs\.twimg\.com/sticky/default_profile_images/"),
        NonMedia("banner", address=r"//pbs\.twimg\.com/profile_(?:banners|background_images)/"),
        NonMedia("banner", address=r"//abs\.twimg\.com/images/themes/"),
        NonMedia("card", address=r"//pbs\.twimg\.com/(?:cards|ad_img|news_img)/"),
        NonMedia("emoji", address=r"//abs(?:-0)?\.twimg\.com/(?:emoji|hashflags|responsive-web)/"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        owner = owner_of(record.owner) if record.owner else None
        return read_posts(record, find_posts(record.value), partial(self._post, owner), _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        return numbered(media_of(raw))

    def _post(self, owner: Author | None, found: Found, locator: Locator) -> Post:
        raw = found.value
        number = native_id(raw) or ""
        author = author_of(raw)
        if owner and author == NOBODY:
            author = owner
        likes, shares = counts_of(raw)
        is_article = articles.is_archived(raw)
        return Post(
            platform=self.name,
            native_id=number,
            raw=raw,
            locator=locator,
            author_id=author.number,
            author_handle=author.handle,
            author_name=author.name,
            posted_at=articles.time_of(raw) or time_of(raw),
            url=f"https://x.com/{author.handle or 'i'}/{'article' if is_article else 'status'}/{number}",
            text=articles.text_of(raw) or text_of(raw),
            like_count=likes,
            share_count=shares,
            deleted_at=moment(raw.get("deleted_at")),
            relation=found.relation,
        )
