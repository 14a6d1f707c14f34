"""No pair of near duplicates is missed, whatever the hashes are; none is found twice, and nothing else."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_pipeline.search.near.clusters import Original, canonical, clusters
from media_pipeline.search.near.covering import ALLOWANCES, MAX_DISTANCE, masks
from media_pipeline.search.near.index import NearIndex, Pairs
from media_pipeline.search.near.words import WORDS, bits_of, distances, words_of

Hashes = npt.NDArray[np.uint8]
Found = list[tuple[int, int, int]]
FLIPS = (0, 1, 2, 15, 30, 31, 32, 33, 64)
_EACH_BIT = np.packbits(np.eye(256, dtype=np.uint8), axis=1)
_WORD_OF = np.argmax(words_of(_EACH_BIT) != 0, axis=0)
"""Of each of a hash's bits."""
seeds = st.integers(0, 2**32 - 1)


def random_hashes(rng: np.random.Generator, count: int) -> Hashes:
    return rng.integers(0, 256, (count, 32), dtype=np.uint8)


def flipped(hashes: Hashes, positions: Iterable[int]) -> Hashes:
    bits = np.zeros(256, np.uint8)
    bits[list(positions)] = 1
    return hashes ^ np.packbits(bits)


def crowd(rng: np.random.Generator, middle: Hashes, count: int, flips: int) -> Hashes:
    """Hashes that differ from the middle in so many bits each."""
    return np.concatenate([flipped(middle, rng.choice(256, flips, replace=False))[None] for _ in range(count)])


def listed(blocks: Iterable[Pairs]) -> Found:
    return sorted(
        (int(first), int(second), int(apart))
        for block in blocks
        for first, second, apart in zip(block.first, block.second, block.distances, strict=True)
    )


def by_brute_force(hashes: Hashes, new_from: int = 0) -> Found:
    """Each pair of different hashes; equal ones stand behind their first, within the library and within the new."""
    seen: dict[tuple[bool, bytes], int] = {}
    pairs, kept = [], []
    for row, content in enumerate(hashes):
        original = seen.setdefault((row >= new_from, content.tobytes()), row)
        if original == row:
            kept.append(row)
        elif row >= new_from:
            pairs.append((original, row, 0))
    bits = np.unpackbits(hashes, axis=1).astype(np.int32)
    for number, row in enumerate(kept):
        others = np.array(kept[number + 1 :], np.int64)
        apart = (bits[others] != bits[row]).sum(axis=1)
        near = (apart <= MAX_DISTANCE) & (others >= new_from)
        pairs += [(row, int(other), int(bits)) for other, bits in zip(others[near], apart[near], strict=True)]
    return sorted(pairs)


def check(hashes: Hashes, new_from: int = 0) -> Found:
    if new_from:
        found = listed(NearIndex(hashes[:new_from]).pairs_of(hashes[new_from:]))
    else:
        found = listed(NearIndex(hashes).pairs())
    assert found == by_brute_force(hashes, new_from)
    return found


@pytest.mark.parametrize("word", range(WORDS))
def test_words_that_differ_in_less_than_their_allowance_are_equal_under_a_mask(word: int) -> None:
    # Every way to differ in as many bits as possible: a mask that hides those hides any fewer of them.
    ways = np.fromiter(
        (sum(1 << bit for bit in chosen) for chosen in combinations(bits_of(word), ALLOWANCES[word] - 1)), np.uint64
    )
    for mask in masks():
        if mask.word == word:
            ways = ways[(ways & np.uint64(mask.bits)) != 0]
    assert len(ways) == 0


def test_one_word_at_least_of_a_near_pair_is_within_its_allowance() -> None:
    assert sum(ALLOWANCES) == MAX_DISTANCE + 1
    assert sum(len(bits_of(word)) for word in range(WORDS)) == 256


