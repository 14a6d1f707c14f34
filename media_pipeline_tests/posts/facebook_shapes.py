"""Small exports of Facebook in the shapes of its Graph API and of scrapers, made by hand."""

from __future__ import annotations

from typing import Any

NUMBER = "565225540184937_4018908568149933"
PAGE = "https://www.facebook.com/565225540184937/posts/4018908568149933/"
PICTURE = "https://scontent-fra3-1.xx.fbcdn.net/v/t39.30808-6/{}_n.jpg?stp=dst-jpg_{}&oe=68BDD977"
CLIP = "https://video-fra3-1.xx.fbcdn.net/o1/v/t2/f2/m69/{}.mp4?oe=68B9E893"
STREAM = "https://video-fra3-1.xx.fbcdn.net/v/t42/{}?oe=68B9E893"
LINKED = "https://external-fra3-1.xx.fbcdn.net/safe_image.php?d=AQ&w={0}&url=https%3A%2F%2Fexample.org%2Fa.jpg"
AVATAR = "https://scontent-fra3-1.xx.fbcdn.net/v/t39.30808-1/77_n.jpg?oe=68B9E893"
ICON = "https://www.facebook.com/images/icons/photo.gif"


def image(name: str = "a", size: str = "p720", width: int = 720) -> dict[str, Any]:
    return {"image": {"src": PICTURE.format(name, size), "width": width, "height": width}}


def attachment(kind: str = "photo", media: Any = None, **more: Any) -> dict[str, Any]:
    media_type = {"share": "link", "video_inline": "video"}.get(kind, kind)
    return {"type": kind, "media_type": media_type, "url": PAGE, **({"media": media} if media else {}), **more}


def graph(*attachments: Any, **more: Any) -> dict[str, Any]:
    """A post of the Graph API."""
    return {
        "id": NUMBER,
        "created_time": "2020-02-18T05:20:33+0000",
        "message": "hello",
        "permalink_url": PAGE,
        "from": {"id": "565225540184937", "name": "Ann", "picture": {"data": {"url": AVATAR}}},
        "icon": ICON,
        "shares": {"count": 3},
        "reactions": {"data": [], "summary": {"total_count": 9}},
        "likes": {"data": [], "summary": {"total_count": 7}},
        "attachments": {"data": list(attachments)},
        **more,
    }


def graph_photo_post() -> dict[str, Any]:
    return graph(
        attachment("photo", image()),
        full_picture=PICTURE.format("a", "full"),
        picture=PICTURE.format("a", "p130"),
    )


def graph_album(**more: Any) -> dict[str, Any]:
    video = {**image("c"), "source": CLIP.format("c")}
    children = [attachment("photo", image("a")), attachment("photo", image("b")), attachment("video", video)]
    album = attachment("album", image("a"), subattachments={"data": children})
    return graph(album, full_picture=PICTURE.format("a", "p720"), **more)


def graph_link() -> dict[str, Any]:
    linked = {"image": {"src": LINKED.format(720), "width": 720, "height": 720}}
    return graph(attachment("share", linked), full_picture=LINKED.format(1), picture=LINKED.format(130))


def graph_video(source: str | None = CLIP.format("v")) -> dict[str, Any]:
    media = {**image("poster"), **({"source": source} if source else {})}
    return graph(attachment("video_inline", media), full_picture=PICTURE.format("poster", "full"))


def photo_object(**more: Any) -> dict[str, Any]:
    """A photo of the Graph API: the largest size in the middle."""
    sizes = (600, 2048, 130)
    return {
        "id": "10158249017468553",
        "created_time": "2021-05-20T19:17:41+0000",
        "name": "hello",
        "alt_text": "a reef",
        "from": {"id": "77", "name": "Ann"},
        "link": "https://www.facebook.com/ann/photos/a.1/10158249017468553/?type=3",
        "images": [{"source": PICTURE.format("a", f"p{s}"), "width": s, "height": s} for s in sizes],
        "webp_images": [{"source": PICTURE.format("a", f"webp{s}"), "width": s, "height": s} for s in sizes],
        "picture": PICTURE.format("a", "p131"),
        **more,
    }


