"""Which sighting of a post is believed, and when a sighting saw it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from media_pipeline.model import KnownBy, Locator, Observation, Post, Relation, Sighting
from media_pipeline.policy.sightings import Rank, believed, believed_for_media, decided_by, observation, why_stub

READ_AT = datetime(2026, 11, 27, tzinfo=UTC)


def at(days: int) -> datetime:
    """So many days before the import."""
    return READ_AT - timedelta(days=days)


@pytest.mark.parametrize(
    ("collected", "edited", "newest", "file", "expected"),
    [
        (at(5), at(9), at(7), at(1), (at(5), KnownBy.COLLECTED)),
        (None, at(9), at(7), at(1), (at(7), KnownBy.NEWEST)),
        (None, at(6), at(7), at(1), (at(6), KnownBy.EDITED)),
        (None, at(9), None, at(1), (at(9), KnownBy.EDITED)),
        (None, None, None, at(1), (at(1), KnownBy.FILE)),
        (None, None, None, at(-1), (READ_AT, KnownBy.IMPORT)),
        (at(-400), at(-1), at(7), at(1), (at(7), KnownBy.NEWEST)),
        (at(-400), at(-1), at(-1), at(-1), (READ_AT, KnownBy.IMPORT)),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), None, at(1), (at(1), KnownBy.FILE)),
    ],
    ids=[
        "collected",
        "newest in the file",
        "edited after all else",
        "edited alone",
        "the file's own",
        "a file from the future",
        "a record from the future",
        "all from the future",
        "what tools write for an unknown time",
    ],
)
def test_an_observation_is_the_most_telling_time_and_never_later_than_the_import(
    collected: datetime | None,
    edited: datetime | None,
    newest: datetime | None,
    file: datetime,
    expected: tuple[datetime, KnownBy],
) -> None:
    assert observation(collected, edited, newest, file, READ_AT) == Observation(*expected)


BASE = Sighting(
    import_id="a",
    import_date=date(2026, 11, 1),
    first_read_at=at(3),
    locator="line 1#",
    raw_sha256="0",
    relation=None,
    stub=None,
    observed=Observation(at(10), KnownBy.NEWEST),
    edited_at=None,
    urls_end_at=None,
    media=1,
    reader_version=1,
)


def observed(days: int, **facts: Any) -> Sighting:
    return replace(BASE, observed=Observation(at(days), KnownBy.NEWEST), **facts)


WORST_TO_BEST = [
    observed(1, stub="blocked"),
    observed(1, relation=Relation.QUOTED),
    observed(-3650),
    observed(9),
    observed(8),
    observed(8, edited_at=at(9)),
    observed(8, edited_at=at(9), urls_end_at=at(6)),
    observed(8, edited_at=at(9), urls_end_at=at(5)),
    observed(8, edited_at=at(9), urls_end_at=at(5), import_date=date(2026, 11, 2)),
    observed(8, edited_at=at(9), urls_end_at=at(5), import_date=date(2026, 11, 2), first_read_at=at(1)),
]


def test_the_believed_sighting_is_whole_then_the_posts_own_then_the_newest() -> None:
    for number in range(2, len(WORST_TO_BEST) + 1):
        for one, other in permutations(WORST_TO_BEST[:number], 2):
            best = max(one, other, key=WORST_TO_BEST.index)
            assert believed([one, other], READ_AT) is best
    assert believed([], READ_AT) is None


def test_the_rule_is_named_by_which_a_sighting_is_taken_before_another_one() -> None:
    better_and_worse = zip(WORST_TO_BEST[1:], WORST_TO_BEST, strict=False)
    named = [decided_by(better, worse, READ_AT) for better, worse in better_and_worse]
    by_time = ["observed_at"] * 2
    assert named == ["is_whole", "is_own", *by_time, "edited_at", *["urls_end_at"] * 2, "import_date", "first_read_at"]
    assert set(named) == set(Rank._fields)
    assert decided_by(BASE, BASE, READ_AT) is None


def test_a_sighting_without_media_says_nothing_of_which_media_a_post_shows() -> None:
    bare = observed(1, media=0)
    assert believed_for_media([bare, BASE], READ_AT) is BASE
    assert believed_for_media([bare], READ_AT) is None


def a_post(**facts: Any) -> Post:
    return Post("bluesky", "1", {}, Locator(line=1), author_id="a", **facts)


@pytest.mark.parametrize(
    ("post", "media", "is_stub"),
    [
        (a_post(), 0, True),
        (a_post(author_handle="ann", author_name="Ann", url="https://host/1"), 0, True),
        (a_post(text="words", unavailable="[removed]"), 1, True),
        (a_post(text="words"), 0, False),
        (a_post(posted_at=at(9)), 0, False),
        (a_post(like_count=0), 0, False),
        (a_post(), 1, False),
    ],
)
def test_a_post_that_names_its_author_alone_or_was_taken_away_is_a_stub(post: Post, media: int, is_stub: bool) -> None:
    assert (why_stub(post, media) is not None) is is_stub
