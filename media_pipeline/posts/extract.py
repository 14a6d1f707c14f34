"""An export file as posts with their media: reader, platform and media in one pass, nothing kept.

What belongs here: joining them, and the JSON that ``media-pipeline extract`` prints. What does not: storing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from media_pipeline.model import Candidate, Fault, Locator, MediaRef, Post, Record, unforeseen
from media_pipeline.posts.coverage import Coverage, CoverageCounter
from media_pipeline.posts.observation import UNKNOWN_TIMES, Times, times_of
from media_pipeline.posts.platforms.base import MOST_WITHOUT_POST, Platform
from media_pipeline.posts.readers import read_each, read_export
from media_pipeline.posts.recognition import another_platform, recognise

RECORDS_LOOKED_AT = 100
"""A record of a real export that is of no platform, such as a stream's notice, is followed by one that is."""

NOT_RECOGNISED = "no post of any known platform found in this record; name its platform to see what was expected"

MEDIA_UNTOLD = "what media it shows can't be told"


@dataclass(frozen=True, slots=True)
class ExtractedPost:
    """A post and its media, in order: none where they can't be told, which is a fault beside it."""

    post: Post
    media: tuple[MediaRef, ...]
    times: Times = UNKNOWN_TIMES
    """What the export says about when it saw the post."""

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values: ids, author, time (ISO 8601, UTC), relation, and each medium with all its candidates."""
        post = self.post
        return {
            "platform": post.platform,
            "post_id": post.post_id,
            "native_id": post.native_id,
            "author": {"id": post.author_id, "handle": post.author_handle, "name": post.author_name},
            "posted_at": _iso(post.posted_at),
            "relation": post.relation.value if post.relation else None,
            "media": [_media_json(reference) for reference in self.media],
        }


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One record of an export: what was found in it, and by which platform."""

    platform: Platform
    value: Any
    posts: tuple[ExtractedPost, ...]
    faults: tuple[Fault, ...]
    times: Times = UNKNOWN_TIMES
    """What the export says about when it saw the record."""

    @property
    def media(self) -> Iterator[MediaRef]:
        """Those of all its posts."""
        return (reference for extracted in self.posts for reference in extracted.media)


def read_records(path: Path, platform: Platform | None = None) -> Iterator[ReadRecord | Fault]:
    """Yield every record of an export with its posts, and a fault for each part that can't be read.

    Without a platform each record's is recognised; with one, a record that is another's is a fault that says so.
    Raises OSError where the file can't be read; nothing in the file makes it raise.
    """
    barren = 0.0
    for read in _read_records(path, platform):
        yield read
        barren = 0 if isinstance(read, ReadRecord) and read.posts else barren + _barrenness(read)
        if barren >= MOST_WITHOUT_POST:
            where = read.locator if isinstance(read, Fault) else Locator()
            yield Fault(where, f"no post in {MOST_WITHOUT_POST} records in a row: no export, not read on")
            return


def _barrenness(read: ReadRecord | Fault) -> float:
    """How much what gives no post tells against an export: little where its platform finds nothing wrong with it, as
    with comments, which somebody may have written a hundred thousand of."""
    return 1 if isinstance(read, Fault) or read.faults else 0.05


def _read_records(path: Path, platform: Platform | None) -> Iterator[ReadRecord | Fault]:
    reading = _Reading(platform)
    for record in read_export(path):
        if isinstance(record, Fault):
            yield record
            continue
        try:
            read = reading.of(record)
        except Exception as error:
            # A shape of data that a platform's module does not foresee is a fault of this record.
            if isinstance(error, MemoryError):
                raise
            read = Fault(record.locator, unforeseen(error))
        if read is not None:
            yield read


