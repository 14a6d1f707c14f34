"""Small exports of Mastodon's REST API and of ActivityPub, made by hand."""

from __future__ import annotations

from typing import Any

HERE = "https://files.example.social/cache/media_attachments/files/{}/original/a.{}"
THERE = "https://media.other.example/media_attachments/files/{}/original/b.{}"
PREVIEW = "https://files.example.social/cache/media_attachments/files/{}/small/a.png"
CARD_PICTURE = "https://files.example.social/cache/preview_cards/images/1/original/c.jpg"
AVATAR = "https://files.example.social/accounts/avatars/1/original/me.jpg"
EMOJI = "https://files.example.social/custom_emojis/images/1/original/smile.png"
ACTOR = "https://example.social/users/ann"


def attachment(kind: str = "image", suffix: str = "jpeg", number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "type": kind,
        "url": HERE.format(number, suffix),
        "remote_url": THERE.format(number, suffix),
        "preview_url": PREVIEW.format(number),
        "meta": {"original": {"width": 640, "height": 480, "size": "640x480", "bitrate": 128000}},
        "description": "a cat",
        **more,
    }


def status(number: int = 1, *media: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "created_at": "2022-12-06T07:17:26.404Z",
        "visibility": "public",
        "uri": f"{ACTOR}/statuses/{number}",
        "url": f"https://example.social/@ann/{number}",
        "reblogs_count": 96,
        "favourites_count": 140,
        "content": f"<p>status {number}</p>",
        "reblog": None,
        "account": {"id": "7", "username": "ann", "acct": "ann", "display_name": "Ann", "avatar": AVATAR},
        "media_attachments": list(media),
        "emojis": [{"shortcode": "smile", "url": EMOJI, "static_url": EMOJI}],
        "card": None,
        **more,
    }


def card(**more: Any) -> dict[str, Any]:
    return {"type": "link", "url": "https://news.example/a.pdf", "title": "News", "image": CARD_PICTURE, **more}


def document(suffix: str = "png", **more: Any) -> dict[str, Any]:
    return {
        "type": "Document",
        "mediaType": "image/png",
        "url": THERE.format(1, suffix),
        "name": "a cat",
        "width": 640,
        "height": 480,
        **more,
    }


def note(number: int = 1, *attachments: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{ACTOR}/statuses/{number}",
        "type": "Note",
        "published": "2022-12-06T07:17:26Z",
        "url": f"https://example.social/@ann/{number}",
        "attributedTo": ACTOR,
        "content": f"<p>note {number}</p>",
        "attachment": list(attachments),
        "tag": [{"type": "Emoji", "icon": {"type": "Image", "url": EMOJI}}],
        "likes": {"type": "Collection", "totalItems": 3},
        "shares": {"type": "Collection", "totalItems": 2},
        **more,
    }


def activity(kind: str, inner: Any, number: int = 1) -> dict[str, Any]:
    return {
        "id": f"{ACTOR}/statuses/{number}/activity",
        "type": kind,
        "actor": ACTOR,
        "published": "2022-12-07T07:17:26Z",
        "object": inner,
    }


def outbox(*entries: Any) -> dict[str, Any]:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{ACTOR}/outbox",
        "type": "OrderedCollection",
        "totalItems": len(entries),
        "orderedItems": list(entries),
    }


PEERTUBE_LINKS = [
    {"type": "Link", "mediaType": "video/mp4", "href": "https://tube.example/a-480.mp4", "height": 480},
    {"type": "Link", "mediaType": "video/mp4", "href": "https://tube.example/a-1080.mp4", "height": 1080},
]

ALL: list[Any] = [
    status(1, attachment(), attachment("gifv", "mp4", 2), attachment("audio", "mp3", 3)),
    [status(1, attachment()), status(2, card=card())],
    {"ancestors": [status(1, attachment())], "descendants": [status(3)]},
    status(1, reblog=status(2, attachment(), quote={"state": "accepted", "quoted_status": status(3, attachment())})),
    {"accounts": [], "statuses": [status(1)], "hashtags": []},
    {"id": "5", "type": "mention", "created_at": "2022-12-06T07:17:26Z", "account": {"id": "7"}, "status": status(1)},
    outbox(activity("Create", note(1, document())), activity("Announce", note(2, document("jpg")), 2)),
    {"type": "OrderedCollection", "first": {"type": "OrderedCollectionPage", "orderedItems": [note(1, document())]}},
    activity("Create", note(1, document(mediaType="video/mp4", url=PEERTUBE_LINKS, icon={"url": PREVIEW.format(1)}))),
    [note(1, document(url="/media_attachments/files/1/original/b.png"))],
]
