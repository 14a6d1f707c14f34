"""Rows of LinkedIn's official export: ``Shares.csv``, and uploads of ``Rich_Media.csv`` that belong to no share.

Which upload belongs to which share is told by the reader (``readers.linkedin_archive``). Headers of several years
differ in capitals and spaces. What does not belong here: posts of scrapers and of the website.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from media_pipeline.model import Candidate, Locator, MediaType, Post, short_id
from media_pipeline.posts.platforms.base import Found, Medium, Missing
from media_pipeline.posts.platforms.linkedin import urns
from media_pipeline.posts.readers.linkedin_archive import UPLOADS, time_of_upload
from media_pipeline.posts.values import items, mapping, moment, text

_ADDRESS = re.compile(r"https?://[^\s,;\"'<>]+")
_ASSET = re.compile(r"licdn\.com/dms/[\w-]+/(?:media/)?(?:v2/)?([A-Z][\w-]{9,})/")
"""What LinkedIn knows an upload by, in whichever size and place it is served."""
_LICDN = re.compile(r"https?://[^/]*\.licdn\.com/")
_SENTENCE = re.compile(r"You uploaded an? (?P<kind>[a-z ]+?)(?: on .*)?", re.IGNORECASE)
_KINDS = (("video", MediaType.VIDEO), ("playlist", MediaType.VIDEO), ("document", MediaType.DOCUMENT))
_NO_TEXT = ("-", "—")


def is_row(value: Any) -> bool:
    """Whether a value is a row of one of the two tables."""
    row = _plain(value)
    return ("sharelink" in row and bool({"sharecommentary", "mediaurl", "sharedurl"} & row.keys())) or (
        "medialink" in row and "date/time" in row
    )


def find_posts(value: Any) -> Iterator[Found | Missing]:
    """The post of a row, if the value is one."""
    if is_row(value):
        row = mapping(value)
        yield Found(row) if _native_id(row) else Missing("the row names neither a post nor a file")


def read_post(platform: str, owner: Mapping[str, Any], found: Found, locator: Locator) -> Post:
    """What a row says about its post; the account says who wrote it."""
    row = _plain(found.value)
    link = text(row.get("sharelink"))
    return Post(
        platform=platform,
        native_id=_native_id(found.value) or "",
        raw=found.value,
        locator=locator,
        author_name=_name_of(owner),
        posted_at=_time_of(found.value),
        url=unquote(link) if link else None,
        text=_text_of(row),
    )


def media_of(raw: Mapping[str, Any]) -> list[Medium]:
    """What a row shows: each upload once, what LinkedIn serves to everybody before what it gives its owner alone."""
    row = _plain(raw)
    served = [*_addresses(row.get("mediaurl")), *filter(_LICDN.match, _addresses(row.get("sharedurl")))]
    uploads = [mapping(upload) for upload in items(raw.get(UPLOADS))] or [raw]
    kept = [(url, _kind_of(upload)) for upload in uploads for url in _addresses(_plain(upload).get("medialink"))]
    is_one = len(served) == len(kept) == 1
    places = [*((url, "", "as shared") for url in served), *((url, kind, "as uploaded") for url, kind in kept)]
    media: dict[str, list[tuple[str, str, str]]] = {}
    for url, kind, rule in places:
        asset = _ASSET.search(url)
        media.setdefault("" if is_one else asset[1] if asset else url, []).append((url, kind, rule))
    return [_medium(known) for known in media.values()]


def _medium(places: list[tuple[str, str, str]]) -> Medium:
    said = " ".join(f"{kind} {url}" for url, kind, _ in places).lower()
    media_type = next((kind for word, kind in _KINDS if word in said), MediaType.IMAGE)
    return Medium(media_type, tuple(Candidate(url, rule=rule) for url, _, rule in places))


def _plain(value: Any) -> Mapping[str, Any]:
    """A row by its headers in lower case and without spaces."""
    return {key.lower().replace(" ", ""): held for key, held in mapping(value).items()}


def _native_id(value: Mapping[str, Any]) -> str | None:
    row = _plain(value)
    if "sharelink" in row:
        return urns.named_in(unquote(text(row["sharelink"]) or ""))
    link = next(iter(_addresses(row.get("medialink"))), None)
    if not link:
        return None
    # The signature of a URL changes from one export to the next.
    return short_id("upload", text(row.get("date/time")), link.partition("?")[0] if _LICDN.match(link) else link)


def _time_of(value: Mapping[str, Any]) -> datetime | None:
    row = _plain(value)
    if "sharelink" in row:
        return moment((text(row.get("date")) or "").removesuffix(" UTC")) or urns.time_of(_native_id(value))
    found = time_of_upload(value)
    return found[0] if found else None


def _text_of(row: Mapping[str, Any]) -> str | None:
    """LinkedIn writes a text of several lines with each line in quotes of its own, and quotes inside doubled."""
    if "sharelink" in row:
        said = text(row.get("sharecommentary"))
        return said.replace('"\n"', "\n").replace('""', '"') if said else None
    said = text(row.get("mediadescription"))
    return None if not said or said.strip() in _NO_TEXT or _SENTENCE.fullmatch(said.strip()) else said


def _kind_of(upload: Mapping[str, Any]) -> str:
    for value in upload.values():
        if isinstance(value, str) and (match := _SENTENCE.fullmatch(value.strip())):
            return match["kind"]
    return ""


def _name_of(owner: Mapping[str, Any]) -> str | None:
    """From ``Profile.csv``."""
    row = _plain(next(iter(items(owner.get("rows"))), None))
    return " ".join(filter(None, (text(row.get("firstname")), text(row.get("lastname"))))) or None


def _addresses(value: Any) -> list[str]:
    return _ADDRESS.findall(value) if isinstance(value, str) else []