class _Reading:
    """An export under way, and what is known of its platform by now."""

    def __init__(self, platform: Platform | None) -> None:
        self._named = platform
        self._recognised = platform
        self._trusted = False

    def of(self, record: Record) -> ReadRecord | Fault | None:
        """What one record holds."""
        read = _read(record, self._recognised) if self._recognised else None
        if self._named is None and not (read and read.posts):
            found = recognise(record)
            if found:
                self._recognised, read = found, _read(record, found)
            elif read is None or read.faults:
                return Fault(record.locator, NOT_RECOGNISED)
        if read is None or self._named is None or self._trusted:
            return read
        other = another_platform(record, self._named) if read.posts else recognise(record)
        if other and other is not self._named:
            return Fault(record.locator, _misplaced(other, self._named))
        # One record that is the platform's own vouches for the rest, which need no second look.
        self._trusted = bool(read.posts)
        return read


@dataclass(frozen=True, slots=True)
class Recognised:
    """What an export is, by the first of its records that is recognised."""

    label: str | None
    """Of an export in an archive, its label there."""
    platform: Platform | None
    why_not: str
    """What was seen instead, where no record is of a known platform."""


def recognised_in(path: Path) -> list[Recognised]:
    """What each export of a file is: several in an archive, else one. Raises OSError where the file can't be read."""
    return [_recognised(label, parts) for label, parts in read_each(path)]


def _recognised(label: str | None, parts: Iterator[Record | Fault]) -> Recognised:
    why_not = "no record of it is a post of a known platform"
    for part in islice(parts, RECORDS_LOOKED_AT):
        if isinstance(part, Fault):
            why_not = part.reason
        elif found := recognise(part):
            return Recognised(label, found, "")
    return Recognised(label, None, why_not)


def extract(path: Path, platform: Platform | None = None) -> Iterator[ExtractedPost | Fault]:
    """Yield every post of an export with its media, and a fault for each part that can't be used."""
    for part in read_records(path, platform):
        yield from (part,) if isinstance(part, Fault) else (*part.posts, *part.faults)


def coverage(path: Path, platform: Platform | None = None) -> Coverage:
    """How many media URLs of an export are explained, over all its records."""
    counters: dict[str, CoverageCounter] = {}
    is_recognised = False
    for part in read_records(path, platform):
        if isinstance(part, ReadRecord):
            is_recognised = is_recognised or bool(part.posts)
            counter = counters.setdefault(part.platform.name, CoverageCounter(part.platform))
            counter.add(part.value, part.media)
    results = [counter.result() for counter in counters.values()]
    return Coverage(
        sum(result.urls for result in results),
        tuple(found for result in results for found in result.unexplained),
        is_recognised,
    )


def _read(record: Record, platform: Platform) -> ReadRecord:
    posts: list[ExtractedPost] = []
    faults: list[Fault] = []
    try:
        for part in platform.posts(record):
            if isinstance(part, Fault):
                faults.append(part)
            else:
                posts.append(_with_media(platform, part, times_of(record, part.raw), faults))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        # A shape of data that the platform's module does not foresee. The posts before it in this record are good.
        faults.append(Fault(record.locator, unforeseen(error)))
    return ReadRecord(platform, record.value, tuple(posts), tuple(faults), times_of(record, {}))


def _with_media(platform: Platform, post: Post, times: Times, faults: list[Fault]) -> ExtractedPost:
    try:
        return ExtractedPost(post, platform.media(post.raw), times)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        faults.append(Fault(post.locator, f"{MEDIA_UNTOLD}: {unforeseen(error)}"))
        return ExtractedPost(post, (), times)


def _misplaced(found: Platform, platform: Platform) -> str:
    return f"this is an export of {found.name}, not of {platform.name}: import it with --platform {found.name}"


def _media_json(reference: MediaRef) -> dict[str, Any]:
    return {
        "type": reference.media_type.value,
        "role": reference.role.value,
        "url": reference.url,
        "candidates": [_candidate_json(candidate) for candidate in reference.candidates],
        "expires_at": _iso(reference.expires_at),
    }


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "url": candidate.url,
        "role": candidate.role.value,
        "width": candidate.width,
        "height": candidate.height,
        "bitrate": candidate.bitrate,
        "codec": candidate.codec,
        "rule": candidate.rule,
    }


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