def video_object() -> dict[str, Any]:
    """A video of the Graph API."""
    return {
        "id": "1020",
        "created_time": "2021-05-20T19:17:41+0000",
        "description": "hello",
        "permalink_url": "/ann/videos/1020/",
        "length": 12.5,
        "source": CLIP.format("v"),
        "picture": PICTURE.format("v", "p130"),
        "thumbnails": {"data": [{"uri": PICTURE.format("v", f"p{s}"), "width": s, "height": s} for s in (320, 1280)]},
        "format": [{"picture": PICTURE.format("v", "p480"), "width": 480, "height": 480, "embed_html": "<iframe>"}],
    }


def apify_photo(name: str = "a") -> dict[str, Any]:
    return {
        "__typename": "Photo",
        "thumbnail": PICTURE.format(name, "s320"),
        "photo_image": {"uri": PICTURE.format(name, "s960"), "width": 960, "height": 960},
        "url": "https://www.facebook.com/photo/?fbid=1&set=a.1",
        "id": "1",
        "ocrText": "May be an image of text",
    }


def apify_video() -> dict[str, Any]:
    return {
        "__typename": "Video",
        "thumbnail": PICTURE.format("v", "s320"),
        "thumbnailImage": {"uri": PICTURE.format("v", "s640")},
        "videoDeliveryLegacyFields": {
            "browser_native_sd_url": CLIP.format("sd"),
            "browser_native_hd_url": CLIP.format("hd"),
        },
        "url": "https://www.facebook.com/ann/videos/2/",
        "id": "2",
    }


def apify(**more: Any) -> dict[str, Any]:
    """A post of Apify's scraper."""
    return {
        "postId": "813244967697043",
        "url": "https://www.facebook.com/ann/posts/pfbid0nJq",
        "time": "2025-08-06T07:22:37.000Z",
        "timestamp": 1754464957,
        "text": "hello",
        "likes": 7,
        "shares": 3,
        "pageName": "ann",
        "user": {"id": "77", "name": "Ann", "profileUrl": "https://www.facebook.com/ann", "profilePic": AVATAR},
        "media": [apify_photo()],
        **more,
    }


def bright_data(**more: Any) -> dict[str, Any]:
    """A post of Bright Data's data set: a video's ``url`` is its preview."""
    return {
        "url": "https://www.facebook.com/ann/posts/1325707186087218",
        "post_id": "1325707186087218",
        "user_url": "https://www.facebook.com/ann",
        "user_username_raw": "Ann",
        "profile_id": "77",
        "content": "hello",
        "date_posted": "2025-08-06T07:22:37.000Z",
        "likes": 7,
        "num_shares": 3,
        "page_logo": AVATAR,
        "header_image": PICTURE.format("banner", "s960"),
        "avatar_image_url": AVATAR,
        "original_post": {"user_avatar_image": None},
        "attachments": [
            {
                "id": "1",
                "type": "Photo",
                "url": PICTURE.format("a", "s960"),
                "attachment_url": "https://www.facebook.com/photo/?fbid=1",
            },
            {
                "id": "2",
                "type": "Video",
                "url": PICTURE.format("v", "s960"),
                "attachment_url": "https://www.facebook.com/ann/videos/2/",
                "video_url": STREAM.format("v"),
            },
        ],
        **more,
    }


def plain(**more: Any) -> dict[str, Any]:
    """A post as facebook-scraper writes it: lists of plain URLs."""
    return {
        "post_id": "379",
        "post_url": "https://m.facebook.com/ann/posts/379",
        "text": "hello",
        "time": "2025-08-06 07:22:37",
        "username": "Ann",
        "user_id": "77",
        "likes": 7,
        "shares": 3,
        "image": PICTURE.format("a", "s960"),
        "images": [PICTURE.format("a", "s960"), PICTURE.format("b", "s960")],
        "images_lowquality": [PICTURE.format("a", "s320"), PICTURE.format("b", "s320")],
        "video": None,
        **more,
    }


