"""Exports of Facebook: a page's feed as the Graph API answers."""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.demo.exports.writing import Json, pretty
from media_pipeline.demo.media import Medium
from media_pipeline.demo.sample import SamplePost


def graph_feed(posts: Sequence[SamplePost]) -> bytes:
    """``{data: […], paging: {…}}``, newest first."""
    return pretty(
        {"data": [_post(post) for post in reversed(posts)], "paging": {"cursors": {"before": "x", "after": "y"}}}
    )


def _post(post: SamplePost) -> Json:
    page = str(post.author.number)
    address = f"https://www.facebook.com/{page}/posts/{post.serial}"
    return {
        "id": f"{page}_{post.serial}",
        "message": post.text,
        "created_time": post.posted_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "from": {"id": page, "name": post.author.name},
        "permalink_url": address,
        "full_picture": post.media[0].url,
        "likes": {"data": [], "summary": {"total_count": 33}},
        "shares": {"count": 5},
        "attachments": {"data": [_attachment(post.media, address)]},
    }


def _attachment(media: Sequence[Medium], address: str) -> Json:
    if len(media) == 1:
        return _photo(media[0], address)
    photos = [_photo(medium, f"{address}/photos/{n}") for n, medium in enumerate(media)]
    return {"type": "album", "url": address, "media": photos[0]["media"], "subattachments": {"data": photos}}


def _photo(medium: Medium, address: str) -> Json:
    width, height = medium.size
    image = {"src": medium.url, "width": width, "height": height}
    return {"type": "photo", "url": address, "target": {"id": medium.key}, "media": {"image": image}}
