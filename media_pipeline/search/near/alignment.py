"""The rule of when two videos are near, by the PDQ of their seconds.

What belongs here: two videos. What does not: which of many are compared (:mod:`media_pipeline.search.near.videos`).

One video is laid upon the other, shifted by whole seconds. A second matches when the other video has one at its place,
or next to it (frames are late now and then), whose PDQ differs in at most MAX_DISTANCE bits. The videos are near when
under some shift :func:`needed` seconds of each match. So order counts, a beginning or an end that only one has does
not, and a title that both have is no more than its seconds. Seconds below PDQ's quality 50 are not there at all.

The first frames of seconds are compared: copies that begin a fraction of a second later match only where the picture
moves little.
"""

from __future__ import annotations

import numpy as np

from media_pipeline.search.near.covering import MAX_DISTANCE
from media_pipeline.search.near.words import Distances, Rows

SHARE = 0.6
"""Of the seconds of the video that has fewer. Half would do for copies as well, but two different videos of six
seconds with the same title of three would be near."""
FEW = 3
"""Fewer matching seconds say little: then they have to be SHARE of the longer video too."""
SLACK = 1
"""Seconds."""
_FAR = 256
"""Bits, of what isn't there."""


def needed(one: int, other: int) -> int:
    """Seconds that have to match of videos that have so many: of one or two all of them."""
    fewer, more = sorted((one, other))
    return max(least_share(fewer), min(FEW, least_share(more)))


def least_share(seconds: int) -> int:
    """SHARE of so many, rounded up."""
    # In whole numbers: 0.6 * 5 is a little more than 3.
    return -(-seconds * round(SHARE * 100) // 100)


def distance_of(between: Distances, one: Rows, other: Rows) -> int | None:
    """Bits in which two videos' matching seconds differ, the median, 0 to 31; None: they are not near.

    ``between`` has a row for each second of the one video, a column for each of the other; ``one`` and ``other`` say
    which seconds these are; both have some. The other way round it is the same.
    """
    shifts = other - one[:, None]
    least = int(shifts.min())
    sides = _nearest(between, shifts - least), _nearest(between.T, (shifts - least).T)
    counts = np.minimum(*((side <= MAX_DISTANCE).sum(axis=0) for side in sides))
    most = counts.max()
    if most < needed(len(one), len(other)):
        return None
    best = np.flatnonzero(counts == most)
    sizes = np.abs(best + least)
    # Of a still picture's many shifts the one or two that shift least.
    return min(_median(*(side[:, shift] for side in sides)) for shift in best[sizes == sizes.min()])


def _nearest(between: Distances, shifts: Rows) -> Distances:
    """For each second of one video, and each shift, the least distance to a second that is its match by time."""
    placed = np.full((len(between), int(shifts.max()) + 1 + 2 * SLACK), _FAR, np.uint16)
    placed[np.arange(len(between))[:, None], shifts + SLACK] = between
    width = placed.shape[1] - 2 * SLACK
    nearest = placed[:, :width]
    for slack in range(1, 2 * SLACK + 1):
        nearest = np.minimum(nearest, placed[:, slack : slack + width])
    return nearest


def _median(*sides: Distances) -> int:
    """Of the distances of each second, of either video, to the nearest of its matches; rounded down."""
    found = np.concatenate(sides)
    found = np.sort(found[found <= MAX_DISTANCE])
    return int(found[(len(found) - 1) // 2] + found[len(found) // 2]) // 2
