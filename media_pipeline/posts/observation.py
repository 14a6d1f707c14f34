"""What an export says about when it saw a post: the time of collection, of the last edit, the newest time in the file.

What belongs here: where tools and platforms write these times. What does not: which of them counts
(:mod:`media_pipeline.policy.sightings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from media_pipeline.model import Post, Record
from media_pipeline.posts.platforms.base import MOST_WITHOUT_POST, Platform
from media_pipeline.posts.readers import read_export
from media_pipeline.posts.values import mapping, moment

_COLLECTED = (
    *("collected_at", "timestamp_collected", "retrieved_at", "retrieved_on", "retrieved_utc", "retrievedAt"),
    *("scraped_at", "scrapedAt", "scrape_date", "crawled_at", "crawledAt", "fetched_at", "fetchedAt"),
    *("collection_time", "collectedAt", "extracted_at", "extractedAt"),
)
_EDITED = ("edited_at", "editedAt", "edited", "updated_time", "updated", "updated_at", "last_edited_at")
_BESIDE = ("input", "discovery_input")
"""Keys of Bright Data's records, whose ``timestamp`` is the time of scraping."""
_WRITTEN_BY_TOOLS = ("__twarc",)
"""Objects in which a tool writes about its own work."""
_WRAPPING = ("object", "node", "legacy")
"""Objects inside a post's JSON that carry what it says, besides the JSON itself."""


@dataclass(frozen=True, slots=True)
class Times:
    """What a record and the post in it say about when the post was seen."""

    collected: datetime | None = None
    edited: datetime | None = None


UNKNOWN_TIMES = Times()


def times_of(record: Record, raw: Mapping[str, Any]) -> Times:
    """The times that an export names for a post, whose own JSON is ``raw``."""
    return Times(_collected(record, raw), _edited(raw))


def newest_time(path: Path, platform: Platform, until: datetime) -> datetime | None:
    """The newest time up to ``until`` that the export names for any of its posts, None where there is none.

    Raises OSError. Reading the export once more for this costs a tenth of an import.
    """
    newest: datetime | None = None
    barren = 0
    for record in read_export(path):
        found = _times_in(record, platform) if isinstance(record, Record) else []
        barren = 0 if found else barren + 1
        if barren >= MOST_WITHOUT_POST:
            break
        newest = max((time for time in (newest, *found) if time and time <= until), default=None)
    return newest


def _times_in(record: Record, platform: Platform) -> list[datetime | None]:
    """Those of the posts of a record, known or not: empty where it holds none."""
    found: list[datetime | None] = []
    try:
        for post in platform.posts(record):
            if isinstance(post, Post):
                times = times_of(record, post.raw)
                found += (post.posted_at, times.edited, times.collected)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001
        # A shape of data that the platform's module does not foresee: reading the record's posts names the fault.
        return found
    return found


def _collected(record: Record, raw: Mapping[str, Any]) -> datetime | None:
    value = mapping(record.value)
    places = (value, *(mapping(value.get(key)) for key in _WRITTEN_BY_TOOLS), raw)
    named = next((time for place in places if (time := _first(place, _COLLECTED))), None)
    if named is None and any(key in raw for key in _BESIDE):
        named = moment(raw.get("timestamp"))
    return moment(record.collected_at) or named


def _edited(raw: Mapping[str, Any]) -> datetime | None:
    places = (raw, *(mapping(raw.get(key)) for key in _WRAPPING))
    return next((time for place in places if (time := _first(place, _EDITED))), None)


def _first(place: Mapping[str, Any], keys: Iterable[str]) -> datetime | None:
    return next((time for key in keys if (time := moment(place.get(key)))), None)
