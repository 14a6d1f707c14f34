"""Small exports of Twitter/X in the shapes of its APIs, its archive and of scrapers, made by hand."""

from __future__ import annotations

import json
from typing import Any

PHOTO = "https://pbs.twimg.com/media/Abc-_123.jpg"
PHOTO_ORIGINAL = "https://pbs.twimg.com/media/Abc-_123?format=jpg&name=orig"
POSTER = "https://pbs.twimg.com/ext_tw_video_thumb/9/pu/img/poster.jpg"
SMALL_MP4 = "https://video.twimg.com/ext_tw_video/9/pu/vid/320x180/small.mp4?tag=12"
LARGE_MP4 = "https://video.twimg.com/ext_tw_video/9/pu/vid/1280x720/large.mp4?tag=12"
PLAYLIST = "https://video.twimg.com/ext_tw_video/9/pu/pl/list.m3u8?tag=12"
POSTED = "Wed Oct 10 20:19:24 +0000 2018"


CARD = "https://pbs.twimg.com/card_img/2018000000000000002/AbCdEfG"
HLS = "https://video.twimg.com/amplify_video/1302/pl/x.m3u8"
VMAP = "https://video.twimg.com/amplify_video/1302/vmap/1302.vmap"


def photo(url: str = PHOTO, **more: Any) -> dict[str, Any]:
    return {"type": "photo", "media_url_https": url, "original_info": {"width": 2048, "height": 1536}, **more}


def video(kind: str = "video") -> dict[str, Any]:
    variants = [
        {"content_type": "application/x-mpegURL", "url": PLAYLIST},
        {"content_type": "video/mp4", "bitrate": 256000, "url": SMALL_MP4},
        {"content_type": "video/mp4", "bitrate": 2176000, "url": LARGE_MP4},
    ]
    return {"type": kind, "media_url_https": POSTER, "video_info": {"variants": variants}}


def status(number: int = 1, *media: Any, **more: Any) -> dict[str, Any]:
    """A v1.1 status."""
    return {
        "created_at": POSTED,
        "id": number,
        "id_str": str(number),
        "full_text": f"post {number}",
        "user": {"id_str": "77", "screen_name": "ann", "name": "Ann"},
        "entities": {"media": list(media[:1])},
        "extended_entities": {"media": list(media)},
        **more,
    }


def graphql(number: int = 1, *media: Any, layout: int = 2025, **legacy: Any) -> dict[str, Any]:
    """A GraphQL tweet result; the author moved from ``legacy`` to ``core`` in 2025."""
    names = {"screen_name": "ann", "name": "Ann"}
    user = {"rest_id": "77", "core": names} if layout == 2025 else {"rest_id": "77", "legacy": names}
    legacy = {
        "created_at": POSTED,
        "full_text": f"post {number}",
        "extended_entities": {"media": list(media)},
        **legacy,
    }
    return {
        "__typename": "Tweet",
        "rest_id": str(number),
        "core": {"user_results": {"result": user}},
        "legacy": legacy,
    }


def timeline(*results: Any) -> dict[str, Any]:
    """A GraphQL timeline."""
    entries = [{"content": {"itemContent": {"tweet_results": {"result": result}}}} for result in results]
    return {"data": {"user": {"result": {"timeline": {"instructions": [{"entries": entries}]}}}}}


def v2_page() -> dict[str, Any]:
    """A photo post, a retweet of a video post, a quote, and a medium that the page doesn't resolve."""
    created = "2021-09-22T16:38:16.000Z"
    return {
        "data": [
            {
                "id": "1",
                "text": "one",
                "author_id": "77",
                "created_at": created,
                "attachments": {"media_keys": ["3_1"]},
            },
            {"id": "2", "text": "RT", "author_id": "77", "referenced_tweets": [{"type": "retweeted", "id": "11"}]},
            {"id": "3", "text": "see", "author_id": "77", "referenced_tweets": [{"type": "quoted", "id": "12"}]},
            {"id": "4", "text": "gone", "author_id": "78", "attachments": {"media_keys": ["3_9", "16_2"]}},
        ],
        "includes": {
            "media": [
                {"media_key": "3_1", "type": "photo", "url": PHOTO, "width": 800, "height": 600, "alt_text": "a cat"},
                {"media_key": "7_1", "type": "video", "preview_image_url": POSTER, "variants": v2_variants()},
                {"media_key": "16_2", "type": "animated_gif", "preview_image_url": POSTER},
            ],
            "users": [{"id": "77", "username": "ann", "name": "Ann"}],
            "tweets": [
                {"id": "11", "text": "video", "author_id": "77", "attachments": {"media_keys": ["7_1"]}},
                {"id": "12", "text": "photo", "author_id": "77", "attachments": {"media_keys": ["3_1"]}},
            ],
        },
    }


