"""One picture or video of Instagram: the post itself, or one child of an album. Best quality first.

Each shape has keys of its own, so that all of them are read by the same functions: ``image_versions2`` and
``video_versions`` (private API), ``display_url``, ``display_resources`` and ``video_url`` (GraphQL), ``media_url`` and
``thumbnail_url`` (Graph API, instagrapi), ``displayUrl`` and ``videoUrl`` (Apify), ``url`` with ``type`` (Bright Data).
What does not belong here: albums, and what posts say. The tracks of a ``video_dash_manifest`` are left out: they hold
the same video without its sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.values import count, dig, identifier, items, mapping, text, web_address

NO_URL = "the export gives no URL for it"

_KIND_KEYS = ("media_type", "type", "__typename")
_VIDEO_WORDS = ("video", "graphvideo", "graphstoryvideo", "xdtgraphvideo", "xdtgraphstoryvideo", "reel", "2", 2)
_PICTURE_WORDS = ("image", "photo", "graphimage", "graphstoryimage", "xdtgraphimage", "xdtgraphstoryimage", "1", 1)
_KINDS: Mapping[str | int, MediaType] = {
    **dict.fromkeys(_VIDEO_WORDS, MediaType.VIDEO),
    **dict.fromkeys(_PICTURE_WORDS, MediaType.IMAGE),
}
_FRAMES = ("igtv_first_frame", "first_frame", "smart_frame")
_VIDEO_SUFFIXES = (".mp4", ".mov", ".webm")


def medium_of(part: Mapping[str, Any]) -> Medium:
    """The medium that a part is, with every URL that the export has for it."""
    videos, pictures = videos_of(part), pictures_of(part)
    is_video = bool(videos) or kind_of(part) is MediaType.VIDEO
    own = videos if is_video else pictures
    previews = (*pictures, *_frames(part), *_thumbnails(part)) if is_video else _thumbnails(part)
    return Medium(
        media_type=MediaType.VIDEO if is_video else MediaType.IMAGE,
        candidates=(*own, *in_role(previews, Role.POSTER)),
        alt_text=_alt_text(part),
        note=None if own else NO_URL,
        key=_key_of(part),
    )


def _key_of(part: Mapping[str, Any]) -> str | None:
    """``pk``; an ``id`` is that with the author's behind it, or the Graph API's own."""
    number = identifier(part.get("pk")) or identifier(part.get("id"))
    return number.partition("_")[0] if number else None


def kind_of(part: Mapping[str, Any]) -> MediaType | None:
    """What the export says that it is; None for an album and where it doesn't say."""
    flag = part.get("is_video")
    if flag is True:
        return MediaType.VIDEO
    for key in _KIND_KEYS:
        word = part.get(key)
        kind = _KINDS.get(word.lower() if isinstance(word, str) else word) if isinstance(word, (str, int)) else None
        if kind:
            return kind
    return MediaType.IMAGE if flag is False else None


def in_role(candidates: Iterable[Candidate], role: Role) -> tuple[Candidate, ...]:
    """The same candidates in another role."""
    return tuple(replace(candidate, role=role) for candidate in candidates)


def videos_of(part: Mapping[str, Any]) -> list[Candidate]:
    """Every file of the video, the largest first; the higher bitrate first among those of one size."""
    listed = [
        Candidate(
            address,
            count(version.get("width")),
            count(version.get("height")),
            bitrate=count(version.get("bandwidth")),
            rule="video_versions by area",
        )
        for version in map(mapping, items(part.get("video_versions")))
        if (address := web_address(version.get("url")))
    ]
    resources = _configured(part, "video_resources")
    single = [Candidate(address, *_dimensions(part), rule="video URL") for address in _video_addresses(part)]
    return [*_largest_first(listed), *_shown_first(single, _largest_first(resources))]


def _configured(part: Mapping[str, Any], key: str) -> list[Candidate]:
    """The files of a list of the website, which has sizes under ``config_width`` and ``config_height``."""
    return [
        Candidate(address, count(entry.get("config_width")), count(entry.get("config_height")), rule=f"{key} by area")
        for entry in map(mapping, items(part.get(key)))
        if (address := web_address(entry.get("src")))
    ]


