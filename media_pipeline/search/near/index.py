"""All pairs of near duplicates, exactly.

What belongs here: who is compared with whom, and which pairs come of it. What does not: groups of pairs
(:mod:`media_pipeline.search.near.clusters`).

A pair meets under several masks. It is found under the first, so that nothing has to be remembered, or, if both are in
the same crowd, when that is compared outright.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from media_pipeline.search.near.covering import ALLOWANCES, MAX_DISTANCE, Mask, masks
from media_pipeline.search.near.crowds import find_crowds
from media_pipeline.search.near.tables import Table
from media_pipeline.search.near.words import Distances, Hashes, Rows, Words, distances, words_of

BLOCK = 1 << 18
"""Pairs that are compared at a time, about: 40 MB at most, and most of it in the processor's cache."""
_TILE = 1 << 15
"""The same within a crowd, where there are no indices to follow."""
_MARKS = 1 << 16

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Near duplicates, one array an attribute, all of one length."""

    first: Rows
    second: Rows
    """Larger than ``first``."""
    distances: Distances
    """0 to 31."""

    def __len__(self) -> int:
        return len(self.first)


class NearIndex:
    """Perceptual hashes of a library, by row, 0 to n - 1 in the order in which they are given.

    Hashes of little quality (below 50, by PDQ's authors) are to be left out. Rows of equal hashes are paired with the
    first of them only, which stands for them in every other pair: so a picture that a library holds 50,000 times makes
    49,999 pairs and not 1.2 billion. Takes 56 bytes a row, and about 150 more while it is asked (a process that
    searches a million: 305 MB in all).
    """

    def __init__(self, hashes: Hashes) -> None:
        self._count = len(hashes)
        words = words_of(hashes)
        self._rows, self._copies = _distinct(words)
        self._words = words[:, self._rows]

    def __len__(self) -> int:
        return self._count

    def pairs(self) -> Iterator[Pairs]:
        """Every pair within MAX_DISTANCE, once, in blocks of no particular order."""
        yield from _found([self._copies], np.arange(self._count))
        yield from _found(search(self._words, 0, find_crowds(self._words, masks())), self._rows)

    def pairs_of(self, new: Hashes) -> Iterator[Pairs]:
        """Every pair of a new hash with one of the library or another new one. New rows are numbered from n on."""
        words = words_of(new)
        rows, copies = _distinct(words)
        yield from _found([copies], np.arange(self._count, self._count + len(new)))
        together = np.concatenate((self._words, words[:, rows]), axis=1)
        names = np.concatenate((self._rows, rows + self._count))
        yield from _found(search(together, self._words.shape[1], find_crowds(together, masks())), names)


def _distinct(words: Words) -> tuple[Rows, Pairs]:
    """The first row of each hash, ascending, and the pairs of the others with it."""
    order = np.lexsort(words)
    ordered = words[:, order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    # lexsort is stable, so that the first of equals is the least row.
    firsts = order[is_first][np.cumsum(is_first) - 1]
    copies, originals = order[~is_first], firsts[~is_first]
    return np.sort(order[is_first]), Pairs(originals, copies, np.zeros(len(copies), np.uint16))


def pairs_across(hashes: Hashes, groups: Rows, is_new: Flags) -> Iterator[Pairs]:
    """Every pair within MAX_DISTANCE of two groups, once, of which one at least is new; equal hashes are pairs, too."""
    order = np.argsort(is_new, kind="stable")
    words = words_of(hashes[order])
    crowds = find_crowds(words, masks())
    yield from _found(search(words, int(np.count_nonzero(~is_new)), crowds, groups[order]), order)


def search(words: Words, old: int, crowds: Sequence[Rows], groups: Rows | None = None) -> Iterator[Pairs]:
    """Pairs within MAX_DISTANCE, once, of which the second row is ``old`` or a later one.

    Rows of one group, a number from 0 on for each, make no pairs; without groups each row is one of its own. Crowds are
    those that :func:`find_crowds` finds.
    """
    apart: Rows = np.arange(words.shape[1], dtype=np.int64) if groups is None else groups
    # Those that lie together in a table don't meet there.
    together = apart.copy()
    for number, crowd in enumerate(crowds):
        together[crowd] = -1 - number
        yield from _compared(words, crowd, old, apart)
    order = np.argsort(together, kind="stable")
    words, together, is_new = words[:, order], together[order], order >= old
    new_rows = np.flatnonzero(is_new)
    for mask in masks():
        rows = _promising(words[mask.word], mask, new_rows) if old else None
        for left, right in _met(Table.of(mask, words, rows), together):
            pairs = _named(_checked(words, mask, left, right, is_new), order)
            yield pairs if groups is None else _across(pairs, groups)


def _across(pairs: Pairs, groups: Rows) -> Pairs:
    """Those of two groups: of one group there may be some within a crowd and some without."""
    is_across = groups[pairs.first] != groups[pairs.second]
    return Pairs(pairs.first[is_across], pairs.second[is_across], pairs.distances[is_across])


def _compared(words: Words, crowd: Rows, old: int, groups: Rows) -> Iterator[Pairs]:
    """Pairs within a crowd."""
    members, apart = words[:, crowd], groups[crowd]
    newest = int(np.searchsorted(crowd, old))
    height = max(1, _TILE // len(crowd))
    for top in range(newest, len(crowd), height):
        bottom = min(top + height, len(crowd))
        between = distances(members[:, top:bottom, None], members[:, None, :bottom])
        is_near = (between <= MAX_DISTANCE) & (apart[top:bottom, None] != apart[None, :bottom])
        second, first = np.nonzero(is_near)
        is_once = first < second + top
        first, second = first[is_once], second[is_once]
        yield Pairs(crowd[first], crowd[second + top], between[second, first])


def _promising(word: npt.NDArray[np.uint64], mask: Mask, new_rows: Rows) -> Rows:
    """Rows that may meet a new one: all new ones, and the old ones whose key has the first 16 bits of a new one's."""
    marks = mask.keys(word)
    marks >>= np.uint64(48)
    indices = marks.view(np.int64)
    is_marked = np.zeros(_MARKS, bool)
    is_marked[indices[new_rows]] = True
    return np.flatnonzero(is_marked[indices])


def _met(table: Table, groups: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Pairs of rows that share a bucket and no crowd, in blocks: each row meets what lies behind its own crowd."""
    rows, buckets = table.shared()
    is_last = buckets[1:] != buckets[:-1]
    group_ends = _ends(is_last | (groups[rows[1:]] != groups[rows[:-1]]))
    counts = _ends(is_last) - group_ends
    steps = np.cumsum(counts)
    start = 0
    while start < len(rows):
        met = int(steps[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(steps, met + BLOCK)))
        some = counts[start:end]
        before = np.repeat(steps[start:end] - some, some)
        left = np.repeat(rows[start:end], some)
        right = rows[np.repeat(group_ends[start:end], some) + np.arange(met, met + len(left)) - before]
        yield left, right
        start = end


def _ends(is_last: Flags) -> Rows:
    """For each item, the end of its stretch, given where one item and the next are of different stretches."""
    ends = np.append(np.flatnonzero(is_last) + 1, len(is_last) + 1)
    return np.repeat(ends, np.diff(ends, prepend=0))


def _checked(words: Words, mask: Mask, first: Rows, second: Rows, is_new: Flags) -> Pairs:
    """Those pairs of two that met under this mask which are near, with one new at least, and have not met before."""
    word = words[mask.word]
    differing = word[first] ^ word[second]
    # This alone leaves 1% of what meets by chance.
    likely = np.flatnonzero(np.bitwise_count(differing) < ALLOWANCES[mask.word])
    likely = likely[is_new[first[likely]] | is_new[second[likely]]]
    first, second, differing = first[likely], second[likely], differing[likely]
    for bits in mask.earlier:
        if not len(first):
            break
        is_unmet = (differing & np.uint64(bits)) != 0
        first, second, differing = first[is_unmet], second[is_unmet], differing[is_unmet]
    apart = np.bitwise_count(words[:, first] ^ words[:, second])
    between = apart.sum(axis=0, dtype=np.uint16)
    is_near = between <= MAX_DISTANCE
    for before in range(mask.word):
        is_near &= apart[before] >= ALLOWANCES[before]
    return Pairs(first[is_near], second[is_near], between[is_near])


def _named(pairs: Pairs, names: Rows) -> Pairs:
    left, right = names[pairs.first], names[pairs.second]
    return Pairs(np.minimum(left, right), np.maximum(left, right), pairs.distances)


def _found(blocks: Iterable[Pairs], names: Rows) -> Iterator[Pairs]:
    return (_named(block, names) for block in blocks if len(block))
