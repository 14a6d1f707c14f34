"""What is to be fetched for a stream, whichever kind of list said so.

What belongs here: the nouns that hls and dash hand to download, and its limits. What does not: reading lists, fetching.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from media_pipeline.fetch.outcome import Refusal
from media_pipeline.model import MediaType, Status

VIDEO_AND_AUDIO = frozenset((MediaType.VIDEO, MediaType.AUDIO))
ONLY_VIDEO = frozenset((MediaType.VIDEO,))
ONLY_AUDIO = frozenset((MediaType.AUDIO,))


@dataclass(frozen=True, slots=True)
class ByteRange:
    """``length`` bytes from ``start``, counted from 0."""

    start: int
    length: int

    @property
    def header(self) -> str:
        """As the Range header has it (RFC 9110, section 14.1.2)."""
        return f"bytes={self.start}-{self.start + self.length - 1}"


@dataclass(frozen=True, slots=True)
class Key:
    """AES-128 in CBC mode: where the 16 bytes of the key are, and the 16 bytes of the initialisation vector."""

    url: str
    iv: bytes


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment, or what comes before the first: one request."""

    url: str
    byte_range: ByteRange | None = None
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Parts that make one file when they are put end to end; at a discontinuity begins another."""

    init: Segment | None
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """One playlist or representation: ``seconds`` as it declares them, and what is taken from it."""

    runs: tuple[Run, ...]
    seconds: float | None
    kinds: frozenset[MediaType]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stream may cost. Bytes are those received, lists and keys included."""

    total_bytes: int
    segments: int = 10_000
    """Of one track: 16 hours in the 6 seconds that Apple recommends."""
    list_bytes: int = 4_000_000
    """Of one playlist or manifest: 400 bytes for each segment, so that signed URLs fit."""


class Get(Protocol):
    """The guarded client: attempts, redirects, host limits and the checks of each address are its business."""

    def __call__(self, url: str, path: Path, limit: int, byte_range: ByteRange | None = None) -> str:
        """GET ``url`` whole, or exactly ``byte_range`` of it, into the new file ``path``.

        At most ``limit`` bytes. Returns the URL that answered after redirects, which relative URLs refer to.
        Raises Refusal, with nothing left at ``path``, or kept as its evidence.
        """
        ...


def broken(message: str) -> Refusal:
    """The list can't be understood: it is no medium, whatever it calls itself."""
    return Refusal(Status.NOT_MEDIA, "broken_playlist", message)


def unsupported(message: str) -> Refusal:
    """The list is in order, but asks for what this program doesn't do."""
    return Refusal(Status.FAILED, "unsupported_stream", message)


def live() -> Refusal:
    """A later run may find the stream ended, and whole."""
    return Refusal(Status.FAILED, "live_stream", "the stream is live: its list has no end yet")


def protected(scheme: str) -> Refusal:
    return Refusal(Status.FORBIDDEN, "drm", f"the stream is protected ({scheme}) and can't be archived")


def too_many_segments(limit: int) -> Refusal:
    return Refusal(Status.TOO_LARGE, "too_many_segments", f"the stream has more than {limit:,} segments")
