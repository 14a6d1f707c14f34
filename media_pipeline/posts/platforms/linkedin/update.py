"""What one update of Voyager says about itself. An update is a post as LinkedIn's website is told about it.

What does not belong here: finding updates in a page, and what they show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from media_pipeline.model import Locator, Post
from media_pipeline.posts.platforms.base import Found
from media_pipeline.posts.platforms.linkedin.urns import handle_in, number_inside, time_of
from media_pipeline.posts.values import dig, identifier, integer, mapping, text, web_address

_URN_PLACES = (
    ("updateMetadata", "urn"),
    ("metadata", "backendUrn"),
    ("updateMetadata", "shareUrn"),
    ("metadata", "shareUrn"),
    ("dashEntityUrn",),
    ("entityUrn",),
    ("urn",),
    ("preDashEntityUrn",),
)
_MARKS_OF_AN_UPDATE = ("updateMetadata", "metadata", "commentary", "resharedUpdate", "*resharedUpdate")
_COUNTS = ("socialDetail", "totalSocialActivityCounts")


def is_update(value: Any) -> bool:
    """Whether an object is an update: an activity's URN, an actor, and what only updates have."""
    update = mapping(value)
    return "actor" in update and any(key in update for key in _MARKS_OF_AN_UPDATE) and native_id(update) is not None


def native_id(update: Mapping[str, Any]) -> str | None:
    """The digits of the activity, or of the post or share that it is about."""
    return next((number for place in _URN_PLACES if (number := number_inside(dig(update, *place)))), None)


def reshared_update(update: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The update that this one repeats or quotes, if it holds it."""
    inner = mapping(update.get("resharedUpdate"))
    return inner if is_update(inner) else None


def text_of(update: Mapping[str, Any]) -> str | None:
    """The author's own words."""
    commentary = update.get("commentary")
    return text(dig(commentary, "text", "text")) or text(dig(commentary, "text"))


def read_post(platform: str, found: Found, locator: Locator) -> Post:
    """Who, when, what and where an update says that it is."""
    update = found.value
    number = native_id(update) or ""
    actor = mapping(update.get("actor"))
    profile = web_address(dig(actor, "navigationContext", "actionTarget"))
    return Post(
        platform=platform,
        native_id=number,
        raw=update,
        locator=locator,
        author_id=identifier(actor.get("urn")) or identifier(actor.get("backendUrn")),
        author_handle=handle_in(profile),
        author_name=text(dig(actor, "name", "text")) or text(actor.get("name")),
        posted_at=time_of(number),
        url=_shared_address(update) or f"https://www.linkedin.com/feed/update/urn:li:activity:{number}/",
        text=text_of(update),
        like_count=integer(dig(update, *_COUNTS, "numLikes")),
        share_count=integer(dig(update, *_COUNTS, "numShares")),
        relation=found.relation,
    )


def _shared_address(update: Mapping[str, Any]) -> str | None:
    return web_address(dig(update, "socialContent", "shareUrl"))
