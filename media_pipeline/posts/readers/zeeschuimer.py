"""Zeeschuimer, a browser extension that collects posts: each line wraps one item as its platform sent it.

Source: https://github.com/digitalmethodsinitiative/zeeschuimer
"""

from __future__ import annotations

from dataclasses import replace

from media_pipeline.model import Record
from media_pipeline.posts.values import mapping, pointer, text

_MARKS = ("item_id", "source_platform", "timestamp_collected", "data")
_COMMENTS = "-comments"
"""``tiktok-comments``: what was collected below posts of that platform."""


def unwrap(record: Record) -> Record:
    """The item inside, ``/data`` further down and with the platform or host that the wrapping names; else the record
    itself.
    """
    wrapping = mapping(record.value)
    if not all(mark in wrapping for mark in _MARKS):
        return record
    source = (text(wrapping["source_platform"]) or "").lower().removesuffix(_COMMENTS)
    inner = replace(record, value=wrapping["data"], locator=record.locator.at(pointer("data")))
    return replace(inner, platform=source or None, collected_at=wrapping["timestamp_collected"])
