"""Hashes as six words each, and distances between them.

What belongs here: how the bits of a hash lie in memory. What does not: which hashes are compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

HASH_BYTES = 32
WORDS = 6
"""A hash's bits are dealt out to this many words, 42 to 44 to each."""
_LANES = 4
"""Of 64 bits in a hash."""

Hashes = npt.NDArray[np.uint8]
"""``(n, 32)``, the most significant byte first."""
Words = npt.NDArray[np.uint64]
"""``(6, n)``"""
Rows = npt.NDArray[np.int64]
Distances = npt.NDArray[np.uint16]
"""Bits that differ, 0 to 256."""


def words_of(hashes: Hashes) -> Words:
    """The words of each hash: distances stay, and neighbouring bits, which are alike in pictures, come apart."""
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] != HASH_BYTES:
        raise ValueError(f"hashes are (n, {HASH_BYTES}) bytes, not {hashes.shape} of {hashes.dtype}")
    lanes = np.ascontiguousarray(hashes).view("<u8").T
    words = np.zeros((WORDS, len(hashes)), np.uint64)
    for word in range(WORDS):
        for lane in range(_LANES):
            words[word] |= lanes[lane] & np.uint64(_sixth(word + lane))
    return words


def bits_of(word: int) -> list[int]:
    """The positions that this word's bits have in its 64."""
    used = 0
    for lane in range(_LANES):
        used |= _sixth(word + lane)
    return [bit for bit in range(64) if used >> bit & 1]


def distances(left: Words, right: Words) -> Distances:
    """Bits that differ between hashes; the two are broadcast like an operator's."""
    between = np.bitwise_count(left[0] ^ right[0]).astype(np.uint16)
    for word in range(1, WORDS):
        between += np.bitwise_count(left[word] ^ right[word])
    return between


def _sixth(which: int) -> int:
    """Every sixth of 64 bits. One word takes another sixth of each lane, so that they don't meet."""
    return sum(1 << bit for bit in range(which % WORDS, 64, WORDS))
