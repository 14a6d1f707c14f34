"""New fingerprints against those of the library: which pairs that makes, and which it ends. Arrays in, pairs out.

What belongs here: the rule of who is paired with whom. What does not: reading and writing
(:mod:`media_pipeline.stages.near_duplicates`), finding what is near (:mod:`media_pipeline.imaging.near`).

Of files with one and the same fingerprint (the pixels, or PDQ) the one with the least SHA-256 stands for the others:
they are paired with it, and only it is paired with those that stand for near fingerprints. So a picture that is held
50,000 times over makes 49,999 pairs, and which pairs there are depends on the files of the library alone, never on the
order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from media_pipeline.catalog.near_duplicates import FINGERPRINT_BYTES, Pair, Tier
from media_pipeline.imaging.near.index import NearIndex
from media_pipeline.imaging.near.words import HASH_BYTES, Rows

Keys = npt.NDArray[np.uint8]
"""``(n, 32)``: digests or hashes. Zeros stand for none."""

_NONE = bytes(HASH_BYTES)


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
        digests = _as_text(table[:, :HASH_BYTES])
        order = np.argsort(digests)
        left_out = _as_text(np.frombuffer(bytes.fromhex("".join(absent)), np.uint8).reshape(-1, HASH_BYTES))
        if len(left_out):
            order = order[~np.isin(digests[order], left_out)]
        return cls(*(table[order, start : start + HASH_BYTES] for start in range(0, FINGERPRINT_BYTES, HASH_BYTES)))


@dataclass(slots=True)
class _Stars:
    """What new files change of who stands for whom. Rows of new files are counted on from those of the library."""

    pairs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Who stands for others, and one of these."""
    displaced: list[int] = field(default_factory=list[int])
    """Rows of the library that stood for others, or alone, and don't any more."""
    covered: list[int] = field(default_factory=list[int])
    """New rows that another row stands for."""


class Comparison:
    """Of new files with a library, both of one kind. What the library's own pairs are must be known already."""

    def __init__(self, library: Fingerprints, new: Fingerprints) -> None:
        self._library, self._new = library, new
        self._by_pixels = self._stars(library.pixels, new.pixels)
        self._by_pdq = self._stars(library.pdq, new.pdq)

    @property
    def displaced(self) -> dict[Tier, list[str]]:
        """Files of the library, by SHA-256, whose pairs of the tier end, but for those that :meth:`pairs` has."""
        return {
            Tier.SAME_PIXELS: [self._name(row) for row in self._by_pixels.displaced],
            Tier.NEAR: [self._name(row) for row in self._by_pdq.displaced],
        }

    def pairs(self) -> Iterator[Pair]:
        """Every pair that the new files bring, once, in no particular order."""
        for center, row in self._by_pixels.pairs:
            yield self._pair(center, row, Tier.SAME_PIXELS, 0)
        for center, row in self._by_pdq.pairs:
            if not self._are_same_pixels(np.array([center]), np.array([row]))[0]:
                yield self._pair(center, row, Tier.NEAR, 0)
        yield from self._near()

    def _stars(self, old: Keys, new: Keys) -> _Stars:
        stars = _Stars()
        for olds, news in _equal(old, new):
            # Rows are in the order of SHA-256 on each side, and so are these.
            center = min((*olds[:1], *news[:1]), key=self._name)
            joining = news if olds and center == olds[0] else [*olds, *news]
            stars.pairs += [(center, row) for row in joining if row != center]
            stars.displaced += [row for row in olds[:1] if row != center]
            stars.covered += [row for row in news if row != center]
        return stars

    def _near(self) -> Iterator[Pair]:
        """Between those that stand for the others, of whom one at least has not done so before."""
        old_rows, new_rows = _rows_with(self._library.pdq), _rows_with(self._new.pdq)
        names = np.concatenate((old_rows, new_rows + len(self._library)))
        stands = np.ones(len(self._library) + len(self._new), bool)
        stands[[*self._by_pdq.displaced, *self._by_pdq.covered]] = False
        # Equal hashes of the library are found by their first row, which is the one that stands for them.
        for block in NearIndex(self._library.pdq[old_rows]).pairs_of(self._new.pdq[new_rows]):
            first, second = names[block.first], names[block.second]
            keep = (block.distances > 0) & stands[first] & stands[second]
            keep &= ~self._are_same_pixels(first, second)
            for one, other, distance in zip(first[keep], second[keep], block.distances[keep], strict=True):
                yield self._pair(int(one), int(other), Tier.NEAR, int(distance))

    def _are_same_pixels(self, first: Rows, second: Rows) -> npt.NDArray[np.bool_]:
        one, other = self._pixels(first), self._pixels(second)
        return (one == other).all(axis=1) & one.any(axis=1)

    def _pixels(self, rows: Rows) -> Keys:
        is_new = rows >= len(self._library)
        found = np.empty((len(rows), HASH_BYTES), np.uint8)
        found[~is_new] = self._library.pixels[rows[~is_new]]
        found[is_new] = self._new.pixels[rows[is_new] - len(self._library)]
        return found

    def _pair(self, one: int, other: int, tier: Tier, distance: int) -> Pair:
        first, second = sorted((self._name(one), self._name(other)))
        return Pair(first, second, tier, distance)

    def _name(self, row: int) -> str:
        old = len(self._library)
        digest = self._library.sha256[row] if row < old else self._new.sha256[row - old]
        return digest.tobytes().hex()


def _equal(old: Keys, new: Keys) -> Iterator[tuple[list[int], list[int]]]:
    """For each key that a new row has: the old rows with it, and the new ones, counted on from the old; ascending."""
    groups: dict[bytes, tuple[list[int], list[int]]] = {}
    for row, key in enumerate(new):
        groups.setdefault(key.tobytes(), ([], []))[1].append(row + len(old))
    groups.pop(_NONE, None)
    for row in np.flatnonzero(np.isin(_first_words(old), _first_words(new))):
        group = groups.get(old[row].tobytes())
        if group is not None:
            group[0].append(int(row))
    yield from groups.values()


def _first_words(keys: Keys) -> npt.NDArray[np.uint64]:
    words: npt.NDArray[np.uint64] = np.ascontiguousarray(keys[:, :8]).view(np.uint64)[:, 0]
    return words


def _as_text(digests: Keys) -> npt.NDArray[np.bytes_]:
    """Digests as values that are compared like their hex digits."""
    texts: npt.NDArray[np.bytes_] = np.ascontiguousarray(digests).view(f"S{HASH_BYTES}")[:, 0]
    return texts


def _rows_with(keys: Keys) -> Rows:
    return np.flatnonzero(keys.any(axis=1))
