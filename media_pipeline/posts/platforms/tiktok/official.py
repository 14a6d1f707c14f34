"""The account's own posts in TikTok's official export, ``user_data_tiktok.json``; until 2023 ``user_data.json``.

They stand in lists below ``Post`` (``Posts``, ``Recently Deleted Posts``), in older exports below ``Video``, perhaps
inside ``Activity``: an entry has ``Date`` and ``Link``, which holds an address for each file. What was liked, watched
or kept stands elsewhere and is another person's. What does not belong here: items of the website and the app.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from media_pipeline.model import Candidate, MediaType, Role
from media_pipeline.posts.platforms.base import Found, Medium, Missing
from media_pipeline.posts.values import (
    file_name,
    find_keys,
    integer,
    items,
    mapping,
    moment,
    pointer,
    text,
    web_address,
)

_SECTIONS = ("Post", "Video")
_LINKS = ("Link", "VideoLink", "link")
_MARKS_OF_AN_EXPORT = ("Likes and Favorites", "Your Activity", "Activity", "Profile", "Profile And Settings", "Comment")
_BETWEEN = re.compile(r"[\s,;]+(?=https?://)")
_PAGE = re.compile(r"https?://(?:[\w-]+\.)?tiktokv?\.com/(?:@[^/]+|share)/(?:video|photo)/(\d+)")
_PICTURE = re.compile(r"photomode|[-/]i-|\.(?:jpe?g|png|webp|heic|image)(?:[?~]|$)", re.IGNORECASE)
_NOTHING = ("n/a", "none", "")


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """Yield the account's own posts of an export; nothing where the value is none."""
    export = mapping(value)
    if not any(key in export for key in (*_SECTIONS, *_MARKS_OF_AN_EXPORT)):
        return
    empty = True
    for place, section in find_keys(value, _SECTIONS):
        for at, entry in _entries(section):
            empty = False
            yield Found(mapping(entry), place + at)
    if empty and sum(key in export for key in _MARKS_OF_AN_EXPORT) > 1:
        yield Missing("the export of TikTok holds no posts of its account; ask for it again with all data, as JSON")


def _entries(section: Any) -> Iterator[tuple[str, Any]]:
    """The posts of a section, in lists one or two names further down."""
    for name, held in mapping(section).items():
        lists = mapping(held) or {"": held}
        for key, listed in lists.items():
            for index, entry in enumerate(items(listed)):
                if is_post(entry):
                    yield pointer(name, *([key] if mapping(held) else []), index), entry


def is_post(value: Any) -> bool:
    """Whether an object is such a post."""
    entry = mapping(value)
    return isinstance(entry.get("Date"), str) and bool(_addresses(entry))


def native_id(raw: Mapping[str, Any]) -> str:
    """The number of the post's page where the export leads there, else the name of its first file."""
    addresses = _addresses(raw)
    page = next((match for address in addresses if (match := _PAGE.match(address))), None)
    return page[1] if page else f"export-{_key_of(addresses[0])}"


def time_of(raw: Mapping[str, Any]) -> datetime | None:
    """``2026-04-02 08:01:00``, UTC."""
    return moment((text(raw.get("Date")) or "").removesuffix(" UTC"))


def text_of(raw: Mapping[str, Any]) -> str | None:
    """The words below the post, which older exports lack."""
    said = text(raw.get("Title"))
    return None if not said or said.strip().lower() in _NOTHING else said


def likes_of(raw: Mapping[str, Any]) -> int | None:
    """How many liked it."""
    number = integer(raw.get("Likes"))
    return number if number is not None and number >= 0 else None


def page_of(raw: Mapping[str, Any], handle: str | None) -> str | None:
    """The post's page, where the export gives its number."""
    number = native_id(raw)
    return f"https://www.tiktok.com/@{handle or '_'}/video/{number}" if number.isdecimal() else None


def owner_of(value: Any) -> str | None:
    """The handle of the account."""
    profiles = (mapping(profile) for _, profile in find_keys(value, ("ProfileMap",)))
    return next((handle for profile in profiles if (handle := text(profile.get("userName")))), None)


def media_of(raw: Mapping[str, Any]) -> Iterator[Medium]:
    """A video, or the pictures in their order; the cover is a video's preview."""
    files = [address for address in _addresses(raw) if not _PAGE.match(address)]
    if not files:
        yield Medium(MediaType.VIDEO, (), note="the export names the post's page and no file")
    cover = web_address(raw.get("CoverImage"))
    posters = (Candidate(cover, role=Role.POSTER, rule="cover"),) if cover else ()
    for number, address in enumerate(files):
        media_type = MediaType.IMAGE if _PICTURE.search(address.partition("?")[0]) else MediaType.VIDEO
        candidates = (Candidate(address, rule="as exported"), *(posters if number == 0 else ()))
        yield Medium(media_type, candidates, key=_key_of(address))


def _addresses(entry: Mapping[str, Any]) -> list[str]:
    written = next((held for key in _LINKS if (held := text(entry.get(key)))), "")
    return [address for part in _BETWEEN.split(written.strip()) if (address := web_address(part))]


def _key_of(address: str) -> str:
    """The name of a file without size and format: the same in every export."""
    return file_name(address).partition("~")[0] or "file"
