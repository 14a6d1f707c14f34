"""Exports of Instagram: a user's feed as the private API answers."""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.demo.exports.writing import Json, pretty
from media_pipeline.demo.media import Kind, Medium
from media_pipeline.demo.sample import SamplePost


def private_feed(posts: Sequence[SamplePost]) -> bytes:
    """``{items: […]}``, newest first."""
    return pretty({"items": [_item(post) for post in reversed(posts)], "more_available": False, "status": "ok"})


def _item(post: SamplePost) -> Json:
    number, user = post.serial, str(post.author.number)
    item: Json = {
        "pk": number,
        "id": f"{number}_{user}",
        "code": f"C{number[-10:]}",
        "taken_at": post.milliseconds // 1000,
        "user": {
            "pk": user,
            "username": post.author.handle,
            "full_name": post.author.name,
            "profile_pic_url": f"https://scontent-fra3-1.cdninstagram.com/v/t51.2885-19/{user}_n.jpg?stp=dst-jpg_s150x150",
        },
        "caption": {"text": post.text},
        "like_count": 51,
        "comment_count": 4,
    }
    if len(post.media) == 1:
        return item | _medium(post.media[0])
    children = [{"pk": f"{number}{n}", **_medium(medium)} for n, medium in enumerate(post.media)]
    return item | {"media_type": 8, "carousel_media_count": len(children), "carousel_media": children}


def _medium(medium: Medium) -> Json:
    width, height = medium.size
    smaller = {"width": width // 2, "height": height // 2, "url": medium.url.replace("?", "?stp=dst-jpg_p640x640&", 1)}
    if medium.kind is Kind.PHOTO:
        best = {"width": width, "height": height, "url": medium.url}
        shown = {"media_type": 1, "image_versions2": {"candidates": [best, smaller]}}
        return {**shown, "accessibility_caption": medium.alt_text}
    poster = {"width": width, "height": height, "url": medium.url.replace(".mp4", "_poster.jpg", 1)}
    versions = [
        {"type": 102, "width": width // 2, "height": height // 2, "url": medium.url.replace(".mp4", "_small.mp4", 1)},
        {"type": 101, "width": width, "height": height, "url": medium.url},
    ]
    return {"media_type": 2, "video_versions": versions, "image_versions2": {"candidates": [poster]}}
