"""One request, and what came of it: what a scheduler hands to whoever fetches, in this process or another.

What belongs here: frozen, picklable values. What does not: asking (:mod:`media_pipeline.fetch.dispatch.requester`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from media_pipeline.fetch.body import ReceivedBody
from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.streams.plan import ByteRange
from media_pipeline.model import FetchAttempt, Validators


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a medium, or for a segment of a stream when ``segment`` is given."""

    url: str
    folder: Path
    """Where its temporary file is made."""
    first_url: str = ""
    """Where the redirects that led here began: an unfinished download is known by it."""
    expires_at: datetime | None = None
    known: Validators | None = None
    """Ask only for another version than this."""
    segment: SegmentFile | None = None


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """What a stream wants of a URL: bytes of any type in a new file of its own."""

    path: Path
    limit: int
    byte_range: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A whole medium in a temporary file."""

    body: ReceivedBody
    validators: Validators


@dataclass(frozen=True, slots=True)
class ReceivedPlaylist:
    """A stream's playlist or manifest, and the URL that answered with it."""

    url: str
    text: bytes


@dataclass(frozen=True, slots=True)
class ReceivedSegment:
    """A segment of a stream is in its file; ``url`` is what answered."""

    url: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The host says that it is elsewhere."""

    url: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The host still has the version that is known."""


RequestResult = Received | ReceivedPlaylist | ReceivedSegment | Moved | Unchanged | Refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a Request, and how it went."""

    result: RequestResult
    attempt: FetchAttempt
