"""What a post shows: its own media, those of its card and of its article, each once.

What does not belong here: reading any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.twitter.articles import media_of_article
from media_pipeline.posts.platforms.twitter.cards import media_of_card
from media_pipeline.posts.platforms.twitter.media import own_media
from media_pipeline.posts.platforms.twitter.statuses import reposted_post


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """The media of a post. A retweet shows those of the post that it repeats; a quoted post's are not its own."""
    inner = reposted_post(raw)
    return (_shown(inner) if inner else []) or _shown(raw)


def _shown(raw: Mapping[str, Any]) -> list[Medium]:
    shown = own_media(raw)
    for medium in (*media_of_card(raw), *media_of_article(raw)):
        if not any(_is_same(medium, known) for known in shown):
            shown.append(medium)
    return shown


def _is_same(one: Medium, other: Medium) -> bool:
    if one.key and one.key == other.key:
        return True
    urls = {candidate.url for candidate in one.candidates if candidate.role is one.role}
    return any(candidate.url in urls for candidate in other.candidates if candidate.role is other.role)
