"""Rows of Reddit's official export: ``posts.csv``, and ``comments.csv`` for comments that show a medium.

A post's row has ``date``, ``title``, ``url`` and ``body``; a comment's has ``link``, ``parent``, ``body`` and, in newer
exports, ``media``. What does not belong here: posts of the API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from media_pipeline.model import Candidate, MediaType
from media_pipeline.posts.platforms.base import Medium
from media_pipeline.posts.platforms.reddit.addresses import address, host_and_path, media_type_of_link
from media_pipeline.posts.values import identifier, items, mapping, moment, text

_COMMENT = "t1_"
_HOSTED = re.compile(r"https://(?:i|preview)\.redd\.it/[^\s()\[\]<>\"']+")
"""Pictures inside a text."""
_ADDRESS = re.compile(r"https?://[^\s,;\"'<>]+")
_GALLERY = re.compile(r"https?://(?:www\.|old\.|new\.)?reddit\.com/gallery/\w+/?(?:\?.*)?")


def is_comment(value: Mapping[str, Any]) -> bool:
    """Whether a row is a comment's: its id counts apart from those of posts."""
    return "title" not in value and all(key in value for key in ("permalink", "date", "link", "parent", "body"))


def shows_media(comment: Mapping[str, Any]) -> bool:
    """Whether a comment is a post of its own, as it shows something."""
    return bool(identifier(comment.get("id"))) and any(_shown(comment))


def id_of_comment(comment: Mapping[str, Any]) -> str:
    """Reddit's full name of a comment, ``t1_abc``: a post may have the same id."""
    return f"{_COMMENT}{(identifier(comment.get('id')) or '').removeprefix(_COMMENT)}"


def time_of(row: Mapping[str, Any]) -> datetime | None:
    """``2026-01-02 03:04:05 UTC``."""
    return moment((text(row.get("date")) or "").removesuffix(" UTC"))


def owner_of(account: Mapping[str, Any]) -> str | None:
    """The handle of the account, from ``statistics.csv``."""
    rows = [mapping(row) for row in items(account.get("rows"))]
    return next((text(row.get("value")) for row in rows if row.get("statistic") == "account name"), None)


def media_of(row: Mapping[str, Any]) -> Iterator[Medium]:
    """What the text of a row shows, what a comment attaches, and that a gallery is there of which nothing is known."""
    for url, media_type in _shown(row):
        yield Medium(media_type, (Candidate(url, rule="file that the text shows"),))
    if "date" in row and _GALLERY.fullmatch(address(row.get("url")) or ""):
        yield Medium(MediaType.IMAGE, (), note="the export names the page of a gallery and none of its pictures")


def _shown(row: Mapping[str, Any]) -> Iterator[tuple[str, MediaType]]:
    attached = _ADDRESS.findall(text(row.get("media")) or "")
    for url in dict.fromkeys([*attached, *_HOSTED.findall(text(row.get("body")) or "")]):
        found = address(url) or ""
        is_video = host_and_path(found)[0] == "v.redd.it"
        yield found, media_type_of_link(found) or (MediaType.VIDEO if is_video else MediaType.IMAGE)
