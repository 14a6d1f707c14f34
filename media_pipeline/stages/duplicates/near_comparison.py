"""New pictures against those of the library: which pairs that makes, and which it ends. Arrays in, pairs out.

What belongs here: the rule of who is paired with whom by one picture. What does not: videos
(:mod:`media_pipeline.stages.duplicates.near_moving`), reading and writing
(:mod:`media_pipeline.stages.duplicates.near_duplicates`), finding what is near (:mod:`media_pipeline.search.near`).

Of files with one and the same fingerprint (the pixels, or PDQ) the one with the least SHA-256 stands for the others:
they are paired with it, and only it is paired with those that stand for near fingerprints. So a picture that is held
50,000 times over makes 49,999 pairs, and which pairs there are depends on the files of the library alone, never on the
order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from media_pipeline.catalog.near_duplicates import FINGERPRINT_BYTES, Pair, Tier
from media_pipeline.search.near.index import NearIndex
from media_pipeline.search.near.words import HASH_BYTES, Rows
from media_pipeline.stages.duplicates.representatives import Flags, Keys, Names, Representatives


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Of files, by row, in the order of their SHA-256. 96 bytes a file, and twice that while they are read."""

    sha256: Keys
    pixels: Keys
    pdq: Keys

    def __len__(self) -> int:
        return len(self.sha256)

    @classmethod
    def of(cls, blocks: Iterable[bytes], absent: Iterable[str] = ()) -> Fingerprints:
        """Read what the catalogue gives, but for the files of these SHA-256s."""
        table = np.frombuffer(b"".join(blocks), np.uint8).reshape(-1, FINGERPRINT_BYTES)
        digests = as_text(table[:, :HASH_BYTES])
        order = np.argsort(digests)
        left_out = as_text(np.frombuffer(bytes.fromhex("".join(absent)), np.uint8).reshape(-1, HASH_BYTES))
        if len(left_out):
            order = order[~np.isin(digests[order], left_out)]
        return cls(*(table[order, start : start + HASH_BYTES] for start in range(0, FINGERPRINT_BYTES, HASH_BYTES)))


class Comparison:
    """Of new files with a library, both of one kind. What the library's own pairs are must be known already."""

    def __init__(self, library: Fingerprints, new: Fingerprints) -> None:
        self._library, self._new = library, new
        self._names = Names(library.sha256, new.sha256)
        self._by_pixels = Representatives.of(library.pixels, new.pixels, self._names)
        self._by_pdq = Representatives.of(library.pdq, new.pdq, self._names)

    @property
    def compared(self) -> list[str]:
        """The new files, by SHA-256."""
        return [digest.tobytes().hex() for digest in self._new.sha256]

    @property
    def displaced(self) -> dict[Tier, list[str]]:
        """Files of the library, by SHA-256, whose pairs of the tier end, but for those that :meth:`pairs` has."""
        return {
            Tier.SAME_PIXELS: [self._names.of(row) for row in self._by_pixels.displaced],
            Tier.NEAR: [self._names.of(row) for row in self._by_pdq.displaced],
        }

    def pairs(self) -> Iterator[Pair]:
        """Every pair that the new files bring, once, in no particular order."""
        for representative, row in self._by_pixels.pairs:
            yield self._names.pair(representative, row, Tier.SAME_PIXELS, 0)
        for representative, row in self._by_pdq.pairs:
            if not self._are_same_pixels(np.array([representative]), np.array([row]))[0]:
                yield self._names.pair(representative, row, Tier.NEAR, 0)
        yield from self._near()

    def representatives(self) -> tuple[list[str], Keys, Flags]:
        """Files that have a PDQ, but for those that another one stands for, with it, and which of them are new."""
        rows = self._by_pdq.rows(self._library.pdq, self._new.pdq)
        pdq = np.concatenate((self._library.pdq, self._new.pdq))[rows]
        return [self._names.of(int(row)) for row in rows], pdq, rows >= len(self._library)

    def _near(self) -> Iterator[Pair]:
        """Between those that stand for the others, of whom one at least has not done so before."""
        old_rows, new_rows = _rows_with(self._library.pdq), _rows_with(self._new.pdq)
        names = np.concatenate((old_rows, new_rows + len(self._library)))
        stands = np.ones(len(self._library) + len(self._new), bool)
        stands[[*self._by_pdq.displaced, *self._by_pdq.represented]] = False
        # Equal hashes of the library are found by their first row, which is the one that stands for them.
        for block in NearIndex(self._library.pdq[old_rows]).pairs_of(self._new.pdq[new_rows]):
            first, second = names[block.first], names[block.second]
            keep = (block.distances > 0) & stands[first] & stands[second]
            keep &= ~self._are_same_pixels(first, second)
            for one, other, distance in zip(first[keep], second[keep], block.distances[keep], strict=True):
                yield self._names.pair(int(one), int(other), Tier.NEAR, int(distance))

    def _are_same_pixels(self, first: Rows, second: Rows) -> Flags:
        one, other = self._pixels(first), self._pixels(second)
        return (one == other).all(axis=1) & one.any(axis=1)

    def _pixels(self, rows: Rows) -> Keys:
        is_new = rows >= len(self._library)
        found = np.empty((len(rows), HASH_BYTES), np.uint8)
        found[~is_new] = self._library.pixels[rows[~is_new]]
        found[is_new] = self._new.pixels[rows[is_new] - len(self._library)]
        return found


def as_text(digests: Keys) -> npt.NDArray[np.bytes_]:
    """Digests as values that are compared like their hex digits."""
    texts: npt.NDArray[np.bytes_] = np.ascontiguousarray(digests).view(f"S{HASH_BYTES}")[:, 0]
    return texts


def _rows_with(keys: Keys) -> Rows:
    return np.flatnonzero(keys.any(axis=1))
