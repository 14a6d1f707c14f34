"""Exports of Bluesky: an author's feed as the AppView answers."""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.demo.exports.writing import Json, pretty
from media_pipeline.demo.media import Medium
from media_pipeline.demo.sample import Author, SamplePost


def author_feed(posts: Sequence[SamplePost]) -> bytes:
    """``{feed: [{post: …}]}``, newest first."""
    return pretty({"feed": [{"post": _view(post)} for post in reversed(posts)]})


def _view(post: SamplePost) -> Json:
    written = post.posted_at.isoformat().replace("+00:00", ".000Z")
    view: Json = {
        "uri": f"at://{did_of(post.author)}/app.bsky.feed.post/{post.serial}",
        "cid": f"bafyreid{post.serial}",
        "author": {
            "did": did_of(post.author),
            "handle": f"{post.author.handle.replace('_', '-')}.example",
            "displayName": post.author.name,
            "avatar": f"https://cdn.bsky.app/img/avatar/plain/{did_of(post.author)}/bafkreiavatar@jpeg",
        },
        "record": {"$type": "app.bsky.feed.post", "createdAt": written, "text": post.text, "langs": ["en"]},
        "indexedAt": written,
        "likeCount": 8,
        "repostCount": 1,
    }
    if post.quotes:
        quoted = {"$type": "app.bsky.embed.record#viewRecord", **_quoted(post.quotes)}
        return view | {"embed": {"$type": "app.bsky.embed.record#view", "record": quoted}}
    return view | {"embed": _images(post.media)} if post.media else view


def did_of(author: Author) -> str:
    """An account's lasting name."""
    return f"did:plc:{author.number:0>24}"


def _images(media: Sequence[Medium]) -> Json:
    return {"$type": "app.bsky.embed.images#view", "images": [_image(medium) for medium in media]}


def _image(medium: Medium) -> Json:
    width, height = medium.size
    return {
        "fullsize": medium.url,
        "thumb": medium.url.replace("feed_fullsize", "feed_thumbnail", 1),
        "alt": medium.alt_text or "",
        "aspectRatio": {"width": width, "height": height},
    }


def _quoted(post: SamplePost) -> Json:
    view = _view(post)
    return {
        **{name: view[name] for name in ("uri", "cid", "author", "indexedAt")},
        "value": view["record"],
        "embeds": [_images(post.media)] if post.media else [],
    }
