"""Instagram: the app's private API, GraphQL of the website, Meta's Graph API, flat objects of scrapers, and the
official export.

``items`` knows what a post is and what it says about itself, ``finding`` where posts stand in a record, ``parts`` which
URLs one picture or video has in each of the shapes, ``media`` what a whole post shows, ``official`` what a post of the
official export says and shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.instagram import items, official
from media_pipeline.posts.platforms.instagram.finding import find_posts
from media_pipeline.posts.platforms.instagram.media import media_of

_NOTHING_FOUND = (
    "no post of instagram found in this record; expected an item of the private API (`image_versions2`, "
    "`video_versions`, `carousel_media`), a GraphQL node (`shortcode`, `display_url`), a Graph API medium "
    "(`media_type`, `media_url`), a scraper's `shortCode`, `displayUrl`, `post_content` or `src_attached`, or the "
    "official export's `media` with `uri` and `creation_timestamp`"
)


class Instagram:
    """Reads the posts and media of Instagram."""

    name = "instagram"
    version = 5
    domains = ("instagram.com", "instagr.am")
    media_domains = ("cdninstagram.com", "fbcdn.net")
    non_media = (
        # Meta's hosts end the kind of a profile picture in -19: /v/t51.2885-19/.
        NonMedia("avatar", address=r"/t\d+\.\d+-19/"),
        NonMedia("avatar", keys="profile_pic_url"),
        NonMedia("avatar", keys="profile_pic_url_hd"),
        NonMedia("avatar", keys="hd_profile_pic_url_info.url"),
        NonMedia("avatar", keys="hd_profile_pic_versions.url"),
        NonMedia("avatar", keys="profilePicUrl"),
        NonMedia("avatar", keys="profilePicUrlHD"),
        NonMedia("avatar", keys="ownerProfilePicUrl"),
        NonMedia("avatar", keys="profile_image_link"),
        NonMedia("picture of a song", keys="cover_artwork_uri"),
        NonMedia("picture of a song", keys="cover_artwork_thumbnail_uri"),
        NonMedia("frames for the seek bar", keys="sprite_urls"),
        NonMedia("picture of a product in the shop", keys="main_image.image_versions2.candidates.url"),
        NonMedia("picture of a product in the shop", keys="thumbnail_image.image_versions2.candidates.url"),
        NonMedia("picture of a highlight", keys="cover_media.cropped_image_version.url"),
        NonMedia("picture of a highlight", keys="cover_media.full_image_version.url"),
        NonMedia("picture of a highlight", keys="cover_media_cropped_thumbnail.url"),
        NonMedia("GIF in a comment", keys="giphy_media_info.images.fixed_height.url"),
        NonMedia("GIF in a comment", keys="giphy_media_info.first_party_cdn_proxied_images.fixed_height.url"),
        NonMedia("interface", address=r"//static\.cdninstagram\.com/|//www\.instagram\.com/static/"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        read = partial(self._post, official.owner_of(record.owner or {}))
        return read_posts(record, find_posts(record.value), read, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        return numbered(official.media_of(raw) if _is_of_export(raw) else media_of(raw))

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
        author = items.author_of(raw)
        return Post(
            platform=self.name,
            native_id=items.native_id(raw) or "",
            raw=raw,
            locator=locator,
            author_id=author.number,
            author_handle=author.handle,
            author_name=author.name,
            posted_at=items.time_of(raw),
            url=items.address_of(raw),
            text=items.text_of(raw),
            like_count=items.count_of(raw, items.LIKES),
            share_count=items.count_of(raw, items.SHARES),
            relation=found.relation,
        )


def _is_of_export(raw: Mapping[str, Any]) -> bool:
    return official.is_post(raw) or official.is_lone_file(raw)