def commented() -> dict[str, Any]:
    answer = {
        "id": "4018_1",
        "message": "nice",
        "created_time": "2020",
        "attachment": {"media": image("z"), "type": "photo"},
    }
    return graph(attachment("photo", image()), comments={"data": [answer]})


EXPORTED = "your_facebook_activity/posts/media"


def exported_file(name: str, **more: Any) -> dict[str, Any]:
    """A file as the official export names it."""
    return {"uri": f"{EXPORTED}/{name}", "creation_timestamp": 1741055610} | more


def exported_post(**more: Any) -> dict[str, Any]:
    described = exported_file("Timeline_AbCd/1_n.jpg", description="Gr\u00c3\u00bc\u00c3\u009fe")
    media = [{"media": described}, {"media": exported_file("Timeline_AbCd/2_n.jpg")}]
    return {
        "timestamp": 1741055617,
        "attachments": [{"data": media}],
        "data": [{"post": "sch\u00c3\u00b6n"}, {"update_timestamp": 1741055617}],
        "title": "Anna added 2 new photos.",
    } | more


def exported_link() -> dict[str, Any]:
    link = {"external_context": {"url": "https://example.org/article"}}
    return {"timestamp": 1741050000, "attachments": [{"data": [link]}], "data": [{"post": "a link"}]}


def exported_videos() -> dict[str, Any]:
    preview = {"uri": f"{EXPORTED}/videos/thumbnails/1.jpg"}
    return {"videos_v2": [exported_file("videos/10150.mp4", description="clip", thumbnail=preview)]}


def exported_album() -> dict[str, Any]:
    cover = exported_file("Profilepictures_1/1.jpg")
    return {"name": "Profile pictures", "photos": [cover], "cover_photo": cover, "last_modified_timestamp": 1437454657}


def exported_address() -> dict[str, Any]:
    """As exports of 2020 have it."""
    media = {"uri": "https://interncache-atn.fbcdn.net/v/t1.0-9/118_n.jpg?oh=a&oe=5F800000", "creation_timestamp": 16e8}
    return {"timestamp": 1600000000, "attachments": [{"data": [{"media": media}]}], "data": [{"post": "hi"}]}


def graph_video_without_source() -> dict[str, Any]:
    return {
        "id": "1192957457884299",
        "created_time": "2021-06-30T21:19:07+0000",
        "length": 12.891,
        "permalink_url": "/page/videos/1192957457884299/",
        "format": [{"height": 1280, "width": 1280, "picture": PICTURE.format("v", "1")}],
        "from": {"name": "P", "id": "1"},
    }


ALL: list[Any] = [
    graph_video_without_source(),
    [exported_post(), exported_link(), exported_address()],
    exported_videos(),
    exported_album(),
    {"data": [graph_photo_post(), graph_album(), graph_link(), graph_video(), graph_video(None)], "paging": {}},
    {NUMBER: graph_album()},
    {"posts": {"data": [graph(full_picture=PICTURE.format("a", "full"), attachments=None)]}, "id": "565225540184937"},
    commented(),
    photo_object(),
    {"photos": {"data": [photo_object()]}, "id": "1", "name": "album"},
    video_object(),
    [apify(), apify(media=[apify_video(), apify_photo("b")]), {"url": PAGE, "error": "not_available"}],
    [apify(text=None, media=[], sharedPost=apify(postId="9"))],
    [bright_data(), bright_data(original_post=bright_data(post_id="9"))],
    [plain(), plain(video=CLIP.format("v"), video_thumbnail=PICTURE.format("v", "s320"))],
]
