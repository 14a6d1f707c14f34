"""Small exports of TikTok's website and app, made by hand."""

from __future__ import annotations

from typing import Any

ITEM = "7513039993741397256"
CDN = "https://v16-webapp-prime.tiktok.com/video/tos/{}/?a=1988&br={}&expire=1761112959"
LOW, MIDDLE, HIGH, SILENT, WATERMARKED = (
    CDN.format(name, name) for name in ("low", "middle", "high", "silent", "watermarked")
)
MIRROR = "https://v19-webapp-prime.tiktok.com/video/tos/high/?a=1988"
PLAY = "https://www.tiktok.com/aweme/v1/play/?file_id=1&item_id=1"
COVER = "https://p16-common-sign.tiktokcdn-us.com/tos-alisg-p-0037/{}~tplv-tiktokx-origin.image?x-expires=1761112800"
AVATAR = "https://p16-common-sign.tiktokcdn-us.com/tos-alisg-avt-0068/a~tplv-tiktokx-cropcenter:100:100.jpeg"
SOUND = "https://v19.tiktokcdn-us.com/x/68f624de/video/tos/useast5/sound/?mime_type=audio_mpeg"
SUBTITLES = "https://v16m-webapp.tiktokcdn-us.com/x/video/tos/alisg/subtitles/?a=1988"


def step(url: str, width: int, height: int, bitrate: int, **more: Any) -> dict[str, Any]:
    """One step of quality of the website."""
    address = {"UrlList": [url], "Width": width, "Height": height, "DataSize": 1}
    return {"Bitrate": bitrate, "CodecType": "h264", "Format": "mp4", "PlayAddr": address, **more}


def video(**more: Any) -> dict[str, Any]:
    high = step(HIGH, 1080, 1920, 873954, CodecType="h265_hvc1")
    high["PlayAddr"]["UrlList"] += [MIRROR, PLAY]
    return {
        "id": ITEM,
        "width": 576,
        "height": 1024,
        "bitrate": 404677,
        "codecType": "h264",
        "bitrateInfo": [step(LOW, 576, 1024, 300000), step(MIDDLE, 576, 1024, 404677), high],
        "playAddr": MIDDLE,
        "downloadAddr": WATERMARKED,
        "cover": COVER.format("cover"),
        "originCover": COVER.format("origin"),
        "dynamicCover": COVER.format("dynamic"),
        "zoomCover": {"240": COVER.format("zoom240"), "960": COVER.format("zoom960")},
        "subtitleInfos": [{"Url": SUBTITLES}],
        **more,
    }


def item(**more: Any) -> dict[str, Any]:
    """A post of the website."""
    return {
        "id": ITEM,
        "desc": "a train",
        "createTime": 1749265942,
        "author": {"id": "67", "uniqueId": "ann", "nickname": "Ann", "avatarThumb": AVATAR},
        "music": {"id": "9", "title": "sound", "playUrl": SOUND, "coverThumb": AVATAR},
        "stats": {"diggCount": 68300, "shareCount": 2500},
        "statsV2": {"diggCount": "68312", "shareCount": "2528"},
        "video": video(),
        **more,
    }


def photo_item(**more: Any) -> dict[str, Any]:
    """A post of pictures; its video is the sound."""
    pictures = [
        {
            "imageURL": {"urlList": [COVER.format(f"{n}.jpeg"), COVER.format(f"{n}-mirror.jpeg")]},
            "imageWidth": 1080,
            "imageHeight": 1440,
        }
        for n in (1, 2)
    ]
    cover = {"imageURL": {"urlList": [COVER.format("cover.jpeg")]}}
    return item(imagePost={"images": pictures, "cover": cover}, video={"id": "", "playAddr": "", "cover": ""}, **more)


def app_address(*urls: str, width: int = 0, height: int = 0) -> dict[str, Any]:
    return {"uri": "v1", "url_list": list(urls), "width": width, "height": height}


