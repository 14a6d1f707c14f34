"""Which of a post's sightings is the one to believe, and when a sighting saw its post.

What belongs here: these two rules. What does not: where an export names a time (``posts``), and what a believed
sighting does to a post (``catalog``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

from media_pipeline.model import KnownBy, Observation, Post, Sighting
from media_pipeline.policy.clocks import is_from_the_future

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Times before it are what a tool writes for an unknown one: no export is so old."""


class Rank(NamedTuple):
    """What makes one sighting more to believe than another: the first difference decides, the greater one wins."""

    is_whole: bool
    """A stub tells nothing of its post."""
    is_own: bool
    """What another post shows of it may be cut."""
    observed_at: datetime
    edited_at: datetime
    """A file may show a post twice: all that it shows was seen at the same time."""
    urls_end_at: datetime
    """Two exports whose newest times are the same, as of one old post each, differ in how long their URLs work."""
    import_date: date
    first_read_at: datetime


def rank(sighting: Sighting, now: datetime) -> Rank:
    """How much a sighting is to be believed. Times to come are a wrong clock's, and count for nothing."""
    is_of_a_wrong_clock = is_from_the_future(sighting.observed.at, now)
    return Rank(
        sighting.stub is None,
        sighting.relation is None,
        _EARLIEST if is_of_a_wrong_clock else sighting.observed.at,
        _EARLIEST if sighting.edited_at is None or is_of_a_wrong_clock else sighting.edited_at,
        sighting.urls_end_at or _EARLIEST,
        sighting.import_date,
        sighting.first_read_at,
    )


def decided_by(taken: Sighting, other: Sighting, now: datetime) -> str | None:
    """The first difference by which one sighting is believed and not the other: a field of Rank, or None."""
    ranks = rank(taken, now), rank(other, now)
    return next((name for name, one, two in zip(Rank._fields, *ranks, strict=True) if one != two), None)


def believed(sightings: Iterable[Sighting], now: datetime) -> Sighting | None:
    """The sighting whose words and numbers the post has."""
    return max(sightings, key=lambda one: rank(one, now), default=None)


def believed_for_media(sightings: Iterable[Sighting], now: datetime) -> Sighting | None:
    """The sighting that tells which media the post shows: one without any says nothing of them."""
    return believed((sighting for sighting in sightings if sighting.media), now)


def observation(
    collected: datetime | None, edited: datetime | None, newest: datetime | None, file: datetime, read_at: datetime
) -> Observation:
    """When an export saw a post: the collection time that its record names, else the newest time known.

    A post's edit and the newest time in its file both happened before the export saw the post, so the later of them is
    nearer. Times after ``read_at``, when the file was first read, are wrong and count for nothing.
    """

    def known(by: KnownBy, time: datetime | None) -> list[Observation]:
        return [Observation(time, by)] if time is not None and _EARLIEST <= time <= read_at else []

    named = known(KnownBy.COLLECTED, collected)
    before = [*known(KnownBy.NEWEST, newest), *known(KnownBy.EDITED, edited)]
    latest = [max(before, key=lambda one: one.at)] if before else []
    return next(iter([*named, *latest, *known(KnownBy.FILE, file)]), Observation(read_at, KnownBy.IMPORT))


def why_stub(post: Post, media: int) -> str | None:
    """Why a post tells nothing of itself; None where it does. A blocked post leaves an id and an author alone."""
    if post.unavailable is not None:
        return post.unavailable
    says = (post.text, post.posted_at, post.like_count, post.share_count)
    return None if media or any(value is not None for value in says) else "it names the post and its author alone"