def v2_variants() -> list[dict[str, Any]]:
    return [
        {"bit_rate": 256000, "content_type": "video/mp4", "url": SMALL_MP4},
        {"content_type": "application/x-mpegURL", "url": PLAYLIST},
        {"bit_rate": 2176000, "content_type": "video/mp4", "url": LARGE_MP4},
    ]


def scraped() -> dict[str, Any]:
    """A flattened tweet of a scraper."""
    return {
        "tweet_id": "5",
        "created_at": POSTED,
        "text": "post 5",
        "media": {
            "photo": [{"media_url_https": PHOTO, "id": "1", "sizes": {"h": 1200, "w": 831}}],
            "video": [{"media_url_https": POSTER, "variants": video()["video_info"]["variants"]}],
        },
        "author": {"rest_id": "77", "screen_name": "ann", "name": "Ann"},
    }


def flattened_without_media() -> dict[str, Any]:
    """As ``twarc2 flatten`` leaves a tweet whose media were not asked for."""
    attachments = {"media_keys": ["7_1380226050232356865"], "media": [{}]}
    return {"id": "1380226330034372610", "text": "x", "author_id": "1", "attachments": attachments}


def with_card(name: str, /, **values: Any) -> dict[str, Any]:
    """A post with a card, as GraphQL has it: pictures by their address, everything else as text."""
    pairs = [
        {
            "key": key,
            "value": {"type": "IMAGE", "image_value": value} if isinstance(value, dict) else {"string_value": value},
        }
        for key, value in values.items()
    ]
    return {**graphql(1), "card": {"rest_id": "card://1", "legacy": {"name": name, "binding_values": pairs}}}


def unified_card() -> dict[str, Any]:
    """A post whose card is JSON in a string, with a video."""
    entity = {**video(), "id_str": "9", "media_key": "13_9"}
    return with_card(
        "unified_card", unified_card=json.dumps({"type": "video_website", "media_entities": {"13_9": entity}})
    )


def poll() -> dict[str, Any]:
    """A poll with a picture for each choice."""
    return with_card(
        "poll_choice_images",
        choice1_label="A",
        choice1_image={"url": f"{CARD}1?format=jpg&name=280x280", "width": 280, "height": 280},
        choice1_image_original={"url": f"{CARD}1?format=jpg&name=orig", "width": 1080, "height": 1080},
        choice2_label="B",
        choice2_image_original={"url": f"{CARD}2?format=jpg&name=orig", "width": 1080, "height": 1080, "alt": "a reef"},
    )


def player() -> dict[str, Any]:
    """A card that plays a video of X's own."""
    return with_card("amplify", player_stream_url=VMAP, player_hls_url=HLS, player_image_original={"url": POSTER})


def article() -> dict[str, Any]:
    """A post that shows an article with a cover, a picture and a video."""
    cover = {"media_id": "70", "media_info": {"__typename": "ApiImage", "original_img_url": PHOTO}}
    clip = {
        "media_id": "8",
        "media_info": {
            "__typename": "ApiVideo",
            "preview_image": {"original_img_url": POSTER},
            "variants": video()["video_info"]["variants"],
        },
    }
    result = {"rest_id": "4001", "title": "Long read", "cover_media": cover, "media_entities": [cover, clip]}
    return {**graphql(1), "article": {"article_results": {"result": result}}}


def archived_article() -> dict[str, Any]:
    """As the X data archive has an article."""
    blocks = [
        {"text": "First words", "entityRanges": []},
        {"media": [{"url": "https://pbs.twimg.com/media/Inside.png"}]},
    ]
    return {
        "article": {
            "id": "6001",
            "title": "An article",
            "coverMediaUrl": PHOTO,
            "metadata": {"createdAtMs": "1767600000000"},
            "data": {"contentState": {"blocks": blocks}},
        }
    }


ALL: list[Any] = [
    timeline(unified_card(), poll(), player(), article()),
    archived_article(),
    flattened_without_media(),
    status(1, photo(), video(), retweeted_status=status(2, video(), quoted_status=status(3, photo()))),
    {"tweet": status(1, photo())},
    timeline(graphql(1, photo(), quoted_status_result={"result": graphql(2, video())}), graphql(3)),
    v2_page(),
    [scraped()],
]
