"""What a post of a scraper shows.

Apify: ``media[]`` (of groups: ``attachments[]``) with ``__typename``, ``photo_image.uri``, ``thumbnail`` and, for a
video, the keys of the website's player. Bright Data: ``attachments[].{type, url, attachment_url, video_url}``, where a
video's ``url`` is its preview. facebook-scraper: ``images[]``, ``images_lowquality[]``, ``video``. Others: lists of
plain URLs. Under ``url`` and ``attachment_url`` may as well stand the address of the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.facebook.pictures import (
    NO_URL,
    file_address,
    is_of_linked_page,
    is_video_file,
    largest_first,
    link_preview,
    picture,
    video,
    with_repeated,
)
from media_pipeline.posts.values import dig, file_name, identifier, items, mapping, text, web_address

_ITEM_LISTS = ("media", "attachments")
_PICTURE_LISTS = ("images", "photos", "image_urls", "imageUrls", "mediaUrls", "media_urls")
_VIDEO_LISTS = ("videos", "video_urls", "videoUrls")
_PICTURE_KEYS = ("viewer_image", "photo_image", "image", "large_share_image", "flexible_height_share_image")
_HIGH_QUALITY = ("browser_native_hd_url", "playable_url_quality_hd", "hd_url")
_ANY_QUALITY = ("video_url", "videoUrl", "browser_native_sd_url", "playable_url", "sd_url")
_POSTER_PLACES = (
    ("preferred_thumbnail", "image"),
    ("thumbnailImage",),
    ("first_frame_thumbnail",),
    ("image",),
    ("thumbnail",),
    ("thumbnail_url",),
)
_REPEATED_KEYS = ("image", "post_image")
_LOW_QUALITY = "low quality"


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """The media of one post in order, then the pictures of links."""
    media = [medium for key in _ITEM_LISTS for entry in items(raw.get(key)) if (medium := _of_item(entry))]
    media = _with_new(media, [*_of_plain_lists(raw), *_of_single_keys(raw)])
    for key in _REPEATED_KEYS:
        if again := picture(raw.get(key), "as exported"):
            media = with_repeated(media, again) if media else [_medium_of_picture(again)]
    for entry in (*items(raw.get("images_lowquality")), raw.get("image_lowquality")):
        if low := picture(entry, _LOW_QUALITY):
            media = _with_low_quality(media, low)
    preview = link_preview([picture(raw.get("post_external_image"), "picture of the linked page")])
    return [*media, preview] if preview else media


def _of_item(entry: Any) -> Medium | None:
    if address := file_address(entry):
        return _of_address(address)
    item = mapping(dig(entry, "video_grid_renderer", "video")) or mapping(entry)
    if not item:
        return None
    kind = (text(item.get("__typename")) or text(item.get("type")) or "").lower()
    if "share" in kind or "external" in kind or "link" in kind:
        return link_preview(_pictures(item))
    medium = _video(item) if "video" in kind or _video_files(item) else _photo(item)
    return replace(medium, alt_text=_alt_text(item), key=identifier(item.get("id"))) if medium else None


def _photo(item: Mapping[str, Any]) -> Medium | None:
    pictures = _pictures(item)
    if not pictures:
        is_named = any(key in item for key in ("__typename", "type", "id"))
        return Medium(MediaType.IMAGE, (), note=NO_URL) if is_named else None
    if is_of_linked_page(pictures[0].url):
        return link_preview(pictures)
    return Medium(MediaType.IMAGE, tuple(pictures))


def _pictures(item: Mapping[str, Any]) -> list[Candidate]:
    """Every size, the largest first; the thumbnail is the picture only where there is no other."""
    sizes = largest_first(picture(item.get(key), f"{key} by area") for key in _PICTURE_KEYS)
    single = [picture(item.get(key), "as exported") for key in ("url", "attachment_url", "uri", "src", "link")]
    known = [*sizes, *filter(None, single)]
    role = Role.POSTER if known else Role.MEDIA
    small = [picture(item.get(key), "thumbnail", role) for key in ("thumbnail", "thumbnail_url")]
    return [*known, *filter(None, small)]


def _video(item: Mapping[str, Any]) -> Medium:
    files = _video_files(item)
    known = {candidate.url for candidate in files}
    posters = [picture(dig(item, *keys), "preview picture") for keys in _POSTER_PLACES]
    others = [picture(item.get(key), "preview picture") for key in ("url", "attachment_url")]
    return video(files, [poster for poster in (*posters, *others) if poster and poster.url not in known])


def _video_files(item: Mapping[str, Any]) -> list[Candidate]:
    """High definition first. Under ``url`` stands the video only where the address says so."""
    places = (item, mapping(item.get("videoDeliveryLegacyFields")))
    high = [(file_address(place.get(key)), "high definition") for place in places for key in _HIGH_QUALITY]
    plain = [(file_address(place.get(key)), "video URL") for place in places for key in _ANY_QUALITY]
    unsure = [file_address(item.get(key)) for key in ("attachment_url", "url")]
    sure = [(address, "video URL") for address in unsure if address and is_video_file(address)]
    found = [*high, *_progressive(item), *plain, *sure]
    return [Candidate(address, rule=rule) for address, rule in found if address]


def _progressive(item: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    result = dig(item, "videoDeliveryResponseFragment", "videoDeliveryResponseResult", "progressive_urls")
    entries = sorted(items(result), key=lambda entry: dig(entry, "metadata", "quality") != "HD")
    return [(file_address(dig(entry, "progressive_url")), "progressive, HD first") for entry in entries]


def _of_plain_lists(raw: Mapping[str, Any]) -> Iterator[Medium]:
    for key in _PICTURE_LISTS:
        for entry in items(raw.get(key)):
            if found := picture(entry, "as exported") or picture(dig(entry, "link"), "as exported"):
                yield _of_address(found.url)
    for key in _VIDEO_LISTS:
        for entry in items(raw.get(key)):
            if found := picture(entry, "as exported"):
                yield video([found], [])


def _of_single_keys(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """facebook-scraper's ``video`` and ``video_thumbnail``."""
    addresses = filter(None, (web_address(raw.get("video")), web_address(raw.get("videoUrl"))))
    files = [Candidate(address, rule="as exported") for address in addresses]
    posters = [picture(raw.get("video_thumbnail"), "preview picture")]
    if files or any(posters):
        yield video(files, posters)


def _of_address(address: str) -> Medium:
    found = Candidate(address, rule="as exported")
    return video([found], []) if is_video_file(address) else _medium_of_picture(found)


def _medium_of_picture(found: Candidate) -> Medium:
    if is_of_linked_page(found.url) and (preview := link_preview([found])):
        return preview
    return Medium(MediaType.IMAGE, (found,))


def _with_new(media: list[Medium], listed: list[Medium]) -> list[Medium]:
    """The media with those that are listed in other places, too: one file is one medium."""
    for medium in listed:
        names = {file_name(candidate.url) for known in media for candidate in known.candidates}
        if file_name(medium.candidates[0].url) not in names:
            media = [*media, medium]
            continue
        for again in medium.candidates:
            media = with_repeated(media, again)
    return media


def _with_low_quality(media: list[Medium], low: Candidate) -> list[Medium]:
    """facebook-scraper lists every picture in low quality as well; alone, they are what there is."""
    if all(candidate.rule == _LOW_QUALITY for medium in media for candidate in medium.candidates):
        return _with_new(media, [_medium_of_picture(low)])
    return with_repeated(media, replace(low, role=Role.POSTER))


def _alt_text(item: Mapping[str, Any]) -> str | None:
    return text(item.get("accessibility_caption")) or text(item.get("ocrText"))
