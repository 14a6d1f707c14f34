"""One medium as a platform offers it: its address there, and how its bytes are made.

What belongs here: the addresses that each platform gives its media. What does not: which media the sample has
(``sample``) and how exports name them (``export``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from media_pipeline.demo.artwork.noise import Size
from media_pipeline.model import Status

MIME_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
}


class Kind(StrEnum):
    """What an export calls it."""

    PHOTO = "photo"
    VIDEO = "video"
    ANIMATED_GIF = "animated_gif"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Medium:
    """A medium of a post. ``url`` is the address of its best form, the only one that should be asked for."""

    url: str
    key: str
    """What the platform calls it inside its addresses."""
    extension: str
    make: Callable[[], bytes] | None
    """Makes its bytes; None for one that the host no longer has."""
    kind: Kind = Kind.PHOTO
    size: Size = (0, 0)
    alt_text: str | None = None
    status: Status = Status.STORED
    """What becomes of it."""

    @property
    def mime_type(self) -> str:
        """As the host declares it."""
        return MIME_TYPES[self.extension]

    def lost(self) -> Medium:
        """The same medium, which the host no longer has."""
        return replace(self, make=None, status=Status.GONE)

    def behind_login(self) -> Medium:
        """The same medium, in whose place the host sends a page of HTML and calls it a picture."""
        return replace(self, make=_login_page, status=Status.NOT_MEDIA)


def twitter_photo(
    name: str, size: Size, make: Callable[[], bytes], alt_text: str | None = None, extension: str = "jpg"
) -> Medium:
    """A photo at pbs.twimg.com; the best form is the upload itself."""
    key = _key(name)
    url = f"https://pbs.twimg.com/media/{key}?format={extension}&name=orig"
    return Medium(url, key, extension, make, Kind.PHOTO, size, alt_text)


def twitter_video(name: str, size: Size, make: Callable[[], bytes]) -> Medium:
    """A video at video.twimg.com; the best form has the highest bitrate."""
    key = _key(name)
    url = f"https://video.twimg.com/ext_tw_video/{_number(name)}/pu/vid/avc1/1280x720/{key}.mp4?tag=14"
    return Medium(url, key, "mp4", make, Kind.VIDEO, size)


def twitter_gif(name: str, size: Size, make: Callable[[], bytes]) -> Medium:
    """What was uploaded as a GIF, which Twitter keeps as an MP4."""
    key = _key(name)
    return Medium(f"https://video.twimg.com/tweet_video/{key}.mp4", key, "mp4", make, Kind.ANIMATED_GIF, size)


def linkedin_image(
    name: str, size: Size, make: Callable[[], bytes], alt_text: str | None = None, extension: str = "jpg"
) -> Medium:
    """A picture at media.licdn.com, whose address is signed."""
    url = _licdn("media.licdn.com/dms/image/v2", name, "feedshare-shrink_2048_1536")
    return Medium(url, _key(name), extension, make, Kind.PHOTO, size, alt_text)


def linkedin_video(name: str, size: Size, make: Callable[[], bytes]) -> Medium:
    """A video at dms.licdn.com."""
    url = _licdn("dms.licdn.com/playlist/vid/v2", name, "mp4-720p-30fp-crf28")
    return Medium(url, _key(name), "mp4", make, Kind.VIDEO, size)


def linkedin_document(name: str, make: Callable[[], bytes]) -> Medium:
    """A document that was posted as a carousel."""
    url = _licdn("media.licdn.com/dms/document/media/v2", name, "feedshare-document-pdf-analyzed")
    return Medium(url, _key(name), "pdf", make, Kind.DOCUMENT)


def instagram_photo(name: str, size: Size, make: Callable[[], bytes], alt_text: str | None = None) -> Medium:
    """A photo at Instagram's hosts, signed until the end of 32-bit time."""
    url = f"https://scontent-fra3-1.cdninstagram.com/v/t51.29350-15/{_key(name)}_n.jpg?{_meta(name)}"
    return Medium(url, _key(name), "jpg", make, Kind.PHOTO, size, alt_text)


def instagram_video(name: str, size: Size, make: Callable[[], bytes]) -> Medium:
    """A video at Instagram's hosts."""
    url = f"https://scontent-fra3-1.cdninstagram.com/o1/v/t16/f2/m86/{_key(name)}.mp4?{_meta(name)}"
    return Medium(url, _key(name), "mp4", make, Kind.VIDEO, size)


def facebook_photo(name: str, size: Size, make: Callable[[], bytes]) -> Medium:
    """A photo at Facebook's hosts."""
    url = f"https://scontent-fra3-1.xx.fbcdn.net/v/t39.30808-6/{_key(name)}_n.jpg?{_meta(name)}"
    return Medium(url, _key(name), "jpg", make, Kind.PHOTO, size)


def tiktok_video(name: str, size: Size, make: Callable[[], bytes]) -> Medium:
    """A video at TikTok's hosts, in its best step."""
    url = (
        f"https://v16-webapp-prime.tiktok.com/video/tos/maliva/best/{_key(name)}/?a=1988&expire=2147483640&signature=s"
    )
    return Medium(url, _key(name), "mp4", make, Kind.VIDEO, size)


def tiktok_photo(name: str, size: Size, make: Callable[[], bytes]) -> Medium:
    """A picture of a post of pictures."""
    place = f"https://p16-sign-va.tiktokcdn.com/tos-maliva-i-photomode/{_key(name)}~tplv-photomode-image.jpeg"
    return Medium(f"{place}?x-expires=2147483640&x-signature=s", _key(name), "jpg", make, Kind.PHOTO, size)


def mastodon_photo(name: str, size: Size, make: Callable[[], bytes], alt_text: str | None = None) -> Medium:
    """A photo at an instance's own host."""
    key = _key(name).lower()
    url = f"https://files.mastodon.example/media_attachments/files/112/{key[:3]}/original/{key}.jpg"
    return Medium(url, key, "jpg", make, Kind.PHOTO, size, alt_text)


def bluesky_photo(name: str, size: Size, make: Callable[[], bytes], alt_text: str | None = None) -> Medium:
    """A photo at Bluesky's image host, at most 2000 pixels a side."""
    key = "bafkrei" + hashlib.sha256(name.encode()).hexdigest()[:52]
    url = f"https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:{0:0>24}/{key}@jpeg"
    return Medium(url, key, "jpg", make, Kind.PHOTO, size, alt_text)


def reddit_photo(name: str, size: Size, make: Callable[[], bytes], alt_text: str | None = None) -> Medium:
    """A picture at i.redd.it, as it was uploaded."""
    key = hashlib.sha256(name.encode()).hexdigest()[:13]
    return Medium(f"https://i.redd.it/{key}.jpg", key, "jpg", make, Kind.PHOTO, size, alt_text)


def _meta(name: str) -> str:
    return f"_nc_ht=scontent&oh=00_{hashlib.sha256(name.encode()).hexdigest()[:20]}&oe=7FFFFFFF"


def _licdn(place: str, name: str, form: str) -> str:
    signature = base64.urlsafe_b64encode(hashlib.sha256(f"signed {name}".encode()).digest()).decode().rstrip("=")
    return f"https://{place}/D4E{_key(name)}/{form}/0/1786000000000?e=2147483647&v=beta&t={signature}"


def _key(name: str) -> str:
    return "G" + base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()[:14]


def _number(name: str) -> int:
    return 1_950_000_000_000_000_000 + int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])


def _login_page() -> bytes:
    return (
        b"<!doctype html><html><head><title>Log in</title></head>"
        b"<body><h1>Log in to see this picture</h1><p>You have been logged out.</p></body></html>"
    )
