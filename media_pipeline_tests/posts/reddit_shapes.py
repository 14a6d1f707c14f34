"""Small exports of Reddit, made by hand. URLs are escaped as Reddit's API escapes them."""

from __future__ import annotations

from typing import Any

PREVIEW = "https://preview.redd.it/{}?width={}&amp;format=pjpg&amp;auto=webp&amp;s={}"
VIDEO = "https://v.redd.it/2ptpanksayug1/{}"
THUMBNAIL = "https://a.thumbs.redditmedia.com/eCvpSdLfaqXZ7kYxRHS5.jpg"
AWARD = "https://www.redditstatic.com/gold/awards/icon/gold_512.png"


def preview(name: str = "wb2slp1l20vg1.png", host: str = "preview.redd.it", **variants: Any) -> dict[str, Any]:
    def size(width: int) -> dict[str, Any]:
        return {"url": f"https://{host}/{name}?width={width}&amp;s={width}", "width": width, "height": width}

    images = [{"source": size(1000), "resolutions": [size(108), size(640)], "variants": variants, "id": "x"}]
    return {"images": images, "enabled": True}


def variant(name: str) -> dict[str, Any]:
    url = f"https://preview.redd.it/wb2slp1l20vg1.gif?format={name}&amp;s={name}"
    return {"source": {"url": url, "width": 1000, "height": 1000}, "resolutions": []}


def post(number: str = "huw6vs", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"t3_{number}",
        "subreddit": "pics",
        "title": f"title {number}",
        "selftext": "",
        "author": "ann",
        "author_fullname": "t2_o77bz",
        "created_utc": 1595287135.0,
        "score": 12,
        "num_crossposts": 3,
        "permalink": f"/r/pics/comments/{number}/title/",
        "thumbnail": THUMBNAIL,
        "all_awardings": [{"icon_url": AWARD}],
        "url": f"https://www.reddit.com/r/pics/comments/{number}/title/",
        **more,
    }


def image_post(url: str = "https://i.redd.it/wb2slp1l20vg1.png", **more: Any) -> dict[str, Any]:
    return post(**{"url_overridden_by_dest": url, "url": url, "preview": preview(), **more})


def reddit_video(**more: Any) -> dict[str, Any]:
    return {
        "bitrate_kbps": 2400,
        "fallback_url": VIDEO.format("CMAF_720.mp4?source=fallback"),
        "height": 1280,
        "width": 720,
        "scrubber_media_url": VIDEO.format("CMAF_96.mp4"),
        "dash_url": VIDEO.format("DASHPlaylist.mpd?a=1&amp;v=1"),
        "hls_url": VIDEO.format("HLSPlaylist.m3u8?a=1&amp;v=1"),
        "has_audio": True,
        "is_gif": False,
        **more,
    }


def video_post(**more: Any) -> dict[str, Any]:
    held = {"reddit_video": reddit_video()}
    page = VIDEO.format("").rstrip("/")
    return post(**{"url": page, "secure_media": held, "media": held, "preview": preview("x.png"), **more})


def picture(media_id: str, suffix: str = "jpg", **more: Any) -> dict[str, Any]:
    name = f"{media_id}.{suffix}"
    return {
        "status": "valid",
        "e": "Image",
        "m": f"image/{suffix}",
        "p": [{"x": width, "y": width, "u": PREVIEW.format(name, width, width)} for width in (108, 640)],
        "s": {"x": 1000, "y": 800, "u": PREVIEW.format(name, 1000, 1000)},
        "id": media_id,
        **more,
    }


def animation(media_id: str) -> dict[str, Any]:
    gif, mp4 = f"https://i.redd.it/{media_id}.gif", f"https://preview.redd.it/{media_id}.gif?format=mp4&amp;s=1"
    return picture(media_id, "gif", e="AnimatedImage", s={"x": 128, "y": 128, "gif": gif, "mp4": mp4})


