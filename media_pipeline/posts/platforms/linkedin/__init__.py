"""LinkedIn: flat objects as page scrapers write them, the website's own API, Voyager, and the official export.

``flat`` reads the scrapers' shapes, ``voyager`` finds and joins the updates of Voyager, ``update`` reads one of them,
``media_of_update`` what it shows, ``official`` the rows of the official export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from media_pipeline.model import Fault, Locator, MediaRef, Post, Record
from media_pipeline.posts.platforms.base import Found, Missing, NonMedia, numbered, read_posts
from media_pipeline.posts.platforms.linkedin import flat, official, update, voyager
from media_pipeline.posts.platforms.linkedin.media_of_update import media_of_update

_NOTHING_FOUND = (
    "no post of linkedin found in this record; expected an object with `activity_urn` or `urn` and a `text`, "
    "or with `id` or `post_id` and `media`, `document`, `post_url`, `posted_at` or `post_type`, "
    "a Voyager page with `included` or `elements`, or a row of the official export's `Shares.csv` or `Rich_Media.csv`"
)


class LinkedIn:
    """Reads the posts and media of LinkedIn."""

    name = "linkedin"
    version = 6
    domains = ("linkedin.com", "lnkd.in")
    media_domains = ("licdn.com",)
    non_media = (
        NonMedia("avatar", address=r"/profile-(?:display|original)photo|/profile-framedphoto"),
        NonMedia("banner", address=r"/profile-(?:display|original)backgroundimage|/company-background"),
        NonMedia("company logo", address=r"/company-logo|/school-logo|/group-logo|/showcase-logo"),
        NonMedia("avatar", keys="author.profile_picture"),
        NonMedia("avatar", keys="author_profile_pic"),
        NonMedia("avatar", keys="author.logo_url"),
        NonMedia("avatar", keys="author.avatar.url"),
        NonMedia("picture of a commenter", keys="user_image"),
        NonMedia("interface", address=r"//static\.licdn\.com/"),
        NonMedia("list of a document's pages", keys="manifestUrl"),
        NonMedia("shared link", keys="SharedUrl", address=r"^(?!https?://[^/]*licdn\.com/)"),
        NonMedia("page that shows a document", address=r"//media\.licdn\.com/embeds/"),
    )

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        # Flat posts first: to know that a record is no page of Voyager takes a look at all of it.
        rows = list(official.find_posts(record.value))
        if rows:
            return read_posts(record, rows, partial(official.read_post, self.name, record.owner or {}), _NOTHING_FOUND)
        found: Iterable[Found | Missing] = list(flat.find_posts(record.value)) or voyager.find_posts(record.value)
        return read_posts(record, found, self._post, _NOTHING_FOUND)

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        if official.is_row(raw):
            return numbered(official.media_of(raw))
        return numbered(media_of_update(raw) if update.is_update(raw) else flat.media_of(raw))

    def _post(self, found: Found, locator: Locator) -> Post:
        read = update.read_post if update.is_update(found.value) else flat.read_post
        return read(self.name, found, locator)
