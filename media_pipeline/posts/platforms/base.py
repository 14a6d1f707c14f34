"""What a platform module offers, and what such modules share.

What belongs here: the interface, and steps that do not depend on a platform. Reading single values is in
:mod:`media_pipeline.posts.values`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from media_pipeline.model import Candidate, Fault, Locator, MediaRef, MediaType, Post, Record, Relation, Role
from media_pipeline.posts.expiry import expires_at


class Platform(Protocol):
    """What one platform's JSON means. Instances hold no state; neither method raises, whatever the JSON is."""

    @property
    def name(self) -> str:
        """Lower case, as in folder names and partition keys."""
        ...

    @property
    def version(self) -> int:
        """Raised when the module reads the same JSON differently: what it read before is then read again."""
        ...

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        """Yield every post in a record, nested ones too, each with its own locator and relation.

        A part that can't be a post is a fault; so is a record without any post.
        """
        ...

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        """The media of one post in the order of the platform, from ``Post.raw`` alone."""
        ...


def read_posts(
    record: Record, found: Iterable[Found | Missing], read: Callable[[Found, Locator], Post], expected: str
) -> Iterator[Post | Fault]:
    """Turn what was found in a record into posts and faults; ``expected`` is the fault where nothing was found."""
    empty = True
    for part in found:
        empty = False
        locator = record.locator.at(part.pointer)
        yield read(part, locator) if isinstance(part, Found) else Fault(locator, part.reason)
    if empty:
        yield Fault(record.locator, expected)


class Found(NamedTuple):
    """A post's own JSON where a platform module came across it."""

    value: Mapping[str, Any]
    pointer: str = ""
    """From the record's value."""
    relation: Relation | None = None


class Missing(NamedTuple):
    """A place that stands for a post but holds none, and why."""

    reason: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Medium:
    """One medium of a post before it is numbered: where it can be had from, best first."""

    media_type: MediaType
    candidates: tuple[Candidate, ...]
    role: Role = Role.MEDIA
    alt_text: str | None = None
    note: str | None = None


def numbered(media: Iterable[Medium]) -> tuple[MediaRef, ...]:
    """Turn media into references: positions in order, each candidate URL once, the expiry of the chosen URL."""
    return tuple(_reference(position, medium) for position, medium in enumerate(media))


def _reference(position: int, medium: Medium) -> MediaRef:
    by_url: dict[str, Candidate] = {}
    for candidate in medium.candidates:
        by_url.setdefault(candidate.url, candidate)
    reference = MediaRef(
        position=position,
        media_type=medium.media_type,
        candidates=tuple(by_url.values()),
        role=medium.role,
        alt_text=medium.alt_text,
        note=medium.note,
    )
    expiry = expires_at(reference.url)
    return replace(reference, expires_at=expiry) if expiry else reference
