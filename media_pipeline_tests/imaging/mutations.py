"""Files broken in the ways that broken and hostile ones are, by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable

HEAD = 400
"""Bytes from the start, where most structures are told."""
FORGED = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def mutated(content: bytes, seed: int) -> bytes:
    """The content with one to three faults; the same seed, the same faults."""
    chosen = random.Random(seed)
    broken = bytearray(content)
    for _ in range(chosen.choice((1, 1, 2, 3))):
        if len(broken) < 16:
            break
        chosen.choice(_FAULTS)(broken, chosen)
    return bytes(broken)


def _place(broken: bytearray, chosen: random.Random) -> int:
    return chosen.randrange(min(HEAD, len(broken)) if chosen.random() < 0.5 else len(broken))


def _flip_bits(broken: bytearray, chosen: random.Random) -> None:
    for _ in range(chosen.choice((1, 1, 4, 64))):
        broken[_place(broken, chosen)] ^= 1 << chosen.randrange(8)


def _replace_bytes(broken: bytearray, chosen: random.Random) -> None:
    at = _place(broken, chosen)
    broken[at : at + chosen.choice((1, 2, 4, 30))] = chosen.randbytes(chosen.choice((1, 2, 4, 30)))


def _cut(broken: bytearray, chosen: random.Random) -> None:
    del broken[chosen.randrange(1, len(broken)) :]


def _cut_out(broken: bytearray, chosen: random.Random) -> None:
    at = _place(broken, chosen)
    del broken[at : at + chosen.choice((1, 3, 16, 1000))]


def _repeat(broken: bytearray, chosen: random.Random) -> None:
    at = _place(broken, chosen)
    piece = broken[at : at + chosen.choice((4, 40, 2000))]
    broken[at:at] = piece * chosen.choice((1, 2, 20))


def _blank(broken: bytearray, chosen: random.Random) -> None:
    at = _place(broken, chosen)
    length = min(chosen.choice((4, 100, 3000)), len(broken) - at)
    broken[at : at + length] = bytes([chosen.choice((0, 0xFF))]) * length


def _forge_length(broken: bytearray, chosen: random.Random) -> None:
    """A number where formats keep lengths, counts and offsets: four bytes or two, of either order."""
    at = _place(broken, chosen)
    size = chosen.choice((2, 4, 4, 8))
    number = chosen.choice(FORGED) & ((1 << 8 * size) - 1)
    broken[at : at + size] = number.to_bytes(size, chosen.choice(("big", "little")))


_FAULTS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip_bits,
    _replace_bytes,
    _cut,
    _cut_out,
    _repeat,
    _blank,
    _forge_length,
    _forge_length,
)
