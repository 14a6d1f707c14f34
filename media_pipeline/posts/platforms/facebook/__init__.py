"""Facebook: Meta's Graph API, flat objects of scrapers, and the official export.

``stories`` knows what a post is, what it says about itself and which post it shares, ``finding`` where posts stand in a
record, ``graph`` what a post of the Graph API shows, ``scraped`` what one of a scraper does, ``official`` what one of
the official export says and shows, ``pictures`` whose address is which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.facebook import graph, official, scraped, stories
from media_pipeline.posts.platforms.facebook.finding import find_posts

_NOTHING_FOUND = (
    "no post of facebook found in this record; expected a Graph API post (`id`, `created_time`, `attachments`), photo "
    "(`images[].source`) or video (`source`), or a scraper's post with an address on facebook.com and its `text`, "
    "`media`, `attachments` or `images`, or the official export's `timestamp` with `data` or `attachments`"
)


class Facebook:
    """Reads the posts and media of Facebook."""

    name = "facebook"
    version = 4
    domains = ("facebook.com", "fb.com", "fb.watch")
    media_domains = ("fbcdn.net", "fbsbx.com")
    non_media = (
        # Meta's hosts end the kind of a profile picture in -1: /v/t39.30808-1/.
        NonMedia("avatar", address=r"/t\d+\.\d+-1/"),
        NonMedia("avatar", keys="profilePic"),
        NonMedia("avatar", keys="profilePicture"),
        NonMedia("avatar", keys="profile_picture"),
        NonMedia("avatar", keys="avatar_image_url"),
        NonMedia("avatar", keys="user_avatar_image"),
        NonMedia("avatar", keys="page_logo"),
        NonMedia("avatar", keys="from.picture.data.url"),
        NonMedia("banner", keys="header_image"),
        NonMedia("picture in a comment", keys="comments.data.attachment.media.image.src"),
        NonMedia("video in a comment", keys="comments.data.attachment.media.source"),
        NonMedia("interface icon", keys="icon"),
        NonMedia("interface", address=r"/rsrc\.php/|//www\.facebook\.com/images/|//static\.xx\.fbcdn\.net/"),
        NonMedia("emoji", address=r"/images/emoji\.php/"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        read = partial(self._post, official.owner_of(record.owner or {}))
        return read_posts(record, find_posts(record.value), read, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        if _is_of_export(raw):
            return numbered(official.media_of(raw))
        shown = stories.reposted_post(raw) or raw
        return numbered(graph.media_of(shown) if stories.is_of_graph_api(shown) else scraped.media_of(shown))

    def _post(self, owner: tuple[str | None, str | None], found: Found, locator: Locator) -> Post:
        raw = found.value
        if _is_of_export(raw):
            return Post(
                platform=self.name,
                native_id=official.native_id(raw),
                raw=raw,
                locator=locator,
                author_handle=owner[0],
                author_name=owner[1],
                posted_at=official.time_of(raw),
                text=official.text_of(raw),
            )
        author = stories.author_of(raw)
        return Post(
            platform=self.name,
            native_id=stories.native_id(raw) or "",
            raw=raw,
            locator=locator,
            author_id=author.number,
            author_handle=author.handle,
            author_name=author.name,
            posted_at=stories.time_of(raw),
            url=stories.address_of(raw),
            text=stories.text_of(raw),
            like_count=stories.count_of(raw, stories.LIKES),
            share_count=stories.count_of(raw, stories.SHARES),
            relation=found.relation,
        )


def _is_of_export(raw: Mapping[str, Any]) -> bool:
    return official.is_post(raw) or official.is_file(raw)
