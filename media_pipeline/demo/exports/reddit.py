"""Exports of Reddit: a listing, as ``….json`` of any page."""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.demo.exports.writing import Json, pretty
from media_pipeline.demo.media import Medium
from media_pipeline.demo.sample import SamplePost

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def listing(posts: Sequence[SamplePost]) -> bytes:
    """``{kind: Listing, data: {children: […]}}``, newest first."""
    children = [{"kind": "t3", "data": _post(post)} for post in reversed(posts)]
    return pretty({"kind": "Listing", "data": {"after": None, "dist": len(children), "children": children}})


def id_of(post: SamplePost) -> str:
    """In base 36, as all of Reddit's ids are."""
    number, text = post.milliseconds // 1000, ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text


def _post(post: SamplePost) -> Json:
    number = id_of(post)
    page = f"/r/generative/comments/{number}/sample/"
    data: Json = {
        "id": number,
        "name": f"t3_{number}",
        "subreddit": "generative",
        "title": post.text,
        "selftext": "",
        "author": post.author.handle,
        "author_fullname": f"t2_{post.author.number}",
        "created_utc": float(post.milliseconds // 1000),
        "score": 77,
        "num_crossposts": 0,
        "permalink": page,
        "thumbnail": "self",
    }
    if len(post.media) == 1:
        return data | {"post_hint": "image", "url": post.media[0].url, "url_overridden_by_dest": post.media[0].url}
    items = [{"media_id": medium.key, "id": n, "caption": medium.alt_text or ""} for n, medium in enumerate(post.media)]
    return data | {
        "is_gallery": True,
        "url": f"https://www.reddit.com/gallery/{number}",
        "gallery_data": {"items": items},
        "media_metadata": {medium.key: _metadata(medium) for medium in reversed(post.media)},
    }


def _metadata(medium: Medium) -> Json:
    width, height = medium.size
    preview = (
        f"https://preview.redd.it/{medium.key}.{medium.extension}?width={{}}&amp;format=pjpg&amp;auto=webp&amp;s=x"
    )
    source = {"x": width, "y": height, "u": preview.format(width)}
    smaller = {"x": 640, "y": height * 640 // width, "u": preview.format(640)}
    return {"status": "valid", "e": "Image", "m": medium.mime_type, "id": medium.key, "s": source, "p": [smaller]}
