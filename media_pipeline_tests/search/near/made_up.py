"""Fingerprints of videos that nobody made, and which of them are near, by comparing every two second by second."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import ceil, floor
from statistics import median

import numpy as np

from media_pipeline.search.near.videos import Videos
from media_pipeline.search.near.words import words_of

Film = dict[int, int]
"""By second, PDQ as a number."""


def films(rng: np.random.Generator, count: int, titles: int = 2) -> list[Film]:
    """Shots of alike seconds, many of them with a title that others have, and copies: cut, longer, a bit different."""
    cards = [_number(rng) for _ in range(titles)]
    made: list[Film] = []
    for _ in range(count):
        if made and rng.random() < 0.5:
            made.append(_copied(rng, made[int(rng.integers(len(made)))]))
            continue
        seconds: list[int] = []
        for _ in range(int(rng.integers(1, 5))):
            shot = _number(rng)
            seconds += [_changed(rng, shot, 12) for _ in range(int(rng.integers(1, 4)))]
        if titles and rng.random() < 0.7:
            card = cards[int(rng.integers(titles))]
            seconds = [_changed(rng, card, 6) for _ in range(int(rng.integers(1, 4)))] + seconds
        made.append(dict(enumerate(seconds)))
    return made


def _copied(rng: np.random.Generator, film: Film) -> Film:
    shift = int(rng.integers(-3, 4))
    copy = {second + shift: _changed(rng, pdq, int(rng.choice([0, 4, 16, 40]))) for second, pdq in film.items()}
    kept = {second: pdq for second, pdq in copy.items() if second >= 0 and rng.random() < 0.9}
    return kept if rng.random() < 0.8 else dict(film)


def _number(rng: np.random.Generator) -> int:
    return int.from_bytes(rng.bytes(32))


def _changed(rng: np.random.Generator, pdq: int, most: int) -> int:
    for bit in rng.choice(256, int(rng.integers(0, most + 1)), replace=False):
        pdq ^= 1 << int(bit)
    return pdq


def videos(made: Sequence[Film]) -> Videos:
    hashes = [pdq.to_bytes(32) for film in made for _, pdq in sorted(film.items())]
    starts = np.cumsum([0, *map(len, made)], dtype=np.int64)
    seconds = np.array([second for film in made for second in sorted(film)], np.int64)
    return Videos(starts, seconds, words_of(np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)))


def apart(one: Film, other: Film) -> int | None:
    """The rule, word for word: the median distance of matching seconds, or None."""
    fewer, more = sorted((len(one), len(other)))
    if not fewer:
        return None
    enough = max(ceil(fewer * 6 / 10), min(3, ceil(more * 6 / 10)))
    found: list[tuple[int, int, int]] = []
    for shift in range(-max(one), max(other) + 1):
        near = [_nearest(one, other, shift), _nearest(other, one, -shift)]
        count = min(map(len, near))
        if count >= enough:
            found.append((-count, abs(shift), floor(median([*near[0], *near[1]]))))
    return min(found)[2] if found else None


def _nearest(one: Film, other: Film, shift: int) -> list[int]:
    """Of each second of the one that has a match, how far the nearest is."""
    matches = []
    for second, pdq in one.items():
        placed = [other.get(second + shift + slack) for slack in (-1, 0, 1)]
        bits = [(pdq ^ match).bit_count() for match in placed if match is not None]
        if bits and min(bits) <= 31:
            matches.append(min(bits))
    return matches


def near_by_brute_force(made: Sequence[Film], new_from: int = 0) -> list[tuple[int, int, int]]:
    found = []
    for (first, one), (second, other) in combinations(enumerate(made), 2):
        distance = apart(one, other)
        if second >= new_from and distance is not None:
            found.append((first, second, distance))
    return found
