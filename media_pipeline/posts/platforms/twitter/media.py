"""The media that one post of Twitter names itself, best quality first. Avatars and banners are not media.

What does not belong here: finding posts, and media of cards and articles (:mod:`.cards`, :mod:`.articles`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.twitter.statuses import status_of
from media_pipeline.posts.values import count, dig, identifier, items, mapping, text, web_address

_PHOTO_URL = re.compile(
    r"https?://pbs\.twimg\.com/media/(?P<base>[\w-]+)(?:\.(?P<suffix>\w+))?(?::\w+)?(?:\?(?P<query>.*))?", re.ASCII
)
_PREVIEW = re.compile(r"//pbs\.twimg\.com/(?:(?:ext_tw|amplify)_video|tweet_video)_thumb/")
_SIZE_IN_PATH = re.compile(r"/(\d{2,5})x(\d{2,5})/", re.ASCII)
_CODEC_IN_PATH = re.compile(r"/(avc1|hevc|hvc1|av01|vp09)/", re.ASCII)
_SCRAPER_LISTS = (("photo", "photo"), ("video", "video"), ("animated_gif", "animated_gif"))
_TYPE_OF_KEY_PREFIX = {"3": "photo", "7": "video", "13": "video", "16": "animated_gif"}
_NO_URL = "the export gives no URL for it"


def own_media(raw: Mapping[str, Any]) -> list[Medium]:
    """The media that a post itself names."""
    if entities := _entities(raw):
        return [of_entity(mapping(entity)) for entity in entities if isinstance(entity, dict)]
    return list(_of_attachments(mapping(raw.get("attachments")))) or list(_of_scraper(mapping(raw.get("media"))))


def _entities(raw: Mapping[str, Any]) -> list[Any]:
    """``entities.media`` names only the first medium, and a video as if it were a photo: it comes last."""
    status = status_of(raw)
    return (
        items(dig(raw, "extended_tweet", "extended_entities", "media"))
        or items(dig(status, "extended_entities", "media"))
        or items(dig(raw, "extended_tweet", "entities", "media"))
        or items(dig(status, "entities", "media"))
    )


def of_entity(entity: Mapping[str, Any], kind: str | None = None) -> Medium:
    """A media entity of v1.1, GraphQL, the archive or a scraper."""
    address = web_address(entity.get("media_url_https")) or web_address(entity.get("media_url"))
    variants = items(dig(entity, "video_info", "variants")) or items(entity.get("variants"))
    size = mapping(entity.get("original_info")) or _scraper_size(mapping(entity.get("sizes")))
    kind = kind or text(entity.get("type"))
    return _medium(kind, address, variants, size, text(entity.get("ext_alt_text")), key=_key_of(entity))


def of_info(entity: Mapping[str, Any]) -> Medium:
    """A media entity of an article: ``ApiImage``, ``ApiVideo``, ``ApiGif`` under ``media_info``."""
    info = mapping(entity.get("media_info"))
    picture = info if "original_img_url" in info else mapping(info.get("preview_image"))
    size = {"width": picture.get("original_img_width"), "height": picture.get("original_img_height")}
    number = identifier(entity.get("media_id")) or _key_of(entity)
    kind = "photo" if picture is info and not items(info.get("variants")) else "video"
    address = web_address(picture.get("original_img_url"))
    return _medium(kind, address, items(info.get("variants")), size, text(info.get("alt_text")), key=number)


def of_photo(address: str) -> Medium:
    """A picture of which only its address is known."""
    return _medium("photo", address, [], {}, None)


def _key_of(entry: Mapping[str, Any]) -> str | None:
    """The number of the medium: ``id_str``, which v2 writes as ``3_<number>``."""
    media_key = identifier(entry.get("media_key")) or ""
    return identifier(entry.get("id_str")) or media_key.partition("_")[2] or identifier(entry.get("id"))


def _scraper_size(sizes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"width": sizes.get("w"), "height": sizes.get("h")}


def _of_scraper(media: Mapping[str, Any]) -> Iterator[Medium]:
    for key, kind in _SCRAPER_LISTS:
        for entry in items(media.get(key)):
            if isinstance(entry, dict):
                yield of_entity(mapping(entry), kind)


def _of_attachments(attachments: Mapping[str, Any]) -> Iterator[Medium]:
    """v2: in the order of the keys; a key that ``includes.media`` left out is still a medium."""
    # Flattened tweets have an empty object for each medium that was not included.
    entries = [mapping(entry) for entry in items(attachments.get("media")) if isinstance(entry, dict) and entry]
    by_key = {identifier(entry.get("media_key")) or f"#{number}": entry for number, entry in enumerate(entries)}
    named = [key for value in items(attachments.get("media_keys")) if (key := identifier(value))]
    for key in dict.fromkeys([*named, *by_key]):
        yield _of_attachment(key, by_key.get(key, {}))


def _of_attachment(key: str, entry: Mapping[str, Any]) -> Medium:
    kind = text(entry.get("type")) or _TYPE_OF_KEY_PREFIX.get(key.partition("_")[0])
    address = web_address(entry.get("url")) if kind == "photo" else web_address(entry.get("preview_image_url"))
    note = f"media key {key}: {_NO_URL}" if entry else f"media key {key} is not among the export's included media"
    alt_text = text(entry.get("alt_text"))
    return _medium(kind, address, items(entry.get("variants")), entry, alt_text, note, key.partition("_")[2] or None)


def _medium(
    kind: str | None,
    address: str | None,
    variants: list[Any],
    size: Mapping[str, Any],
    alt_text: str | None,
    note: str = _NO_URL,
    key: str | None = None,
) -> Medium:
    # `entities` alone call a video a photo, and give its preview.
    is_video = kind in ("video", "animated_gif") or bool(variants) or bool(_PREVIEW.search(address or ""))
    width, height = count(size.get("width")), count(size.get("height"))
    if is_video:
        candidates = (*_video_candidates(variants), *_poster(address))
    else:
        candidates = _photo_candidates(address, width, height) if address else ()
    has_media = any(candidate.role is Role.MEDIA for candidate in candidates)
    return Medium(
        media_type=MediaType.VIDEO if is_video else MediaType.IMAGE,
        candidates=candidates,
        alt_text=alt_text,
        note=None if has_media else note,
        key=key,
    )


def _photo_candidates(address: str, width: int | None, height: int | None) -> tuple[Candidate, ...]:
    """``name=orig`` is the upload itself; ``4096x4096`` is at most that large and sometimes there when it isn't."""
    exported = Candidate(address, rule="as exported")
    match = _PHOTO_URL.fullmatch(address)
    form = match and (match["suffix"] or parse_qs(match["query"] or "").get("format", [""])[0])
    if not match or not form:
        return (Candidate(address, width, height, rule="as exported"),)
    base = f"https://pbs.twimg.com/media/{match['base']}?format={form}&name="
    return (
        Candidate(f"{base}orig", width, height, rule="original upload"),
        Candidate(f"{base}4096x4096", rule="largest resized photo"),
        exported,
    )