def aweme(**more: Any) -> dict[str, Any]:
    """A post of the app."""
    return {
        "aweme_id": ITEM,
        "desc": "a train",
        "create_time": 1749265942,
        "author": {"uid": "67", "unique_id": "ann", "nickname": "Ann", "avatar_thumb": app_address(AVATAR)},
        "music": {"play_url": app_address(SOUND), "cover_thumb": app_address(AVATAR)},
        "statistics": {"digg_count": 5, "share_count": 6},
        "video": {
            "bit_rate": [
                {"bit_rate": 300000, "is_bytevc1": 0, "play_addr": app_address(LOW, width=576, height=1024)},
                {"bit_rate": 873954, "is_bytevc1": 1, "play_addr": app_address(HIGH, MIRROR, width=1080, height=1920)},
            ],
            "play_addr": app_address(MIDDLE, width=576, height=1024),
            "download_addr": app_address(WATERMARKED),
            "cover": app_address(COVER.format("cover")),
            "origin_cover": app_address(COVER.format("origin")),
        },
        **more,
    }


def photo_aweme() -> dict[str, Any]:
    pictures = [
        {
            "display_image": app_address(COVER.format(f"{n}.jpeg"), width=1080, height=1440),
            "owner_watermark_image": app_address(COVER.format(f"{n}-owner.jpeg")),
            "thumbnail": app_address(COVER.format(f"{n}-thumb.jpeg")),
        }
        for n in (1, 2)
    ]
    cover = {"display_image": app_address(COVER.format("cover.jpeg"))}
    slides = {"images": pictures, "image_post_cover": cover}
    return aweme(image_post_info=slides, video={"play_addr": app_address(SOUND + "&slides=1")})


def detail_page(struct: Any) -> dict[str, Any]:
    """The JSON inside a post's page."""
    return {"__DEFAULT_SCOPE__": {"webapp.video-detail": {"itemInfo": {"itemStruct": struct}, "statusCode": 0}}}


GONE_PAGE: dict[str, Any] = {
    "__DEFAULT_SCOPE__": {"webapp.video-detail": {"statusCode": 10204, "statusMsg": "item doesn't exist"}}
}

OWN_VIDEO = "https://video-my.tiktokv.com/storage/v1/tos-alisg-pve-0037c001/oABCDEF?a=1233&mime_type=video_mp4"
OWN_PICTURE = (
    "https://p16-sign-sg.tiktokcdn.com/tos-alisg-i-photomode-sg/{}~tplv-photomode-image.jpeg?x-expires=1800000000"
)
WATCHED = "https://www.tiktokv.com/share/video/7585000000000000002/"


def exported(**sections: Any) -> dict[str, Any]:
    """``user_data_tiktok.json`` with these sections, and with what is of others."""
    photo = "https://p16-sign-sg.tiktokcdn.com/tos-alisg-avt-0068/face.jpeg"
    return {
        "Profile And Settings": {"Profile Info": {"ProfileMap": {"userName": "anna.example", "profilePhoto": photo}}},
        "Likes and Favorites": {"Like List": {"ItemFavoriteList": [{"date": "2026-01-01 00:00:00", "link": WATCHED}]}},
        "Your Activity": {"Watch History": {"VideoList": [{"Date": "2026-01-01 00:00:00", "Link": WATCHED}]}},
        "Direct Message": {"Direct Messages": {"ChatHistory": {"Chat with bob:": [{"Content": f"{WATCHED}a.mp4"}]}}},
        **sections,
    }


def own_post(**more: Any) -> dict[str, Any]:
    cover = "https://p16-sign-sg.tiktokcdn.com/obj/tos-alisg-p-0037/cover1?x-expires=1800000000"
    return {"Date": "2026-04-02 08:01:00", "Link": OWN_VIDEO, "Likes": "3", "Title": "N/A", "CoverImage": cover, **more}


ALL: list[Any] = [
    exported(Post={"Posts": {"VideoList": [own_post()]}, "Recently Deleted Posts": {"PostList": []}}),
    {"code": 0, "data": [item(), {"type": 4}]},
    item(),
    [photo_item()],
    {"itemList": [item(), photo_item(id="2")]},
    {"data": {"itemList": [item()]}},
    {"data": [{"type": 1, "item": item()}, {"type": 4, "user_list": []}], "cursor": 12},
    detail_page(item()),
    {"ItemModule": {ITEM: item(author="ann", nickname="Ann", authorId="67")}},
    {"aweme_details": [aweme()]},
    {"aweme_list": [photo_aweme()]},
    {"data": [{"aweme_info": aweme()}]},
]
