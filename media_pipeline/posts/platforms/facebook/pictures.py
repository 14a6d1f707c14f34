"""Addresses of Facebook: which is a file, which a page, and which shows a linked page's picture.

What does not belong here: the keys that they stand under.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.values import count, file_name, mapping, web_address

NO_URL = "the export gives no URL for it"
ONLY_PREVIEW = "the export gives the preview of the video, not the video"

_ADDRESS_KEYS = ("src", "uri", "source", "url")
_PAGE = re.compile(r"https?://(?:(?:www|m|web|mbasic|l|lm)\.)?(?:facebook\.com|fb\.com|fb\.watch)/", re.IGNORECASE)
_PROXIED = re.compile(r"/safe_image\.php|//external[.-]", re.IGNORECASE)
_VIDEO_SUFFIXES = (".mp4", ".mov", ".webm")


def file_address(value: Any) -> str | None:
    """The address of a file: scrapers write that of its page under the same keys."""
    address = web_address(value)
    return address if address and not _PAGE.match(address) else None


def is_video_file(address: str) -> bool:
    """Whether the end of the path says that it is a video."""
    return address.partition("?")[0].lower().endswith(_VIDEO_SUFFIXES)


def is_of_linked_page(address: str) -> bool:
    """Whether Facebook only passes the picture on from another site: it illustrates a link."""
    return _PROXIED.search(address) is not None


def picture(value: Any, rule: str, role: Role = Role.MEDIA) -> Candidate | None:
    """The candidate in ``{src | uri | source | url, width, height}`` or in a plain address."""
    entry = mapping(value)
    if not entry:
        address = file_address(value)
        return Candidate(address, role=role, rule=rule) if address else None
    address = next((address for key in _ADDRESS_KEYS if (address := file_address(entry.get(key)))), None)
    size = count(entry.get("width")), count(entry.get("height"))
    return Candidate(address, *size, role=role, rule=rule) if address else None


def largest_first(candidates: Iterable[Candidate | None]) -> list[Candidate]:
    """Those that there are, by area; of unknown size in their order behind the others."""
    known = [candidate for candidate in candidates if candidate]
    return sorted(known, key=lambda candidate: -(candidate.width or 0) * (candidate.height or 0))


def video(files: Iterable[Candidate], posters: Iterable[Candidate | None]) -> Medium:
    """A video with its preview, or with the preview alone and a note that says so."""
    known = tuple(files)
    previews = tuple(replace(poster, role=Role.POSTER) for poster in posters if poster)
    note = None if known else ONLY_PREVIEW if previews else NO_URL
    return Medium(MediaType.VIDEO, known + previews, note=note)


def link_preview(candidates: Iterable[Candidate | None]) -> Medium | None:
    """The picture of a linked page, if there is one: a link without one shows nothing."""
    known = tuple(replace(candidate, role=Role.LINK_PREVIEW) for candidate in candidates if candidate)
    return Medium(MediaType.IMAGE, known, role=Role.LINK_PREVIEW) if known else None


def with_repeated(media: list[Medium], repeated: Candidate) -> list[Medium]:
    """The media with a URL that shows one of them once more: the one of the same file, else the first.

    It stands in for a picture that the export has no other URL for.
    """
    if not media[0].candidates and media[0].media_type is MediaType.IMAGE and repeated.role is Role.MEDIA:
        return [replace(media[0], candidates=(repeated,), note=None), *media[1:]]
    name = file_name(repeated.url)
    places = [place for place, medium in enumerate(media) if _shows(medium, name)]
    place = places[0] if places else 0
    medium = media[place]
    role = _role_beside(medium, repeated, is_same_file=bool(places))
    changed = replace(medium, candidates=(*medium.candidates, replace(repeated, role=role)))
    return [*media[:place], changed, *media[place + 1 :]]


def _role_beside(medium: Medium, repeated: Candidate, *, is_same_file: bool) -> Role:
    """Nothing but the same file stands in for a picture, and no picture for a video."""
    if medium.role is not Role.MEDIA:
        return medium.role
    if medium.media_type is MediaType.VIDEO and not is_video_file(repeated.url):
        return Role.POSTER
    return repeated.role if is_same_file or repeated.role is not Role.MEDIA else Role.COVER


def _shows(medium: Medium, name: str) -> bool:
    # Every proxied picture is called safe_image.php.
    return not name.endswith(".php") and any(file_name(candidate.url) == name for candidate in medium.candidates)
