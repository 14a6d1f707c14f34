"""Small exports of Instagram in the shapes of its APIs and of scrapers, made by hand."""

from __future__ import annotations

from typing import Any

NUMBER = "3697661021377407101"
CODE = "DNQuxufAih9"
PAGE = f"https://www.instagram.com/p/{CODE}/"
PICTURE = "https://scontent-fra3-1.cdninstagram.com/v/t51.2885-15/{}_n.jpg?stp=dst-jpg_{}&oe=68BDD977"
CLIP = "https://scontent-fra3-1.cdninstagram.com/o1/v/t16/f2/m86/{}.mp4?oe=68B9E893"
SONG = "https://scontent-fra3-1.cdninstagram.com/v/t39.12897-6/song.m4a?oe=68B9E893"
AVATAR = "https://scontent-fra3-1.cdninstagram.com/v/t51.2885-19/77_n.jpg?oe=68B9E893"
POSTED = 1755015568


def sizes(name: str = "a") -> dict[str, Any]:
    """A picture of the private API in three sizes, the largest in the middle."""
    widths = (640, 1440, 150)
    return {"candidates": [{"width": w, "height": w * 5 // 4, "url": PICTURE.format(name, f"s{w}")} for w in widths]}


def versions(name: str = "clip") -> list[dict[str, Any]]:
    """A video of the private API: the highest bitrate of the largest size is the last one."""
    return [
        {"type": 102, "width": 480, "height": 600, "bandwidth": 900, "url": CLIP.format(f"{name}480")},
        {"type": 101, "width": 720, "height": 900, "bandwidth": 500, "url": CLIP.format(f"{name}720low")},
        {"type": 103, "width": 720, "height": 900, "bandwidth": 800, "url": CLIP.format(f"{name}720")},
    ]


def private(**more: Any) -> dict[str, Any]:
    """An item of the private API: a photo."""
    return {
        "pk": int(NUMBER),
        "id": f"{NUMBER}_77",
        "code": CODE,
        "media_type": 1,
        "taken_at": POSTED,
        "user": {"pk": 77, "username": "ann", "full_name": "Ann", "profile_pic_url": AVATAR},
        "caption": {"text": "hello"},
        "like_count": 7,
        "reshare_count": 3,
        "accessibility_caption": "a reef",
        "image_versions2": sizes(),
        **more,
    }


def private_video(**more: Any) -> dict[str, Any]:
    frames = {
        "first_frame": {"width": 640, "height": 1136, "url": PICTURE.format("frame", "s640")},
        "smart_frame": None,
    }
    sprite = {"default": {"sprite_urls": [PICTURE.format("sprite", "s1500")]}}
    pictures = {**sizes("p"), "additional_candidates": frames, "scrubber_spritesheet_info_candidates": sprite}
    video = {"media_type": 2, "image_versions2": pictures, "video_versions": versions()}
    return private(**{**video, **more})


def private_album(**more: Any) -> dict[str, Any]:
    children = [
        {"pk": 1, "media_type": 1, "image_versions2": sizes("one")},
        {"pk": 2, "media_type": 2, "image_versions2": sizes("two"), "video_versions": versions("two")},
    ]
    album = {"image_versions2": sizes("cover"), "carousel_media_count": 2, "carousel_media": children}
    return private(media_type=8, **{**album, **more})


def with_song() -> dict[str, Any]:
    song = {"id": "9", "progressive_download_url": SONG, "cover_artwork_uri": PICTURE.format("artwork", "s640")}
    return private(music_metadata={"music_info": {"music_asset_info": song}})


def node(number: str = NUMBER, **more: Any) -> dict[str, Any]:
    """A GraphQL node of the website: a photo."""
    resources = [
        {"src": PICTURE.format("a", f"s{w}"), "config_width": w, "config_height": w * 5 // 4} for w in (640, 750, 1080)
    ]
    return {
        "__typename": "GraphImage",
        "id": number,
        "shortcode": CODE,
        "dimensions": {"height": 1350, "width": 1080},
        "display_url": PICTURE.format("a", "s1080"),
        "display_resources": resources,
        "thumbnail_src": PICTURE.format("a", "c640"),
        "thumbnail_resources": [{"src": PICTURE.format("a", "c150"), "config_width": 150, "config_height": 150}],
        "is_video": False,
        "accessibility_caption": "a reef",
        "edge_media_to_caption": {"edges": [{"node": {"text": "hello"}}]},
        "edge_media_preview_like": {"count": 7},
        "taken_at_timestamp": POSTED,
        "owner": {"id": "77", "username": "ann", "profile_pic_url": AVATAR},
        **more,
    }


def node_album() -> dict[str, Any]:
    video = node("2", __typename="GraphVideo", is_video=True, video_url=CLIP.format("two"), shortcode="B")
    edges = [{"node": node("1", display_url=PICTURE.format("one", "s1080"), display_resources=[])}, {"node": video}]
    return node(__typename="GraphSidecar", edge_sidecar_to_children={"edges": edges})


def timeline(*nodes: Any, key: str = "edge_owner_to_timeline_media") -> dict[str, Any]:
    return {"data": {"user": {key: {"count": len(nodes), "edges": [{"node": entry} for entry in nodes]}}}}


def graph_api(**more: Any) -> dict[str, Any]:
    """A medium of Meta's Graph API: a photo."""
    return {
        "id": "17896129349106152",
        "media_type": "IMAGE",
        "media_url": PICTURE.format("g", "full"),
        "permalink": PAGE,
        "username": "ann",
        "caption": "hello",
        "timestamp": "2025-08-12T16:19:28+0000",
        "like_count": 7,
        **more,
    }


def graph_api_album() -> dict[str, Any]:
    children = [
        {"id": "1", "media_type": "IMAGE", "media_url": PICTURE.format("g", "full")},
        {"id": "2", "media_type": "VIDEO", "media_url": CLIP.format("g"), "thumbnail_url": PICTURE.format("t", "full")},
        {"id": "3", "media_type": "VIDEO", "thumbnail_url": PICTURE.format("u", "full")},
    ]
    return graph_api(media_type="CAROUSEL_ALBUM", children={"data": children})


def apify(**more: Any) -> dict[str, Any]:
    """A post of Apify's scraper: a photo."""
    return {
        "id": NUMBER,
        "type": "Image",
        "shortCode": CODE,
        "caption": "hello",
        "url": PAGE,
        "displayUrl": PICTURE.format("a", "s1080"),
        "dimensionsWidth": 1080,
        "dimensionsHeight": 1350,
        "images": [],
        "childPosts": [],
        "alt": "a reef",
        "likesCount": 7,
        "timestamp": "2025-08-12T16:19:28.000Z",
        "ownerId": "77",
        "ownerUsername": "ann",
        "ownerFullName": "Ann",
        **more,
    }


def apify_album(**more: Any) -> dict[str, Any]:
    children = [
        {"id": "1", "type": "Image", "displayUrl": PICTURE.format("a", "s1080"), "alt": "first"},
        {"id": "2", "type": "Video", "displayUrl": PICTURE.format("b", "s1080"), "videoUrl": CLIP.format("b")},
    ]
    listed = [PICTURE.format("a", "s1080"), PICTURE.format("b", "s1080")]
    return apify(**{"type": "Sidecar", "images": listed, "childPosts": children, **more})


def attached(**more: Any) -> dict[str, Any]:
    """What JMESPath scrapers make of a GraphQL node."""
    return {
        "id": NUMBER,
        "shortcode": CODE,
        "src": PICTURE.format("a", "s1080"),
        "src_attached": [PICTURE.format("a", "s1080"), PICTURE.format("b", "s1080")],
        "video_url": None,
        "taken_at": POSTED,
        "likes": 7,
        "captions": ["hello"],
        **more,
    }


def bright_data() -> dict[str, Any]:
    """A post of Bright Data's data set."""
    return {
        "url": PAGE,
        "user_posted": "ann",
        "user_posted_id": "77",
        "description": "hello",
        "date_posted": "2025-08-12T16:19:28.000Z",
        "photos": [PICTURE.format("a", "s1080")],
        "videos": [CLIP.format("b")],
        "likes": 7,
        "post_id": NUMBER,
        "shortcode": CODE,
        "content_type": "Carousel",
        "thumbnail": PICTURE.format("a", "s640"),
        "profile_image_link": AVATAR,
        "post_content": [
            {"index": 0, "type": "Photo", "url": PICTURE.format("a", "s1080"), "alt_text": "first"},
            {"index": 1, "type": "Video", "url": CLIP.format("b")},
        ],
    }


def exported_file(name: str, **more: Any) -> dict[str, Any]:
    """A file as the official export names it."""
    return {"uri": f"media/posts/202405/{name}", "creation_timestamp": 1715566876, "title": ""} | more


def exported_album() -> dict[str, Any]:
    subtitles = {"uri": "media/posts/202405/3_n.srt", "creation_timestamp": 1715566876}
    video = exported_file("AQ_2_v_1790", media_metadata={"video_metadata": {"subtitles": subtitles}})
    return {
        "media": [exported_file("1_n.webp"), video],
        "title": b"Zwei Tage am See".decode("latin-1"),
        "creation_timestamp": 1715566880,
    }


def exported_story() -> dict[str, Any]:
    return {"ig_stories": [{**exported_file("4_n.jpg"), "uri": "media/stories/202405/4_n.jpg"}]}


def website_story() -> dict[str, Any]:
    """As the website's GraphQL has a story with a video."""
    sizes = [
        {
            "src": f"https://scontent.cdninstagram.com/o1/v/{width}.mp4?oe=7F000000",
            "config_width": width,
            "config_height": 2,
        }
        for width in (480, 720)
    ]
    return {
        "__typename": "GraphStoryVideo",
        "id": "3500000000000000010",
        "display_url": "https://scontent.cdninstagram.com/v/st.jpg?oe=7F000000",
        "taken_at_timestamp": 1730000000,
        "is_video": True,
        "video_resources": sizes,
        "owner": {"id": "77", "username": "ann"},
    }


ALL: list[Any] = [
    {"data": {"reels_media": [{"items": [website_story()]}]}},
    {"media": [exported_file("1_n.jpg", title="CafÃ© ð\x9f¥\x90")]},
    exported_album(),
    exported_story(),
    {"items": [private(), private_album(), with_song()]},
    {"items": [{"media": private_video()}]},
    {"feed_items": [{"media_or_ad": private_album(image_versions2=None)}]},
    {"posts": [{"node": private_video(image_versions2=None)}]},
    {"sectional_items": [{"layout_content": {"medias": [{"media": private()}]}}]},
    private_album(carousel_media=None),
    timeline(node(), node_album()),
    {"node": node(iphone_struct=private()), "instaloader": {"node_type": "Post"}},
    {"data": {"reels_media": [{"items": [node(__typename="GraphStoryImage", shortcode=None)]}]}},
    {"data": [graph_api(), graph_api_album()], "paging": {}},
    {"17896129349106152": graph_api()},
    {"business_discovery": {"media": {"data": [graph_api_album()]}, "id": "178"}},
    [apify(), apify_album(), apify_album(childPosts=[]), {"url": PAGE, "error": "not_found"}],
    [attached()],
    [bright_data()],
]