def _video_candidates(variants: list[Any]) -> list[Candidate]:
    """MP4 by bitrate, then anything else, then streams, which need joining."""
    candidates = [candidate for variant in variants if (candidate := _variant(mapping(variant)))]
    return sorted(candidates, key=lambda candidate: (_RANK[candidate.rule], -(candidate.bitrate or 0)))


_RANK = {"mp4 by bitrate": 0, "other container": 1, "HLS playlist": 2}


def _variant(variant: Mapping[str, Any]) -> Candidate | None:
    address = web_address(variant.get("url"))
    if not address:
        return None
    size = _SIZE_IN_PATH.search(address)
    return Candidate(
        address,
        width=int(size[1]) if size else None,
        height=int(size[2]) if size else None,
        bitrate=count(variant.get("bitrate")) or count(variant.get("bit_rate")),
        codec=codec[1] if (codec := _CODEC_IN_PATH.search(address)) else None,
        rule=_variant_rule(text(variant.get("content_type")) or "", address.partition("?")[0].lower()),
    )


def _variant_rule(content_type: str, path: str) -> str:
    if content_type == "video/mp4" or path.endswith(".mp4"):
        return "mp4 by bitrate"
    if "mpegurl" in content_type.lower() or path.endswith(".m3u8"):
        return "HLS playlist"
    return "other container"


def _poster(address: str | None) -> tuple[Candidate, ...]:
    return (Candidate(address, role=Role.POSTER, rule="preview picture"),) if address else ()
