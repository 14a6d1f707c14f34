"""Exports of TikTok: an account's videos as the website receives them."""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.demo.exports.writing import Json, pretty
from media_pipeline.demo.media import Kind, Medium
from media_pipeline.demo.sample import SamplePost

_COVER = (
    "https://p16-sign-va.tiktokcdn.com/obj/tos-maliva-p-0068/{}~tplv-photomode.image?x-expires=2147483640&x-signature=s"
)


def item_list(posts: Sequence[SamplePost]) -> bytes:
    """``{itemList: […]}``, newest first."""
    return pretty({"itemList": [_item(post) for post in reversed(posts)], "hasMore": False, "statusCode": 0})


def _item(post: SamplePost) -> Json:
    item: Json = {
        "id": post.serial,
        "desc": post.text,
        "createTime": post.milliseconds // 1000,
        "author": {
            "id": str(post.author.number),
            "uniqueId": post.author.handle,
            "nickname": post.author.name,
            "avatarThumb": "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/a~tplv-tiktokx-cropcenter:100:100.jpeg",
        },
        "stats": {"diggCount": 1204, "shareCount": 18, "commentCount": 30, "playCount": 9001},
    }
    pictures = [medium for medium in post.media if medium.kind is Kind.PHOTO]
    if pictures:
        return item | {"imagePost": {"images": [_picture(medium) for medium in pictures], "title": ""}}
    return item | {"video": _video(post.media[0])}


def _picture(medium: Medium) -> Json:
    width, height = medium.size
    return {"imageURL": {"urlList": [medium.url]}, "imageWidth": width, "imageHeight": height}


def _video(medium: Medium) -> Json:
    width, height = medium.size
    watermarked = medium.url.replace("/best/", "/watermarked/", 1)
    return {
        "id": medium.key,
        "width": width,
        "height": height,
        "duration": 4,
        "bitrateInfo": [_step(medium, "small", 2, 310_000), _step(medium, "best", 1, 890_000)],
        "playAddr": medium.url.replace("/best/", "/small/", 1),
        "downloadAddr": watermarked,
        "cover": _COVER.format(medium.key),
    }


def _step(medium: Medium, name: str, smaller: int, bitrate: int) -> Json:
    width, height = medium.size
    address = {
        "UrlList": [medium.url.replace("/best/", f"/{name}/", 1)],
        "Width": width // smaller,
        "Height": height // smaller,
    }
    return {"Bitrate": bitrate, "CodecType": "h264", "Format": "mp4", "PlayAddr": address}
