"""Masks that catch every pair of hashes within a distance, and few others.

What belongs here: the mathematics of what is compared with what. What does not: doing it.

Six words of a pair that differs in at most 31 bits differ by less than 6, 6, 5, 5, 5 and 5 bits, one of them at least:
else there were 32. A word's masks are such that words that differ in so few bits are equal under one of them: to every
bit belongs a vector of as many bits as the allowance, each vector v other than zero makes a mask of the bits whose own
vector has an odd product with v, and for fewer vectors than they have dimensions there is a v that has even products
with all (R. Pagh, "Locality-sensitive Hashing without False Negatives", SODA 2016, section 3).

250 masks keep 18 to 27 bits each: of a million random hashes each meets 112 others under all of them together, and a
mask costs one sort. Fewer and longer words have more masks (four words 1,020), shorter ones meet more (eight words 900;
sixteen that are looked up with one bit flipped 4,150).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from media_pipeline.search.near.words import WORDS, bits_of

MAX_DISTANCE = 31
"""Bits of 256 that near duplicates differ in at most (design, chapter 3, after PDQ's authors)."""
ALLOWANCES = (6, 6, 5, 5, 5, 5)
"""For each word, what it differs by less than. Together MAX_DISTANCE + 1; the longest words have the larger ones."""
_GENERATORS = {5: 0b100101, 6: 0b1000011}
"""Primitive polynomials over GF(2) by degree."""
_MIX = 0x9E3779B97F4A7C15
"""An odd number near 2**64 divided by the golden ratio: its products spread over their upper bits."""

Keys = npt.NDArray[np.uint64]
"""In the upper 32 bits what was hashed of the word, in the lower 32 zero or the row."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Bits of one word that two hashes may have in common."""

    word: int
    bits: int
    earlier: tuple[int, ...]
    """The masks of the same word that come before it."""

    def keys(self, word: npt.NDArray[np.uint64]) -> Keys:
        """The same for words that are equal under the mask; for others, by chance, once in 2**31."""
        keys = word & np.uint64(self.bits)
        keys *= np.uint64(_MIX)
        keys &= np.uint64(0xFFFFFFFF00000000)
        return keys


def masks() -> list[Mask]:
    """All masks, word by word."""
    return [mask for word in range(WORDS) for mask in _masks_of(word)]


def _masks_of(word: int) -> list[Mask]:
    positions = bits_of(word)
    vectors = _vectors(len(positions), ALLOWANCES[word])
    found = [
        sum(1 << bit for bit, vector in zip(positions, vectors, strict=True) if (vector & v).bit_count() % 2)
        for v in range(1, 1 << ALLOWANCES[word])
    ]
    return [Mask(word, bits, tuple(found[:number])) for number, bits in enumerate(found)]


def _vectors(count: int, degree: int) -> list[int]:
    """Powers of a generator of the field: each mask then keeps nearly the same number of bits, 18 to 27."""
    vectors = [1]
    while len(vectors) < count:
        doubled = vectors[-1] << 1
        vectors.append(doubled ^ _GENERATORS[degree] if doubled >> degree else doubled)
    return vectors
