"""Near duplicates among PDQ hashes: all pairs and clusters, against brute force by faiss; new hashes; videos; memory.

The hashes are random but for a tenth, which are copies with 0 to 40 bits flipped, some of them in groups of up to 20,
and one picture that 300 people posted. Ours is on one thread and clusters the pairs too; faiss only finds them, and
uses every core. Of a million it is asked for the neighbours of 5,000, and its time is scaled up. The bench fails when
faiss finds a pair that we don't.

Videos are of 60 s, in shots of 5 s whose seconds are alike; a fifth begin with the same title of 3 s, and a tenth of
the new ones are copies.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import numpy.typing as npt

from bench.measure import Row, fresh_folder, in_turn, limit_row, run_module
from media_pipeline.search.near.clusters import clusters
from media_pipeline.search.near.covering import MAX_DISTANCE
from media_pipeline.search.near.index import NearIndex
from media_pipeline.search.near.videos import Videos, near_videos
from media_pipeline.search.near.words import words_of

SEED = 20261121
FEW, MANY, NEW = 100_000, 1_000_000, 1_000
ASKED = 5_000
"""Of a million, what faiss is asked for."""
ROUNDS = 3
AIM = 5
LIMIT_SECONDS, LIMIT_MB = 2, 2_000
FLIPS, LARGEST_GROUP, CROWD = 40, 20, 300
VIDEOS, NEW_VIDEOS, LIMIT_VIDEOS_SECONDS = 10_000, 1_000, 15
LENGTH, SHOT, TITLE, FLIPS_IN_A_SHOT = 60, 5, 3, 6
"""Seconds, and bits."""

Hashes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


def rows() -> list[Row]:
    """Ratios of seconds, seconds for new hashes, and megabytes."""
    memory = _memory_row()
    hashes = _hashes(MANY)
    return [_pairs_row(_hashes(FEW), FEW), _pairs_row(hashes, ASKED), _new_row(hashes), _videos_row(), memory]


def _pairs_row(hashes: Hashes, asked: int) -> Row:
    queries = np.sort(np.random.default_rng(SEED).choice(len(hashes), asked, replace=False))
    found: dict[str, set[tuple[int, int]]] = {}

    def ours() -> float:
        started = time.perf_counter()
        pairs = list(NearIndex(hashes).pairs())
        groups = clusters(pairs, len(hashes))
        seconds = time.perf_counter() - started
        found["ours"] = {pair for block in pairs for pair in _tuples(block.first, block.second)}
        print(f"{len(hashes):,} hashes: {len(found['ours']):,} pairs, {len(groups):,} clusters in {seconds:.1f} s")
        return seconds

    def faiss() -> float:
        seconds, found["faiss"] = _asked_of_faiss(hashes, queries)
        return seconds * len(hashes) / asked

    own, theirs = in_turn(ROUNDS, ours, faiss)
    missed = found["faiss"] - found["ours"]
    print(f"faiss found {len(found['faiss']):,} pairs of {asked:,} hashes, we missed {len(missed)} of them")
    if missed:
        raise AssertionError(f"{len(missed)} pairs are missing, such as {min(missed)}")
    ratio = median(peer / seconds for seconds, peer in zip(own, theirs, strict=True))
    scaled = "" if asked == len(hashes) else f", scaled from {asked:,}"
    peer_name = f"faiss IndexBinaryFlat{scaled}"
    name = f"near duplicates, {len(hashes):,} hashes"
    return Row(name, round(median(own), 2), round(median(theirs), 1), peer_name, "s", round(ratio, 1), AIM)


def _asked_of_faiss(hashes: Hashes, queries: Numbers) -> tuple[float, set[tuple[int, int]]]:
    # Imported here, since its threads and 100 MB would count in the other benches.
    import faiss

    index = faiss.IndexBinaryFlat(256)
    index.add(hashes)
    started = time.perf_counter()
    limits, _, labels = index.range_search(hashes[queries], MAX_DISTANCE + 1)
    seconds = time.perf_counter() - started
    asked = np.repeat(queries, np.diff(limits.astype(np.int64)))
    is_other = asked != labels
    one, other = asked[is_other], labels[is_other]
    return seconds, set(_tuples(np.minimum(one, other), np.maximum(one, other)))


def _tuples(first: Numbers, second: Numbers) -> Iterator[tuple[int, int]]:
    return zip(first.tolist(), second.tolist(), strict=True)


def _new_row(hashes: Hashes) -> Row:
    library, new = NearIndex(hashes[:-NEW]), hashes[-NEW:]
    seconds = median(_timed(lambda: sum(len(block) for block in library.pairs_of(new))) for _ in range(ROUNDS))
    return limit_row(f"{NEW:,} new hashes among {MANY:,}", seconds, "s", LIMIT_SECONDS)


def _videos_row() -> Row:
    rng = np.random.default_rng(SEED)
    hashes = np.repeat(rng.integers(0, 256, (VIDEOS + NEW_VIDEOS, LENGTH // SHOT, 32), dtype=np.uint8), SHOT, axis=1)
    hashes[rng.random(len(hashes)) < 0.2, :TITLE] = rng.integers(0, 256, 32, dtype=np.uint8)
    hashes[VIDEOS : VIDEOS + NEW_VIDEOS // 10] = hashes[: NEW_VIDEOS // 10]
    rows = hashes.reshape(-1, 32)
    for _ in range(FLIPS_IN_A_SHOT):
        positions = rng.integers(0, 256, len(rows))
        rows[np.arange(len(rows)), positions // 8] ^= (1 << positions % 8).astype(np.uint8)
    library, new = (_videos(part) for part in np.split(hashes, [VIDEOS]))
    found: list[int] = []
    seconds = median(_timed(lambda: found.append(len(list(near_videos(library, new))))) for _ in range(ROUNDS))
    print(f"{NEW_VIDEOS:,} new videos of {LENGTH} s among {VIDEOS:,}: {found[0]:,} pairs in {seconds:.1f} s")
    return limit_row(f"{NEW_VIDEOS:,} new videos among {VIDEOS:,}", seconds, "s", LIMIT_VIDEOS_SECONDS)


def _videos(hashes: Hashes) -> Videos:
    """Of ``(n, LENGTH, 32)``."""
    starts = np.arange(len(hashes) + 1) * LENGTH
    return Videos(starts, np.tile(np.arange(LENGTH), len(hashes)), words_of(hashes.reshape(-1, 32)))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _memory_row() -> Row:
    fresh_folder("near-duplicates")
    peak_mb = float(run_module("bench.near_duplicates", "start").output)
    return limit_row(f"memory for {MANY:,} hashes", peak_mb, "MB", LIMIT_MB)


def _hashes(count: int) -> Hashes:
    rng = np.random.default_rng(SEED)
    hashes = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    copies = count // 10
    hashes[:copies] = hashes[copies : 2 * copies][rng.integers(0, copies // LARGEST_GROUP * 10, copies)]
    hashes[:CROWD] = hashes[-1]
    flips = rng.integers(1, FLIPS + 1, copies)
    flips[:CROWD] = 6
    for number in range(FLIPS):
        rows = np.flatnonzero(flips > number)
        positions = rng.integers(0, 256, len(rows))
        hashes[rows, positions // 8] ^= (1 << positions % 8).astype(np.uint8)
    # Of equal hashes we only pair the first with others, and so couldn't be held against faiss.
    _, firsts = np.unique(hashes.view("V32"), return_index=True)
    equal = np.setdiff1d(np.arange(count), firsts)
    hashes[equal] = rng.integers(0, 256, (len(equal), 32), dtype=np.uint8)
    return hashes[rng.permutation(count)]


if __name__ == "__main__":
    if sys.argv[1] == "start":
        # To the kernel a process is never smaller than the one that started it was.
        print(run_module("bench.near_duplicates", "search").peak_mb)
    else:
        searched = NearIndex(_hashes(MANY))
        clusters(searched.pairs(), len(searched))
