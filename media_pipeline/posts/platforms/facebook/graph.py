"""What a post, a photo or a video of the Graph API shows.

A post: ``attachments.data[]``, an album's ``subattachments.data[]``, each with ``media.image`` and, for a video,
``media.source``; ``full_picture`` shows the first of them once more, and stands alone where attachments were not asked
for. Attachments of type share or link show a linked page's picture.
Source: https://developers.facebook.com/docs/graph-api/reference/story-attachment
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
    largest_first,
    link_preview,
    picture,
    video,
    with_repeated,
)
from media_pipeline.posts.platforms.facebook.stories import is_photo, is_video
from media_pipeline.posts.values import dig, identifier, items, mapping, text

_LINK_TYPES = (
    *("share", "link", "multi_share", "event", "map", "offer", "product", "job", "note", "fundraiser_for_story"),
    # A video of another site: `source` is its player.
    *("video_share_youtube", "video_share_highlighted", "video_share"),
)
_ALBUM_TYPES = ("album", "new_album")
_PHOTO_TYPES = (*_ALBUM_TYPES, "photo", "cover_photo", "profile_media", "sticker")


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """The media of one object in order, previews of links among them."""
    if is_photo(raw):
        return [_photo(raw)]
    media = [*_of_attachments(raw), *_of_carousel(raw)]
    if not media:
        return list(_without_attachments(raw))
    whole = picture(raw.get("full_picture"), "full_picture")
    small = picture(raw.get("picture"), "small picture", Role.POSTER)
    for again in filter(None, (whole, small)):
        media = with_repeated(media, again)
    return media


def _photo(raw: Mapping[str, Any]) -> Medium:
    """One photo: each size as uploaded, then as WebP; ``picture`` is 130 pixels."""
    sizes = largest_first(picture(size, "images by area") for size in items(raw.get("images")))
    webp = largest_first(picture(size, "webp_images by area") for size in items(raw.get("webp_images")))
    single = [picture(raw.get("source"), "as exported"), picture(raw.get("picture"), "small picture", Role.POSTER)]
    return Medium(
        MediaType.IMAGE,
        (*sizes, *webp, *filter(None, single)),
        alt_text=text(raw.get("alt_text_custom")) or text(raw.get("alt_text")),
        key=identifier(raw.get("id")),
    )


def _of_attachments(raw: Mapping[str, Any]) -> Iterator[Medium]:
    for attachment in _objects(raw.get("attachments")):
        yield from _of_attachment(attachment)


def _objects(held: Any) -> list[Mapping[str, Any]]:
    """The objects of ``{data: […]}`` or of a plain list."""
    return [mapping(entry) for entry in items(dig(held, "data")) or items(held) if isinstance(entry, dict)]


def _kinds(value: Mapping[str, Any], *keys: str) -> set[str]:
    return {kind for key in keys if (kind := text(value.get(key)))}


def _of_attachment(attachment: Mapping[str, Any]) -> Iterator[Medium]:
    """Its children where it has any: its own picture is the cover then. Of an album without them that is all."""
    children = _objects(attachment.get("subattachments"))
    is_album = not children and not _kinds(attachment, "type", "media_type").isdisjoint(_ALBUM_TYPES)
    media = [
        # What an album without its pictures is about is the album.
        replace(medium, key=None if is_album else identifier(dig(child, "target", "id")))
        for child in children or [attachment]
        if (medium := _medium(child))
    ]
    if is_album:
        media.append(Medium(MediaType.IMAGE, (), note=f"the other pictures of the album: {NO_URL}"))
    cover = picture(dig(attachment, "media", "image"), "cover of the album") if children else None
    yield from with_repeated(media, cover) if media and cover else media


def _medium(attachment: Mapping[str, Any]) -> Medium | None:
    kinds = _kinds(attachment, "type", "media_type")
    image = picture(dig(attachment, "media", "image"), "picture of the attachment")
    source = file_address(dig(attachment, "media", "source"))
    if not kinds.isdisjoint(_LINK_TYPES):
        return link_preview([image])
    if source or any(kind.startswith("video") for kind in kinds):
        return video([Candidate(source, rule="source of the video")] if source else [], [image])
    if image:
        return Medium(MediaType.IMAGE, (image,))
    return None if kinds.isdisjoint(_PHOTO_TYPES) else Medium(MediaType.IMAGE, (), note=NO_URL)


def _of_carousel(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """The cards of a post that advertises several links."""
    for card in items(raw.get("child_attachments")):
        if preview := link_preview([picture(dig(card, "picture"), "picture of a card")]):
            yield preview


def _without_attachments(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """A video object, or a post that was exported without its attachments."""
    small = picture(raw.get("picture"), "small picture", Role.POSTER)
    whole = picture(raw.get("full_picture"), "full_picture")
    posters = [*_thumbnails(raw), whole, small]
    kinds = _kinds(raw, "type", "status_type")
    attached = [_kinds(attachment, "type", "media_type") for attachment in _objects(raw.get("attachments"))]
    is_link = not kinds.union(*attached).isdisjoint(_LINK_TYPES)
    source = file_address(raw.get("source"))
    if source or is_video(raw) or not kinds.isdisjoint(("video", "added_video")):
        yield video([Candidate(source, rule="source of the video")] if source else [], posters)
    elif is_link or any(is_of_linked_page(poster.url) for poster in (whole, small) if poster):
        preview = link_preview([whole, small])
        yield from [preview] if preview else []
    elif whole or small:
        # The small picture alone is all that the export has of the photo.
        known = [whole, small] if whole else [small and replace(small, role=Role.MEDIA)]
        yield Medium(MediaType.IMAGE, tuple(candidate for candidate in known if candidate))
    elif not kinds.isdisjoint(("photo", "added_photos")):
        yield Medium(MediaType.IMAGE, (), note=NO_URL)


def _thumbnails(raw: Mapping[str, Any]) -> list[Candidate]:
    uris = [picture(entry, "preview picture") for entry in items(dig(raw, "thumbnails", "data"))]
    formats = map(mapping, items(raw.get("format")))
    pictures = [picture({**entry, "src": entry.get("picture")}, "preview picture") for entry in formats]
    return largest_first([*uris, *pictures])
