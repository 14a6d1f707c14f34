"""Exports of LinkedIn: flat posts as page scrapers write them."""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.demo.exports.writing import Json, pretty
from media_pipeline.demo.media import Kind, Medium
from media_pipeline.demo.sample import SamplePost


def scraped_posts(posts: Sequence[SamplePost]) -> bytes:
    """An array of flat posts, newest first."""
    return pretty([_linkedin_post(post) for post in reversed(posts)])


def _linkedin_post(post: SamplePost) -> Json:
    author = post.author
    return {
        "activity_urn": post.activity_id,
        "full_urn": f"urn:li:activity:{post.activity_id}",
        "post_url": f"https://www.linkedin.com/posts/{author.handle}_activity-{post.activity_id}",
        "text": post.text,
        "posted_at": {"date": post.posted_at.strftime("%Y-%m-%d %H:%M:%S"), "timestamp": post.milliseconds},
        "post_type": "regular",
        "author": {
            "name": author.name,
            "urn": f"urn:li:organization:{author.number}",
            "company_url": f"https://www.linkedin.com/company/{author.handle}/posts",
            "logo_url": "https://media.licdn.com/dms/image/v2/logo/company-logo_100_100/0/1?e=2147483647&v=beta&t=x",
        },
        "stats": {"total_reactions": 41, "comments": 3, "reposts": 2},
        "media": _linkedin_media(post.media),
        "document": _linkedin_document(post.media),
    }


def _linkedin_media(media: Sequence[Medium]) -> Json | None:
    shown = [medium for medium in media if medium.kind is not Kind.DOCUMENT]
    if not shown:
        return None
    first = shown[0]
    if first.kind is Kind.VIDEO:
        thumbnail = "https://media.licdn.com/dms/image/v2/poster/videocover-high/0/1?e=2147483647&v=beta&t=x"
        return {"type": "video", "url": first.url, "duration": 4000, "thumbnail": thumbnail}
    if len(shown) == 1:
        return {"type": "image", "url": first.url, "items": [_linkedin_item(first)]}
    return {"type": "images", "images": [_linkedin_item(medium) for medium in shown]}


def _linkedin_item(medium: Medium) -> Json:
    width, height = medium.size
    alt_text = {"alt_text": medium.alt_text} if medium.alt_text else {}
    return {"url": medium.url, "width": width, "height": height, **alt_text}


def _linkedin_document(media: Sequence[Medium]) -> Json | None:
    documents = [medium for medium in media if medium.kind is Kind.DOCUMENT]
    if not documents:
        return None
    return {"title": "Annual report 2026", "page_count": 2, "url": documents[0].url, "thumbnail": None}
