"""Media as LinkedIn's page scrapers write them: one object, or one address, a medium.

What belongs here: what the scrapers' shapes share. What does not: which key of a post holds them (a module for each
scraper).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.values import count, dig, items, mapping, moment, text, web_address

_MEDIA_TYPES = {
    "image": MediaType.IMAGE,
    "images": MediaType.IMAGE,
    "video": MediaType.VIDEO,
    "videos": MediaType.VIDEO,
    "document": MediaType.DOCUMENT,
}
NO_URL = "the export gives no URL for it"


def media_in(media: Mapping[str, Any]) -> Iterator[Medium]:
    """One ``media`` object: its list where it has one, else its own ``url``."""
    media_type = _MEDIA_TYPES.get((text(media.get("type")) or "").lower())
    if media_type is None:
        # Articles, polls and events are links, not media of the post.
        return
    entries = items(media.get("items")) or items(media.get("images"))
    for entry in entries or [media]:
        yield medium_of(entry, media_type)


def medium_of(entry: Any, media_type: MediaType) -> Medium:
    """The medium of an object with ``url``, or of an address alone."""
    return medium_named({"url": entry} if isinstance(entry, str) else mapping(entry), media_type)


def medium_named(entry: Mapping[str, Any], media_type: MediaType) -> Medium:
    address = web_address(entry.get("url"))
    poster = web_address(entry.get("thumbnail")) or web_address(entry.get("thumbnail_url"))
    candidates: list[Candidate] = []
    if address:
        width, height = count(entry.get("width")), count(entry.get("height"))
        expires_at = moment(entry.get("expiresAt"))
        candidates.append(Candidate(address, width, height, rule="as exported", expires_at=expires_at))
    if poster and media_type is not MediaType.IMAGE:
        candidates.append(Candidate(poster, role=Role.POSTER, rule="preview picture"))
    return Medium(
        media_type,
        tuple(candidates),
        alt_text=text(entry.get("alt_text")),
        note=None if address else NO_URL,
    )


def document_address(document: Mapping[str, Any]) -> str | None:
    return web_address(document.get("transcribedDocumentUrl")) or web_address(document.get("url"))


def document_of(document: Mapping[str, Any]) -> Medium:
    """The file itself; pictures of its pages are covers."""
    medium = medium_named({**document, "url": document_address(document)}, MediaType.DOCUMENT)
    covers = tuple(
        Candidate(address, count(dig(page, "width")), count(dig(page, "height")), role=Role.COVER, rule="page picture")
        for page in items(document.get("coverPages"))
        for entry in items(dig(page, "imageUrls"))
        if (address := web_address(entry))
    )
    return Medium(MediaType.DOCUMENT, medium.candidates + covers, alt_text=medium.alt_text, note=medium.note)
