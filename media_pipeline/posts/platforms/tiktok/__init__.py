"""TikTok: items of the website's API and pages, of the app's API (``aweme``), and the official export.

``items`` knows what a post is and where posts stand in a record, ``media`` what a post shows, ``official`` both for the
account's own posts in its official export.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.tiktok import official
from media_pipeline.posts.platforms.tiktok.items import author_of, counts_of, find_posts, native_id
from media_pipeline.posts.platforms.tiktok.media import is_photo_post, media_of
from media_pipeline.posts.values import moment, text

_NOTHING_FOUND = (
    "no post of tiktok found in this record; expected an item with `id`, `createTime` and `video` or `imagePost`, "
    "a page with `itemList`, `itemStruct`, `data[]` or `data[].item`, the app's `aweme_details` or `aweme_list`, "
    "or the official export's `VideoList` below `Post` or `Video`"
)


class TikTok:
    """Reads the posts and media of TikTok."""

    name = "tiktok"
    version = 5
    domains = ("tiktok.com", "tiktokv.com")
    media_domains = (
        "tiktok.com",
        "tiktokv.com",
        "tiktokv.us",
        "tiktokv.eu",
        "tiktokcdn.com",
        "tiktokcdn-us.com",
        "tiktokcdn-eu.com",
        "tiktokcdn-in.com",
        "muscdn.com",
        "byteoversea.com",
        "ibyteimg.com",
        "ibytedtos.com",
    )
    non_media = (
        NonMedia("page", address=r"^(?:https?:)?//(?:www\.|m\.|vm\.|vt\.|t\.)?tiktok\.com/(?!aweme/v1/play)"),
        NonMedia("page", address=r"^(?:https?:)?//(?:www\.|m\.)?tiktokv\.com/share/"),
        NonMedia("avatar", keys="ProfileMap.profilePhoto"),
        NonMedia("avatar", keys="ProfileMap.profileVideo"),
        NonMedia("private message", keys="Content"),
        NonMedia("picture in a comment", keys="CommentsList.Photo"),
        NonMedia("cover of a live stream", keys="GoLiveList.CoverUri"),
        NonMedia("avatar or cover of a sound", address=r"/tos-[a-z0-9-]+-avt-\d+"),
        NonMedia("avatar", keys="author.avatarLarger"),
        NonMedia("avatar", keys="author.avatarMedium"),
        NonMedia("avatar", keys="author.avatarThumb"),
        NonMedia("avatar", keys="avatarThumb"),
        NonMedia("avatar", keys="avatar_larger.url_list"),
        NonMedia("avatar", keys="avatar_medium.url_list"),
        NonMedia("avatar", keys="avatar_thumb.url_list"),
        NonMedia("avatar", keys="avatar_168x168.url_list"),
        NonMedia("avatar", keys="avatar_300x300.url_list"),
        NonMedia("banner", keys="author.cover_url.url_list"),
        NonMedia("cover of a sound", keys="music.coverLarge"),
        NonMedia("cover of a sound", keys="music.coverMedium"),
        NonMedia("cover of a sound", keys="music.coverThumb"),
        NonMedia("cover of a sound", keys="music.cover_large.url_list"),
        NonMedia("cover of a sound", keys="music.cover_medium.url_list"),
        NonMedia("cover of a sound", keys="music.cover_thumb.url_list"),
        NonMedia("cover of a sound", keys="music.cover_hd.url_list"),
        NonMedia("beats of a sound", keys="music.strong_beat_url.url_list"),
        NonMedia("cover of a hashtag", keys="challenges.coverLarger"),
        NonMedia("cover of a hashtag", keys="challenges.coverMedium"),
        NonMedia("cover of a hashtag", keys="challenges.coverThumb"),
        NonMedia("picture of a hashtag", keys="challenges.profileLarger"),
        NonMedia("picture of a hashtag", keys="challenges.profileMedium"),
        NonMedia("picture of a hashtag", keys="challenges.profileThumb"),
        NonMedia("subtitles", keys="subtitleInfos.Url"),
        NonMedia("subtitles", keys="captionInfos.url"),
        NonMedia("subtitles", keys="captionInfos.urlList"),
        NonMedia("subtitles", keys="caption_infos.url"),
        NonMedia("subtitles", keys="caption_infos.url_list"),
        NonMedia("icon of an effect", keys="effectStickers.icon"),
        NonMedia("icon of an effect", keys="effectStickers.icon.url_list"),
        NonMedia("icon of an effect", keys="sticker_detail.icon_url.url_list"),
        NonMedia("icon of a link", keys="anchors.icon.url_list"),
        NonMedia("icon of a link", keys="anchors.thumbnail.url_list"),
        NonMedia("icon of a link", keys="anchors.icon.urlList"),
        NonMedia("icon of a link", keys="anchors.thumbnail.urlList"),
        NonMedia("QR code", keys="share_info.share_qrcode_url.url_list"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        own = list(official.find_posts(record.value))
        if own:
            return read_posts(record, own, partial(self._own_post, official.owner_of(record.value)), _NOTHING_FOUND)
        return read_posts(record, find_posts(record.value), self._post, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        return numbered(official.media_of(raw) if official.is_post(raw) else media_of(raw))

    def _own_post(self, handle: str | None, found: Found, locator: Locator) -> Post:
        raw = found.value
        return Post(
            platform=self.name,
            native_id=official.native_id(raw),
            raw=raw,
            locator=locator,
            author_handle=handle,
            posted_at=official.time_of(raw),
            url=official.page_of(raw, handle),
            text=official.text_of(raw),
            like_count=official.likes_of(raw),
        )

    def _post(self, found: Found, locator: Locator) -> Post:
        raw = found.value
        number = native_id(raw) or ""
        author = author_of(raw)
        counts = counts_of(raw)
        kind = "photo" if is_photo_post(raw) else "video"
        return Post(
            platform=self.name,
            native_id=number,
            raw=raw,
            locator=locator,
            author_id=author.number,
            author_handle=author.handle,
            author_name=author.name,
            posted_at=moment(raw.get("createTime")) or moment(raw.get("create_time")),
            # The site leads to a post by its number, whatever the handle is.
            url=f"https://www.tiktok.com/@{author.handle or '_'}/{kind}/{number}",
            text=text(raw.get("desc")),
            like_count=counts.likes,
            share_count=counts.shares,
            relation=found.relation,
        )
