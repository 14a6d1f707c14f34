"""Videos are near when enough of their seconds match in order; none that are near is missed, whatever others show."""

from __future__ import annotations

import tracemalloc
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_pipeline.search.near import crowds
from media_pipeline.search.near.alignment import least_share, needed
from media_pipeline.search.near.videos import near_videos
from media_pipeline_tests.search.near.made_up import Film, films, near_by_brute_force, videos

seeds = st.integers(0, 2**32 - 1)
_pictures = (int.from_bytes(np.random.default_rng(number).bytes(32)) for number in count(1))
A, B, C, D, E, F, G, H, I, J = (next(_pictures) for _ in range(10))  # noqa: E741


def far(picture: int) -> int:
    """As far as can be."""
    return picture ^ (2**256 - 1)


def film(*pictures: int | None) -> Film:
    """Nothing is a second that is black."""
    return {second: pdq for second, pdq in enumerate(pictures) if pdq is not None}


def distances(*made: Film) -> list[int]:
    return [distance for _, _, distance in near_videos(videos([]), videos(made))]


def are_near(one: Film, other: Film) -> bool:
    found = distances(one, other)
    assert found == distances(other, one)
    return bool(found)


def test_three_fifths_of_the_shorter_video_have_to_match():
    whole = film(A, B, C, D, E, F, G, H, I, J)
    assert are_near(whole, film(A, B, C, D, E, F))
    assert are_near(film(A, B, C, far(D), far(E)), whole)
    assert not are_near(film(A, B, far(C), far(D), far(E)), whole)
    assert [least_share(seconds) for seconds in range(11)] == [0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6]


def test_all_of_one_or_two_seconds_have_to_match_and_the_other_video_is_as_short():
    assert are_near(film(A), film(A))
    assert are_near(film(A, B), film(A, B))
    assert not are_near(film(A, B), film(A, far(B)))
    assert not are_near(film(A), film(A, B, C, D, E, F))
    assert are_near(film(A, B), film(A, B, C))
    assert not are_near(film(A, B), film(A, B, C, D))
    assert are_near(film(A, B, C), film(A, B, C, D, E, F))
    assert needed(1, 1) == 1
    assert needed(2, 600) == 3


def test_a_beginning_or_an_end_that_only_one_has_does_not_count():
    whole = film(A, B, C, D, E, F)
    assert are_near(whole, film(C, D, E, F))
    assert are_near(whole, film(A, B, C, D))
    assert are_near(film(G, H, I, A, B, C, D, E, F), film(A, B, C, D, E, F, J, G))


def test_the_order_of_seconds_counts():
    assert not are_near(film(A, B, C, D, E, F), film(F, E, D, C, B, A))
    assert not are_near(film(A, B, C, D, E, F), film(D, A, E, B, F, C))


def test_a_second_may_be_one_early_or_late():
    assert are_near(film(A, B, C, D, E, F), film(A, B, C, G, D, E, F))
    assert not are_near(film(A, B, C, D, E, F), film(A, B, C, G, H, I, J, D, E, F))


def test_a_title_that_two_videos_share_makes_them_no_copies():
    assert not are_near(film(A, A, A, B, C, D), film(A, A, A, E, F, G))
    assert not are_near(film(B, A, C), film(D, A, E))


def test_a_video_without_a_second_of_quality_is_near_to_nothing():
    assert distances(film(None, None), film(None), film(A), film()) == []


def test_a_still_picture_matches_for_as_long_as_both_show_it():
    assert are_near(film(*[A] * 40), film(*[A] * 10))
    assert not are_near(film(*[A] * 40), film(A, A, A, *[B, C, D, E] * 4))


def test_the_distance_is_the_median_of_the_matching_seconds():
    assert distances(film(A, B, C), film(A, B ^ 0b111, C ^ 0b1111111)) == [3]
    assert distances(film(A, B, C, D), film(A, B, far(C), D)) == [0]


@settings(max_examples=60)
@given(seeds, st.integers(1, 40), st.booleans())
def test_the_index_finds_what_comparing_every_two_finds(seed: int, number: int, is_split: bool) -> None:
    rng = np.random.default_rng(seed)
    made = films(rng, number)
    old = number // 2 if is_split else 0
    assert sorted(near_videos(videos(made[:old]), videos(made[old:]))) == near_by_brute_force(made, old)


@pytest.mark.parametrize("crowd", [2, 5, 20])
def test_pictures_that_many_videos_have_hide_no_pair(crowd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "CROWD", crowd)
    for seed in range(6):
        made = films(np.random.default_rng(seed), 60, titles=1 + seed % 2)
        assert sorted(near_videos(videos([]), videos(made))) == near_by_brute_force(made)
        assert sorted(near_videos(videos(made[:40]), videos(made[40:]))) == near_by_brute_force(made, 40)


def test_a_title_of_thousands_of_videos_brings_none_of_them_together() -> None:
    rng = np.random.default_rng(3)
    made = [film(*[A ^ (1 << int(rng.integers(256))) for _ in range(3)], *range(9)) for _ in range(3_000)]
    for own in made:
        own.update({second: int.from_bytes(rng.bytes(32)) for second in range(3, 12)})
    made.append({**made[0], 20: B})
    together = videos(made)
    tracemalloc.start()
    try:
        found = list(near_videos(videos([]), together))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(first, second) for first, second, _ in found] == [(0, 3_000)]
    assert peak < 60_000_000  # the 40 million pairs of seconds with the title are 640 MB
