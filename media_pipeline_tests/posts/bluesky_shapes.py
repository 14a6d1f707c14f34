"""Small exports of Bluesky's app API and of raw records, made by hand."""

from __future__ import annotations

from typing import Any

DID = "did:plc:iijrtk7ocored6zuziwmqq3c"
OTHER_DID = "did:plc:gggcwmwoyak6op4pkqm76ckz"
CIDS = tuple(f"bafkreiactiikzqoiisabzjvapodlm4ldcrgvh2pc7bqyasdgsz67vi2l7{letter}" for letter in "abcd")
CDN = "https://cdn.bsky.app/img/{}/plain/{}/{}@jpeg"
PLAYLIST = f"https://video.bsky.app/watch/{DID}/{CIDS[3]}/playlist.m3u8"
POSTER = f"https://video.bsky.app/watch/{DID}/{CIDS[3]}/thumbnail.jpg"
LINKED_GIF = "https://media.tenor.com/abc/cat.gif?hh=200&ww=300"


def full(number: int = 0, did: str = DID) -> str:
    return CDN.format("feed_fullsize", did, CIDS[number])


def thumb(number: int = 0, did: str = DID) -> str:
    return CDN.format("feed_thumbnail", did, CIDS[number])


def blob_url(number: int = 0, did: str = DID) -> str:
    return f"https://bsky.social/xrpc/com.atproto.sync.getBlob?did={did}&cid={CIDS[number]}"


def blob(number: int = 0, mime_type: str = "image/jpeg") -> dict[str, Any]:
    return {"$type": "blob", "ref": {"$link": CIDS[number]}, "mimeType": mime_type, "size": 957037}


def images_view(*numbers: int) -> dict[str, Any]:
    pictures = [
        {"thumb": thumb(n), "fullsize": full(n), "alt": f"alt {n}", "aspectRatio": {"width": 4, "height": 3}}
        for n in numbers
    ]
    return {"$type": "app.bsky.embed.images#view", "images": pictures}


def gallery_view(*numbers: int) -> dict[str, Any]:
    pictures = [{"thumbnail": thumb(n), "fullsize": full(n), "alt": f"alt {n}"} for n in numbers]
    return {"$type": "app.bsky.embed.gallery#view", "items": pictures}


def video_view() -> dict[str, Any]:
    return {
        "$type": "app.bsky.embed.video#view",
        "cid": CIDS[3],
        "playlist": PLAYLIST,
        "thumbnail": POSTER,
        "alt": "a clip",
    }


def external_view(uri: str = "https://news.example/a", **more: Any) -> dict[str, Any]:
    external = {"uri": uri, "title": "News", "description": "", "thumb": thumb(), **more}
    return {"$type": "app.bsky.embed.external#view", "external": external}


def quote_view(quoted: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.record#view", "record": quoted}


def quote_with_media_view(quoted: Any, media: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.recordWithMedia#view", "record": {"record": quoted}, "media": media}


def address(key: str, did: str = DID) -> str:
    return f"at://{did}/app.bsky.feed.post/{key}"


def record(key: str = "1", embed: Any = None) -> dict[str, Any]:
    written = {"$type": "app.bsky.feed.post", "text": f"post {key}", "createdAt": "2023-04-30T06:26:07.001Z"}
    return {**written, "embed": embed} if embed else written


def author(did: str = DID) -> dict[str, Any]:
    return {
        "did": did,
        "handle": "ann.bsky.social",
        "displayName": "Ann",
        "avatar": CDN.format("avatar", did, CIDS[0]),
    }


def post(key: str = "1", embed: Any = None, did: str = DID, **more: Any) -> dict[str, Any]:
    view = {
        "uri": address(key, did),
        "cid": "bafyrei" + key,
        "author": author(did),
        "record": record(key),
        "indexedAt": "2023-04-30T06:26:08.000Z",
        "likeCount": 100,
        "repostCount": 8,
        **more,
    }
    return {**view, "embed": embed} if embed else view


def view_record(key: str = "9", *embeds: Any) -> dict[str, Any]:
    """A quoted post as it stands in a view."""
    return {
        "$type": "app.bsky.embed.record#viewRecord",
        "uri": address(key, OTHER_DID),
        "cid": "bafyrei" + key,
        "author": author(OTHER_DID),
        "value": record(key),
        "embeds": list(embeds),
        "indexedAt": "2023-04-30T06:26:08.000Z",
    }


def raw_record(embed: Any, key: str = "1") -> dict[str, Any]:
    """A record as ``com.atproto.repo.listRecords`` gives it."""
    return {"uri": address(key), "cid": "bafyrei" + key, "value": record(key, embed)}


def event(embed: Any, collection: str = "app.bsky.feed.post", operation: str = "create") -> dict[str, Any]:
    """A line of Jetstream."""
    commit = {"operation": operation, "collection": collection, "rkey": "1", "cid": "bafyrei1"}
    return {"did": DID, "time_us": 1, "kind": "commit", "commit": {**commit, "record": record("1", embed)}}


RAW_IMAGES = {"$type": "app.bsky.embed.images", "images": [{"alt": "alt 0", "image": blob(0)}]}
RAW_GALLERY = {"$type": "app.bsky.embed.gallery", "items": [{"alt": "alt 0", "image": blob(0)}]}
RAW_VIDEO = {"$type": "app.bsky.embed.video", "video": blob(3, "video/mp4"), "alt": "a clip"}
RAW_LINK = {"$type": "app.bsky.embed.external", "external": {"uri": "https://news.example/a", "thumb": blob(1)}}
RAW_BOTH = {
    "$type": "app.bsky.embed.recordWithMedia",
    "record": {"record": {"uri": address("9", OTHER_DID), "cid": "bafyrei9"}},
    "media": RAW_IMAGES,
}
NOT_FOUND = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": address("404"), "notFound": True}


def thread() -> dict[str, Any]:
    above = {"post": post("parent"), "parent": {"post": post("root", images_view(0)), "parent": NOT_FOUND}}
    replies = [{"post": post("reply", images_view(1)), "replies": [{"post": post("deeper")}]}]
    return {"thread": {"post": post("1", video_view()), "parent": above, "replies": replies}}


def flat_thread() -> dict[str, Any]:
    """``app.bsky.unspecced.getPostThreadV2``."""
    kind = "app.bsky.unspecced.defs#threadItem"
    items = [
        {"uri": address("gone"), "depth": -2, "value": {"$type": kind + "NotFound"}},
        {"uri": address("parent"), "depth": -1, "value": {"$type": kind + "Post", "post": post("parent")}},
        {"uri": address("1"), "depth": 0, "value": {"$type": kind + "Post", "post": post("1", images_view(0))}},
        {"uri": address("reply"), "depth": 1, "value": {"$type": kind + "Post", "post": post("reply")}},
    ]
    return {"hasOtherReplies": False, "thread": items}


ALL: list[Any] = [
    {"feed": [{"post": post("1", images_view(0, 1)), "reply": {"parent": post("2"), "root": post("3", video_view())}}]},
    {"post": post("1", quote_with_media_view(view_record("9", images_view(2)), gallery_view(0)))},
    {"posts": [post("1", external_view()), post("2", video_view()), post("3", external_view(LINKED_GIF))]},
    thread(),
    flat_thread(),
    [post("1", quote_view(view_record("9", quote_view(view_record("10", video_view())))))],
    {"records": [raw_record(RAW_IMAGES), raw_record(RAW_VIDEO, "2"), raw_record(RAW_BOTH, "3")]},
    raw_record(RAW_LINK),
    event(RAW_GALLERY),
]