def inline_video(media_id: str) -> dict[str, Any]:
    base = f"https://v.redd.it/link/huw6vs/asset/{media_id}/"
    streams = {"dashUrl": base + "DASHPlaylist.mpd?a=1", "hlsUrl": base + "HLSPlaylist.m3u8?a=1"}
    return {"status": "valid", "e": "RedditVideo", "id": media_id, "x": 640, "y": 360, "isGif": False, **streams}


def gallery_post(**more: Any) -> dict[str, Any]:
    """Shown in another order than ``media_metadata``, which lacks one."""
    shown = [
        {"media_id": "14wmudl6i3c51", "caption": "a cat", "outbound_url": "https://example.com/a.jpg"},
        {"media_id": "vkm62gm6i3c51"},
        {"media_id": "pb7qsvi6i3c51"},
        {"media_id": "missing123"},
    ]
    metadata = {
        "pb7qsvi6i3c51": picture("pb7qsvi6i3c51", "png"),
        "vkm62gm6i3c51": animation("vkm62gm6i3c51"),
        "14wmudl6i3c51": picture("14wmudl6i3c51"),
    }
    return post(
        **{"is_gallery": True, "gallery_data": {"items": shown}, "media_metadata": metadata, **more},
    )


def self_post() -> dict[str, Any]:
    metadata = {
        "bbbbbb2": picture("bbbbbb2"),
        "aaaaaa1": inline_video("aaaaaa1"),
        "emote|t5_2|1": {"e": "Image", "s": {"u": "https://reddit-econ-prod-assets-permanent.s3.amazonaws.com/e.png"}},
        "giphy|xyz": {
            "e": "AnimatedImage",
            "s": {"gif": "https://external-preview.redd.it/giphy.gif?s=1", "x": 10, "y": 10},
        },
    }
    return post(is_self=True, selftext="first aaaaaa1 then bbbbbb2", media_metadata=metadata)


def listing(*things: Any) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": None, "children": list(things)}}


def thing(data: Any, kind: str = "t3") -> dict[str, Any]:
    return {"kind": kind, "data": data}


def exported_post(**more: Any) -> dict[str, Any]:
    """A row of ``posts.csv``."""
    return {
        "id": "1abcde",
        "permalink": "https://www.reddit.com/r/pics/comments/1abcde/x/",
        "date": "2026-01-02 03:04:05 UTC",
        "ip": "",
        "subreddit": "pics",
        "gildings": "0",
        "title": "A pic",
        "url": "https://i.redd.it/abcdefgh1.jpg",
        "body": "",
        **more,
    }


def exported_comment(**more: Any) -> dict[str, Any]:
    """A row of ``comments.csv``."""
    page = "https://www.reddit.com/r/pics/comments/1zzzzz/y/"
    return {
        "id": "kabcde1",
        "permalink": f"{page}kabcde1/",
        "date": "2026-01-03 03:04:05 UTC",
        "ip": "",
        "subreddit": "pics",
        "gildings": "0",
        "link": page,
        "parent": "",
        "body": "look",
        "media": "https://i.redd.it/zyxwvuts1.png",
        **more,
    }


COMMENTS = listing(thing({"id": "c1", "body": "nice"}, "t1"), thing({"count": 3}, "more"))

ALL: list[Any] = [
    listing(thing(image_post()), thing(video_post()), thing({"id": "c1", "body": "nice"}, "t1")),
    [listing(thing(gallery_post())), COMMENTS],
    self_post(),
    thing(image_post("https://i.imgur.com/abc.gifv", preview={"reddit_video_preview": reddit_video(is_gif=True)})),
    post(url="https://news.example/a", media={"oembed": {"thumbnail_url": "https://i.ytimg.com/vi/x/hq.jpg"}}),
    post("outer1", crosspost_parent_list=[video_post(id="inner1")], url="/r/pics/comments/inner1/"),
    {"data": [image_post(preview=preview("x.gif", gif=variant("gif"), mp4=variant("mp4"), nsfw=variant("nsfw")))]},
    video_post(secure_media=None, media=None),
    exported_post(),
    exported_comment(),
]
