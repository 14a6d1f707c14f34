"""Hashes sorted by what is left of them under a mask, so that equal ones lie side by side.

What belongs here: sorting, and finding what lies side by side. What does not: comparing the hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from media_pipeline.search.near.covering import Keys, Mask
from media_pipeline.search.near.words import Rows, Words

_ROW = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Table:
    """Keys with their rows, in order. One number holds both: a million are sorted in 9 ms, by indices in 80."""

    mask: Mask
    packed: Keys

    @classmethod
    def of(cls, mask: Mask, words: Words, rows: Rows | None = None) -> Self:
        """Of all rows, or of these."""
        word = words[mask.word]
        chosen = np.arange(len(word)) if rows is None else rows
        packed = mask.keys(word if rows is None else word[rows]) | chosen.astype(np.uint64)
        packed.sort()
        return cls(mask, packed)

    def shared(self) -> tuple[Rows, Rows]:
        """Rows whose key others have too, bucket by bucket, and the number of each one's bucket."""
        same = np.zeros(len(self.packed) + 1, bool)
        np.less_equal(self.packed[1:] ^ self.packed[:-1], _ROW, out=same[1:-1])
        shared = np.flatnonzero(same[1:] | same[:-1])
        return _rows(self.packed[shared]), np.cumsum(~same[shared])

    def buckets(self, larger_than: int) -> Iterator[Rows]:
        """The rows of each bucket of more than so many."""
        rows, numbers = self.shared()
        sizes = np.bincount(numbers)
        ends = np.cumsum(sizes)
        for number in np.flatnonzero(sizes > larger_than):
            yield rows[ends[number] - sizes[number] : ends[number]]

    def bucket_of(self, row: int, words: Words) -> Rows:
        """The rows whose key is that of this row, itself among them."""
        key = self.mask.keys(words[self.mask.word, row : row + 1])
        start, end = np.searchsorted(self.packed, np.concatenate((key, key | _ROW)))
        return _rows(self.packed[start:end])


def _rows(packed: npt.NDArray[np.uint64]) -> Rows:
    return (packed & _ROW).astype(np.int64)
