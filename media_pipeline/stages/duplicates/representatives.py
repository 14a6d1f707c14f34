"""Representatives: of the files with one and the same key, the file with the least SHA-256 represents all others.

What belongs here: which representatives new files change. What does not: pairs other than those of a file and its
representative.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from media_pipeline.catalog.near_duplicates import Pair, Tier
from media_pipeline.search.near.words import HASH_BYTES, Rows

Keys = npt.NDArray[np.uint8]
"""``(n, 32)``: digests or hashes. Zeros stand for none."""
Flags = npt.NDArray[np.bool_]

_NONE = bytes(HASH_BYTES)


@dataclass(frozen=True, slots=True)
class Names:
    """SHA-256s of the library's files, ascending, and of new ones, likewise, whose rows are counted on from those."""

    library: Keys
    new: Keys

    def __len__(self) -> int:
        return len(self.library) + len(self.new)

    def of(self, row: int) -> str:
        old = len(self.library)
        return (self.library[row] if row < old else self.new[row - old]).tobytes().hex()

    def pair(self, one: int, other: int, tier: Tier, distance: int) -> Pair:
        return pair_of(self.of(one), self.of(other), tier, distance)


def pair_of(one: str, other: str, tier: Tier, distance: int) -> Pair:
    return Pair(min(one, other), max(one, other), tier, distance)


@dataclass(slots=True)
class Representatives:
    """What new files change of the representatives. A file whose key no other file has represents itself."""

    pairs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Rows of a representative and of a file that it represents."""
    displaced: list[int] = field(default_factory=list[int])
    """Rows of the library that were representatives and are no longer."""
    represented: list[int] = field(default_factory=list[int])
    """New rows that another row represents."""

    @classmethod
    def of(cls, old: Keys, new: Keys, names: Names) -> Representatives:
        """By the keys of the library's files and of the new ones."""
        found = cls()
        for olds, news in _equal(old, new):
            # Rows are in the order of SHA-256 on each side, and so are these.
            representative = min((*olds[:1], *news[:1]), key=names.of)
            joining = news if olds and representative == olds[0] else [*olds, *news]
            found.pairs += [(representative, row) for row in joining if row != representative]
            found.displaced += [row for row in olds[:1] if row != representative]
            found.represented += [row for row in news if row != representative]
        return found

    def rows(self, old: Keys, new: Keys) -> Rows:
        """Rows of all representatives, ascending."""
        stands = np.concatenate((_is_first(old), new.any(axis=1)))
        stands[[*self.displaced, *self.represented]] = False
        return np.flatnonzero(stands)


def _is_first(keys: Keys) -> Flags:
    """Whether a row has a key, and no row before it the same."""
    is_first = np.zeros(len(keys), bool)
    if len(keys):
        is_first[np.unique(np.ascontiguousarray(keys).view(f"V{HASH_BYTES}")[:, 0], return_index=True)[1]] = True
    return is_first & keys.any(axis=1)


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
