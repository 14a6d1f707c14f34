"""Reddit: listings of its API, ``[post, comments]`` of a post's page, bare posts as dumps have them, and the official
export.

``listings`` knows what a post is and where posts stand in a record, ``media`` what a post shows, ``metadata`` the
pictures that Reddit hosts by id, ``previews`` its small copies and those of linked pages, ``addresses`` how Reddit
writes URLs, ``official`` the rows of the official export. Comments are not posts, unless they show a medium there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.reddit import official
from media_pipeline.posts.platforms.reddit.listings import (
    find_posts,
    is_comments,
    native_id,
    page_of,
    text_of,
    why_unavailable,
)
from media_pipeline.posts.platforms.reddit.media import media_of
from media_pipeline.posts.values import integer, moment, text

_NOTHING_FOUND = (
    "no post of reddit found in this record; expected a listing with `data.children`, an array of a post's and its "
    "comments' listings, a post with `id`, `title` and `subreddit`, or a row of the official export's `posts.csv`"
)
_DELETED = "[deleted]"


class Reddit:
    """Reads the posts and media of Reddit."""

    name = "reddit"
    version = 4
    domains = ("reddit.com", "redd.it")
    media_domains = ("i.redd.it", "v.redd.it", "preview.redd.it", "external-preview.redd.it", "redditmedia.com")
    non_media = (
        NonMedia("award", address=r"//(?:i|preview)\.redd\.it/award_images/"),
        NonMedia("award", keys="icon_url"),
        NonMedia("award", keys="static_icon_url"),
        NonMedia("award", keys="resized_icons.url"),
        NonMedia("award", keys="resized_static_icons.url"),
        NonMedia("emoji", keys="author_flair_richtext.u"),
        NonMedia("emoji", keys="link_flair_richtext.u"),
        NonMedia(
            "emoji", address=r"//(?:emoji\.redditmedia\.com|reddit-econ-prod-assets-permanent\.s3\.amazonaws\.com)/"
        ),
        NonMedia("picture of a subreddit", keys="sr_detail.icon_img"),
        NonMedia("picture of a subreddit", keys="sr_detail.community_icon"),
        NonMedia("picture of a subreddit", keys="sr_detail.header_img"),
        NonMedia("picture of a subreddit", keys="sr_detail.banner_img"),
        NonMedia("picture of a subreddit", keys="sr_detail.banner_background_image"),
        NonMedia("picture of a subreddit", keys="sr_detail.mobile_banner_image"),
        NonMedia("picture of a subreddit", address=r"//styles\.redditmedia\.com/"),
        NonMedia("avatar", keys="snoovatar_img"),
        NonMedia("avatar", keys="icon_img"),
        NonMedia("interface", address=r"//(?:www\.)?redditstatic\.com/"),
        NonMedia("page of a video", keys="url", address=r"//v\.redd\.it/\w+/?$"),
        NonMedia("page of a video", keys="url_overridden_by_dest", address=r"//v\.redd\.it/\w+/?$"),
        NonMedia("player of a linked page", keys="media_embed.media_domain_url"),
        NonMedia("player of a linked page", keys="secure_media_embed.media_domain_url"),
        NonMedia("linked document", keys="url", address=r"\.pdf(?:[?#]|$)"),
        NonMedia("linked document", keys="url_overridden_by_dest", address=r"\.pdf(?:[?#]|$)"),
        NonMedia("page about a file", keys="url", address=r"/wiki/"),
        NonMedia("page about a file", keys="url_overridden_by_dest", address=r"/wiki/"),
        NonMedia("link beside a picture", keys="gallery_data.items.outbound_url"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        # Readers cut `[post, comments]` into two records; the second holds no post, and nothing is wrong with it.
        if is_comments(record.value):
            return iter(())
        read = partial(self._post, official.owner_of(record.owner or {}))
        return read_posts(record, find_posts(record.value), read, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        return numbered(media_of(raw))

    def _post(self, owner: str | None, found: Found, locator: Locator) -> Post:
        raw = found.value
        author = text(raw.get("author")) or owner
        handle = author if author != _DELETED else None
        score = integer(raw.get("score"))
        return Post(
            platform=self.name,
            native_id=native_id(raw) or "",
            raw=raw,
            locator=locator,
            author_id=text(raw.get("author_fullname")),
            author_handle=handle,
            author_name=handle,
            posted_at=moment(raw.get("created_utc")) or moment(raw.get("created")) or official.time_of(raw),
            url=page_of(raw),
            text=text_of(raw),
            like_count=score if score is not None else integer(raw.get("ups")),
            share_count=integer(raw.get("num_crossposts")),
            relation=found.relation,
            unavailable=why_unavailable(raw),
        )
