"""What a platform module offers, and what such modules share.

What belongs here: the interface, and steps that do not depend on a platform. Reading single values is in
:mod:`media_pipeline.posts.values`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from media_pipeline.model import Candidate, Fault, Locator, MediaRef, MediaType, Post, Record, Relation, Role
from media_pipeline.policy import media_keys
from media_pipeline.policy.expiry import end_of
from media_pipeline.posts.expiry import expires_at

MOST_WITHOUT_POST = 50_000
"""Records and faults in a row without a post, after which an export is not read on: a packed file of a few megabytes
may hold a milliard."""


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

    @property
    def domains(self) -> tuple[str, ...]:
        """Of its own pages, e.g. ``x.com``: by them an export is recognised. Hosts below a domain belong to it."""
        ...

    @property
    def media_domains(self) -> tuple[str, ...]:
        """Of the hosts that serve its media, e.g. ``twimg.com``: a URL on one must be explained."""
        ...

    @property
    def non_media(self) -> tuple[NonMedia, ...]:
        """What else its media hosts serve: avatars, banners, emoji. A row that hides a real medium is a defect."""
        ...

    def posts(self, record: Record) -> Iterator[Post | Fault]:
        """Yield every post in a record, nested ones too, each with its own locator and relation.

        A part that can't be a post is a fault; so is a record without any post.
        """
        ...

    def media(self, raw: Mapping[str, Any]) -> tuple[MediaRef, ...]:
        """The media of one post in the order of the platform, from ``Post.raw`` alone."""
        ...


@dataclass(frozen=True, slots=True)
class NonMedia:
    """URLs that look like media and are none of a post's, named by where they stand, by their address, or by both."""

    what: str
    """``avatar``, ``banner``, ``emoji``, ``card`` …"""
    keys: str = ""
    """The end of the key path, indexes left out: ``user.profile_image_url``. Whole keys are compared."""
    address: str = ""
    """A regular expression that is looked for in the URL."""


def read_posts(
    record: Record, found: Iterable[Found | Missing], read: Callable[[Found, Locator], Post], expected: str
) -> Iterator[Post | Fault]:
    """Turn what was found in a record into posts and faults; ``expected`` is the fault where nothing was found."""
    empty = True
    for part in found:
        empty = False
        locator = record.locator.at(part.pointer)
        yield read(part, locator) if isinstance(part, Found) else Fault(locator, part.reason, part.native_id)
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
    native_id: str | None = None
    """Of the post, where the place is a stub that names it."""


def with_inner_posts(
    found: Found,
    inner_posts: Callable[[Found], Iterable[Found | Missing]],
    native_id: Callable[[Mapping[str, Any]], str | None],
) -> Iterator[Found | Missing]:
    """Yield a post and those inside it, at any depth, each id once: a repost of a quote shows the quoted post twice."""
    seen: set[str | None] = set()
    waiting: list[Found | Missing] = [found]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Missing):
            yield part
            continue
        number = native_id(part.value)
        if number not in seen:
            seen.add(number)
            yield part
            waiting.extend(reversed(list(inner_posts(part))))


@dataclass(frozen=True, slots=True)
class Medium:
    """One medium of a post before it is numbered: where it can be had from, best first."""

    media_type: MediaType
    candidates: tuple[Candidate, ...]
    role: Role = Role.MEDIA
    alt_text: str | None = None
    note: str | None = None
    key: str | None = None
    """The platform's own key of the medium, the same in every export that names it. None: its URL tells."""
    files: tuple[str, ...] = ()
    """Paths of its file in the export itself, as the export writes them."""


def numbered(media: Iterable[Medium]) -> tuple[MediaRef, ...]:
    """Turn media into references: positions in order, keys, each candidate URL once, the expiry of the chosen URL."""
    found = list(media)
    short = [_key_of(medium, position, media_keys.of_url) for position, medium in enumerate(found)]
    times = Counter(short)
    references: list[MediaRef] = []
    keys = media_keys.Keys()
    for position, medium in enumerate(found):
        key = short[position]
        if times[key] > 1:
            # Two media whose URLs differ in what is left out of the key.
            key = _key_of(medium, position, media_keys.of_whole_url)
        references.append(_reference(position, keys.take(key), medium))
    return tuple(references)


def _key_of(medium: Medium, position: int, of_url: Callable[[str], str]) -> str:
    if medium.key:
        return media_keys.native(medium.key)
    own = next((candidate for candidate in medium.candidates if candidate.role is medium.role), None)
    return of_url(own.url) if own else media_keys.of_place(position)


def _reference(position: int, key: str, medium: Medium) -> MediaRef:
    by_url: dict[str, Candidate] = {}
    for candidate in medium.candidates:
        if candidate.url not in by_url:
            by_url[candidate.url] = _with_its_end(candidate)
    return MediaRef(
        position=position,
        key=key,
        media_type=medium.media_type,
        candidates=tuple(by_url.values()),
        role=medium.role,
        alt_text=medium.alt_text,
        note=medium.note,
        files=medium.files,
    )


def _with_its_end(candidate: Candidate) -> Candidate:
    end = end_of(expires_at(candidate.url), candidate.expires_at)
    return candidate if end == candidate.expires_at else replace(candidate, expires_at=end)
