"""Exports of Mastodon: statuses of an account, one a line."""

from __future__ import annotations

import html
from collections.abc import Sequence

from media_pipeline.demo.exports.writing import Json, lines
from media_pipeline.demo.media import Kind, Medium
from media_pipeline.demo.sample import Author, SamplePost

_HOME = "https://mastodon.example"


def statuses(posts: Sequence[SamplePost]) -> bytes:
    """NDJSON, newest first; a boost holds the boosted status."""
    return lines([_status(post) for post in reversed(posts)])


def _status(post: SamplePost) -> Json:
    address = f"{_HOME}/@{post.author.handle}/{post.serial}"
    return {
        "id": post.serial,
        "uri": address,
        "url": address,
        "created_at": post.posted_at.isoformat().replace("+00:00", ".000Z"),
        "account": _account(post.author),
        "content": "" if post.reposts else f"<p>{html.escape(post.text)}</p>",
        "favourites_count": 17,
        "reblogs_count": 6,
        "reblog": _status(post.reposts) if post.reposts else None,
        "media_attachments": [_attachment(medium) for medium in post.own_media],
        "emojis": [],
        "card": None,
    }


def _account(author: Author) -> Json:
    picture = f"https://files.mastodon.example/accounts/avatars/{author.number}/original/me.png"
    return {
        "id": str(author.number),
        "username": author.handle,
        "acct": author.handle,
        "display_name": author.name,
        "url": f"{_HOME}/@{author.handle}",
        "avatar": picture,
        "avatar_static": picture,
    }


def _attachment(medium: Medium) -> Json:
    width, height = medium.size
    return {
        "id": medium.key,
        "type": "image" if medium.kind is Kind.PHOTO else "video",
        "url": medium.url,
        "remote_url": None,
        "preview_url": medium.url.replace("/original/", "/small/", 1),
        "description": medium.alt_text,
        "meta": {"original": {"width": width, "height": height}},
    }