def _video_addresses(part: Mapping[str, Any]) -> Iterator[str]:
    for key in ("video_url", "videoUrl"):
        if address := web_address(part.get(key)):
            yield address
    for key in ("media_url", "url"):
        address = web_address(part.get(key))
        if address and _is_file(key, address, part) and _is_video_file(address, part):
            yield address


def pictures_of(part: Mapping[str, Any]) -> list[Candidate]:
    """Every size of the picture (of a video: of its preview), the largest first."""
    offered = [
        Candidate(address, count(entry.get("width")), count(entry.get("height")), rule="image_versions2 by area")
        for entry in map(mapping, items(dig(part, "image_versions2", "candidates")))
        if (address := web_address(entry.get("url")))
    ]
    resources = _configured(part, "display_resources")
    single = [Candidate(address, *_dimensions(part), rule="picture URL") for address in _picture_addresses(part)]
    return [*_largest_first(offered), *_shown_first(single, _largest_first(resources))]


def _picture_addresses(part: Mapping[str, Any]) -> Iterator[str]:
    for key in ("display_url", "displayUrl", "src"):
        if address := web_address(part.get(key)):
            yield address
    for key in ("media_url", "url"):
        address = web_address(part.get(key))
        if address and _is_file(key, address, part) and not _is_video_file(address, part):
            yield address
    if address := web_address(part.get("thumbnail_url")):
        yield address


_PAGE = re.compile(r"https?://(?:www\.)?instagram\.com/", re.IGNORECASE)


def _is_file(key: str, address: str, part: Mapping[str, Any]) -> bool:
    """``url`` is a file only in Bright Data's ``post_content[]``; elsewhere it is the page, also of a Video."""
    is_listed = key != "url" or text(part.get("type")) in ("Photo", "Video", "photo", "video")
    return is_listed and not _PAGE.match(address)


def _is_video_file(address: str, part: Mapping[str, Any]) -> bool:
    """By the end of its path, where that tells; the export calls a video's preview a video, too."""
    path = address.partition("?")[0].lower()
    if path.endswith(_VIDEO_SUFFIXES):
        return True
    return kind_of(part) is MediaType.VIDEO and not path.endswith((".jpg", ".jpeg", ".png", ".webp", ".heic"))


def _shown_first(shown: list[Candidate], resources: list[Candidate]) -> list[Candidate]:
    """The website's own choice stands first, unless another is declared to be larger."""
    if shown and resources and 0 < _area(shown[0]) < _area(resources[0]):
        return [*resources, *shown]
    return [*shown, *resources]


def _frames(part: Mapping[str, Any]) -> Iterator[Candidate]:
    for key in _FRAMES:
        frame = mapping(dig(part, "image_versions2", "additional_candidates", key))
        if address := web_address(frame.get("url")):
            yield Candidate(address, count(frame.get("width")), count(frame.get("height")), rule="frame of the video")


def _thumbnails(part: Mapping[str, Any]) -> tuple[Candidate, ...]:
    """Squares cut out of the picture, as profile pages show them: never the picture itself."""
    resources = [
        Candidate(
            address,
            count(entry.get("config_width")),
            count(entry.get("config_height")),
            rule="cropped thumbnail",
        )
        for entry in map(mapping, items(part.get("thumbnail_resources")))
        if (address := web_address(entry.get("src")))
    ]
    single = [
        Candidate(address, rule="cropped thumbnail")
        for key in ("thumbnail_src", "thumbnail")
        if (address := web_address(part.get(key)))
    ]
    return in_role([*single, *_largest_first(resources)], Role.POSTER)


def _dimensions(part: Mapping[str, Any]) -> tuple[int | None, int | None]:
    size = mapping(part.get("dimensions"))
    return (
        count(size.get("width")) or count(part.get("dimensionsWidth")),
        count(size.get("height")) or count(part.get("dimensionsHeight")),
    )


def _largest_first(candidates: list[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: (-_area(candidate), -(candidate.bitrate or 0)))


def _area(candidate: Candidate) -> int:
    return (candidate.width or 0) * (candidate.height or 0)


def _alt_text(part: Mapping[str, Any]) -> str | None:
    return text(part.get("accessibility_caption")) or text(part.get("alt")) or text(part.get("alt_text"))