@settings(max_examples=60)
@given(seeds)
def test_distances_are_the_bits_that_differ(seed: int) -> None:
    one, other = random_hashes(np.random.default_rng(seed), 2)
    expected = (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()
    assert distances(words_of(one[None]), words_of(other[None])).tolist() == [expected]
    assert distances(words_of(one[None]), words_of(~one[None])).tolist() == [256]


@settings(max_examples=40)
@given(seeds, st.integers(0, 300), st.lists(st.sampled_from(FLIPS), max_size=60))
def test_planted_pairs_of_any_distance_are_found_if_near(seed: int, count: int, planted: list[int]) -> None:
    rng = np.random.default_rng(seed)
    originals = random_hashes(rng, count + len(planted))
    copies = [flipped(originals[row], rng.choice(256, flips, replace=False)) for row, flips in enumerate(planted)]
    hashes = np.concatenate([originals, np.array(copies, np.uint8).reshape(-1, 32)])
    found = check(hashes[rng.permutation(len(hashes))])
    assert len(found) == sum(flips <= MAX_DISTANCE for flips in planted)


@settings(max_examples=30)
@given(seeds, st.integers(1, 150), st.integers(1, 150))
def test_new_hashes_are_compared_with_the_library_and_among_themselves(seed: int, old: int, new: int) -> None:
    rng = np.random.default_rng(seed)
    middles = random_hashes(rng, 30)
    rows = rng.integers(0, 30, old + new)
    hashes = np.concatenate([flipped(middles[row], rng.choice(256, rng.integers(0, 20)))[None] for row in rows])
    check(hashes, old)


@pytest.mark.parametrize("flips", [30, 31, 32])
def test_flips_that_are_spread_evenly_over_the_words_hide_no_pair(flips: int) -> None:
    rng = np.random.default_rng(flips)
    spread = [_position(word, rank) for rank in range(42) for word in range(WORDS)]
    originals = random_hashes(rng, 500)
    found = check(np.concatenate([originals, flipped(originals, spread[:flips])]))
    assert len(found) == (500 if flips <= MAX_DISTANCE else 0)


@pytest.mark.parametrize("word", range(WORDS))
def test_flips_that_all_lie_in_one_word_hide_no_pair(word: int) -> None:
    originals = random_hashes(np.random.default_rng(word), 300)
    for flips in (31, 32):
        positions = [_position(word, rank) for rank in range(flips)]
        found = check(np.concatenate([originals, flipped(originals, positions)]))
        assert len(found) == (300 if flips <= MAX_DISTANCE else 0)


def test_flips_that_leave_every_word_but_one_just_beyond_its_allowance_hide_no_pair() -> None:
    originals = random_hashes(np.random.default_rng(3), 200)
    for within in range(WORDS):
        counts = [ALLOWANCES[word] - (word == within) for word in range(WORDS)]
        positions = [_position(word, rank) for word in range(WORDS) for rank in range(counts[word])]
        assert len(positions) == MAX_DISTANCE
        assert len(check(np.concatenate([originals, flipped(originals, positions)]))) == 200


def _position(word: int, rank: int) -> int:
    """Where a bit of this word lies in the 256 of a hash."""
    return int(np.flatnonzero(word == _WORD_OF)[rank])


@settings(max_examples=25)
@given(seeds, st.lists(st.tuples(st.integers(1, 400), st.integers(0, 24)), min_size=1, max_size=4), st.booleans())
def test_crowds_hide_no_pair(seed: int, crowds: list[tuple[int, int]], are_split: bool) -> None:
    rng = np.random.default_rng(seed)
    middle = random_hashes(rng, 1)[0]
    hashes = [random_hashes(rng, 40)]
    for count, flips in crowds:
        hashes.append(crowd(rng, middle, count, flips))
        middle = flipped(middle, rng.choice(256, 25, replace=False))
    mixed = rng.permutation(np.concatenate(hashes))
    check(mixed, len(mixed) // 2 if are_split else 0)


def test_hashes_that_are_equal_in_most_words_and_far_in_one_hide_no_pair() -> None:
    rng = np.random.default_rng(8)
    hashes = np.repeat(random_hashes(rng, 1), 700, axis=0)
    hashes[:, ::4] = random_hashes(rng, 700)[:, ::4]
    hashes[500:] = flipped(hashes[:200], rng.choice(256, 31, replace=False))
    check(hashes)


def test_fifty_thousand_equal_hashes_are_paired_with_the_first() -> None:
    rng = np.random.default_rng(9)
    others = random_hashes(rng, 20_000)
    same = np.repeat(random_hashes(rng, 1), 50_000, axis=0)
    index = NearIndex(np.concatenate([others, same]))
    blocks = list(index.pairs())
    assert sum(map(len, blocks)) == 49_999
    assert {int(row) for block in blocks for row in np.unique(block.first)} == {20_000}
    groups = clusters(blocks, len(index))
    assert [(len(group), group[0], group[-1]) for group in groups] == [(50_000, 20_000, 69_999)]
    assert listed(index.pairs_of(same[:2])) == [(20_000, 70_000, 0), (70_000, 70_001, 0)]


def test_thousands_of_nearly_equal_hashes_take_little_memory() -> None:
    rng = np.random.default_rng(10)
    index = NearIndex(crowd(rng, random_hashes(rng, 1)[0], 6_000, 5))
    tracemalloc.start()
    try:
        total = sum(map(len, index.pairs()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 6_000 * 5_999 // 2
    assert peak < 30_000_000  # all pairs together are 320 MB


def test_an_empty_index_and_single_hashes_have_no_pairs() -> None:
    none, one = np.empty((0, 32), np.uint8), np.zeros((1, 32), np.uint8)
    assert listed(NearIndex(none).pairs()) == listed(NearIndex(one).pairs()) == []
    assert listed(NearIndex(none).pairs_of(one)) == listed(NearIndex(one).pairs_of(none)) == []
    assert listed(NearIndex(one).pairs_of(one)) == [(0, 1, 0)]
    assert len(NearIndex(one)) == 1


def test_hashes_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        NearIndex(np.zeros((3, 31), np.uint8))


@settings(max_examples=60)
@given(st.integers(1, 60), st.data())
def test_clusters_are_the_connected_components(count: int, data: st.DataObject) -> None:
    row = st.integers(0, count - 1)
    pairs = [pair for pair in data.draw(st.lists(st.tuples(row, row), max_size=80)) if pair[0] != pair[1]]
    groups = {number: {number} for number in range(count)}
    for first, second in pairs:
        merged = groups[first] | groups[second]
        groups.update(dict.fromkeys(merged, merged))
    expected = sorted({tuple(sorted(group)) for group in groups.values() if len(group) > 1})
    cut = data.draw(st.integers(0, len(pairs)))
    blocks = [_block(pairs[:cut]), _block(pairs[cut:])]
    assert [tuple(group.tolist()) for group in clusters(blocks, count)] == expected


def test_a_chain_of_a_hundred_thousand_is_one_cluster() -> None:
    rows = np.arange(100_000)
    order = np.random.default_rng(12).permutation(99_999)
    chain = Pairs(rows[:-1][order], rows[1:][order], np.zeros(99_999, np.uint16))
    assert [len(group) for group in clusters([chain], 100_000)] == [100_000]
    assert clusters([], 0) == clusters([], 5) == []


def _block(pairs: list[tuple[int, int]]) -> Pairs:
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return Pairs(rows.min(axis=1), rows.max(axis=1), np.zeros(len(pairs), np.uint16))


def test_the_best_original_has_most_pixels_then_most_bytes_then_is_the_oldest() -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    best = Original("b", 2000, 500, day)
    lesser = [
        Original("a", 1999, 900, day),
        Original("c", 2000, 499, day - timedelta(days=1)),
        Original("d", 2000, 500, day + timedelta(seconds=1)),
        Original("e", 2000, 500, day),
    ]
    assert canonical([*lesser, best]) == canonical([best, *lesser]) == best
    assert canonical([best]) == best
