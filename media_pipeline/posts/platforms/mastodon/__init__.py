"""Mastodon and what speaks its API or ActivityPub: statuses of the REST API, and outboxes.

``statuses`` reads the REST API (https://docs.joinmastodon.org/entities/Status/), ``activities`` ActivityPub
(https://www.w3.org/TR/activitystreams-vocabulary/), which is also how an account's own archive is written, ``kinds``
what kind of medium an attachment is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.mastodon import activities, statuses

_NOTHING_FOUND = (
    "no post of mastodon found in this record; expected a status with `id`, `account` and `media_attachments`, "
    "a context with `ancestors` and `descendants`, or an ActivityPub outbox, activity or note"
)


class Mastodon:
    """Reads the posts and media of Mastodon."""

    name = "mastodon"
    version = 4
    domains = (
        "mastodon.social",
        "mastodon.online",
        "mastodon.world",
        "mastodon.cloud",
        "mastodon.xyz",
        "mas.to",
        "mstdn.social",
        "mstdn.jp",
        "fosstodon.org",
        "hachyderm.io",
        "infosec.exchange",
        "techhub.social",
        "masto.ai",
    )
    """The largest servers: there are thousands, so statuses are recognised by their shape first."""
    media_domains = ("files.mastodon.social", "files.mastodon.online", "media.mstdn.social", "cdn.masto.host")
    non_media = (
        NonMedia("avatar", keys="avatar"),
        NonMedia("avatar", keys="avatar_static"),
        NonMedia("banner", keys="header"),
        NonMedia("banner", keys="header_static"),
        NonMedia("emoji", keys="emojis.url"),
        NonMedia("emoji", keys="emojis.static_url"),
        NonMedia("emoji", keys="reactions.url"),
        NonMedia("emoji", keys="reactions.static_url"),
        NonMedia("emoji", keys="emoji_reactions.url"),
        NonMedia("emoji", keys="emoji_reactions.static_url"),
        NonMedia("emoji", keys="tag.icon.url"),
        NonMedia("avatar", keys="attributedTo.icon.url"),
        NonMedia("avatar", keys="actor.icon.url"),
        NonMedia("banner", keys="attributedTo.image.url"),
        NonMedia("banner", keys="actor.image.url"),
        NonMedia("linked page or document", keys="card.url"),
        NonMedia("player of a linked page", keys="card.embed_url"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        is_activity = activities.is_activity_pub(record.value)
        found = activities.find_posts(record.value) if is_activity else statuses.find_posts(record.value)
        return read_posts(record, found, self._post, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        return numbered(activities.media_of(raw) if activities.is_activity_pub(raw) else statuses.media_of(raw))

    def _post(self, found: Found, locator: Locator) -> Post:
        read = activities.read_post if activities.is_activity_pub(found.value) else statuses.read_post
        return read(self.name, found, locator)
