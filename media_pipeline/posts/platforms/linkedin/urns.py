"""LinkedIn's names for things, ``urn:li:activity:7402746946853253120``, and the time that their numbers hold."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from media_pipeline.posts.values import identifier, moment

_NUMBER = re.compile(r"(?:urn:li:\w+:)?(\d+)", re.ASCII)
_POST_INSIDE = re.compile(r"urn:li:(?:activity|ugcPost|share):(\d+)", re.ASCII)
_POST_IN_ADDRESS = re.compile(r"linkedin\.com/.*[-:](?:activity|ugcPost|share)(?:-|:|%3A)(\d{15,20})", re.ASCII)
_ARTICLE = re.compile(r"linkedin\.com/pulse/([^/?#]+)")
_PROFILE = re.compile(r"linkedin\.com/(?:company|in|school|showcase)/([^/?#]+)")
_TIME_BITS_FROM = 22
_TIMED_FROM_DIGITS = 19


def number_of(value: Any) -> str | None:
    """The digits of an id, whether it stands alone or in a URN of its own."""
    match = _NUMBER.fullmatch(identifier(value) or "")
    return match[1] if match else None


def number_inside(value: Any) -> str | None:
    """The digits of the first activity, post or share that a URN names, also as ``urn:li:fs_updateV2:(…)`` does."""
    match = _POST_INSIDE.search(identifier(value) or "")
    return match[1] if match else None


def named_in(address: str | None) -> str | None:
    """What the address of a page names: the digits of a post, or the words of an article, which is known by them."""
    match = _POST_IN_ADDRESS.search(address or "") or _ARTICLE.search(address or "")
    return match[1] if match else None


def time_of(number: str | None) -> datetime | None:
    """When an activity was made, UTC: all but the last 22 bits of its number are Unix milliseconds."""
    if not number or len(number) != _TIMED_FROM_DIGITS or not number.isdecimal():
        return None
    return moment(int(number) >> _TIME_BITS_FROM)


def handle_in(address: str | None) -> str | None:
    """The last part of ``…/company/<handle>/posts`` or ``…/in/<handle>``."""
    match = _PROFILE.search(address or "")
    return match[1] if match else None
