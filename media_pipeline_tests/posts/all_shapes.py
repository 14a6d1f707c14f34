"""Every platform's shapes, for what must hold of all of them."""

from __future__ import annotations

from typing import Any

from media_pipeline.posts.platforms.url import record_of
from media_pipeline_tests.posts import (
    bluesky_shapes,
    facebook_shapes,
    instagram_shapes,
    linkedin_shapes,
    mastodon_shapes,
    reddit_shapes,
    tiktok_shapes,
)
from media_pipeline_tests.posts.shapes import graphql, linkedin, photo, scraped, status, timeline, v2_page, video

TWITTER = [
    status(1, photo(), video(), retweeted_status=status(2, video(), quoted_status=status(3, photo()))),
    {"tweet": status(1, photo())},
    timeline(graphql(1, photo(), quoted_status_result={"result": graphql(2, video())}), graphql(3)),
    v2_page(),
    [scraped()],
]
LINKEDIN = [
    [linkedin(reshared_post=linkedin(activity_urn="6"), document={"url": "https://x.test/a.pdf"})],
    *linkedin_shapes.ALL,
]
SHAPES: list[tuple[str, Any]] = [
    (platform, shape)
    for platform, shapes in {
        "bluesky": bluesky_shapes.ALL,
        "facebook": facebook_shapes.ALL,
        "instagram": instagram_shapes.ALL,
        "linkedin": LINKEDIN,
        "mastodon": mastodon_shapes.ALL,
        "reddit": reddit_shapes.ALL,
        "tiktok": tiktok_shapes.ALL,
        "twitter": TWITTER,
        "url": [record_of("https://x.test/a.jpg"), record_of("ftp://x.test/b")],
    }.items()
    for shape in shapes
]
