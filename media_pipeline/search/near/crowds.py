"""Crowds: hashes by the dozen around one, whose pairs are cheaper to compare outright than to meet under every mask.

What belongs here: finding crowds. What does not: comparing their members. Which hashes count as a crowd changes how
long a search takes, never what it finds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from media_pipeline.search.near.covering import MAX_DISTANCE, Mask
from media_pipeline.search.near.tables import Table
from media_pipeline.search.near.words import Rows, Words, distances

CROWD = 64
"""More than so many. Of a million random hashes no more than 20 are equal under any mask."""
LARGE = 1_000
"""A crowd of so many in the buckets of its middle is worth a look at every hash: 10 ms for a million."""
ATTEMPTS = 8
"""Hashes of a bucket that are tried in vain as the middle of a crowd, before it is left to the masks."""


def find_crowds(words: Words, masks: Sequence[Mask]) -> list[Rows]:
    """Crowds as rows in ascending order, no row in two, each within MAX_DISTANCE of one of its members."""
    tables = [Table.of(mask, words) for mask in masks if not mask.earlier]
    free = np.ones(words.shape[1], bool)
    crowds: list[Rows] = []
    buckets = (bucket for table in tables for bucket in table.buckets(CROWD))
    for bucket in sorted(buckets, key=len, reverse=True):
        members = bucket[free[bucket]]
        attempts = ATTEMPTS
        while len(members) > CROWD and attempts:
            crowd = _crowd_around(int(members[0]), words, tables, free)
            if len(crowd) > CROWD:
                crowds.append(crowd)
                free[crowd] = False
            else:
                attempts -= 1
            members = members[1:][free[members[1:]]]
    return crowds


def _crowd_around(middle: int, words: Words, tables: Sequence[Table], free: npt.NDArray[np.bool_]) -> Rows:
    """Free rows within MAX_DISTANCE of this one, which share a bucket with it if they are few."""
    bucket = np.unique(np.concatenate([table.bucket_of(middle, words) for table in tables]))
    crowd = _within(middle, words, bucket[free[bucket]])
    return crowd if len(crowd) < LARGE else _within(middle, words, np.flatnonzero(free))


def _within(middle: int, words: Words, rows: Rows) -> Rows:
    return rows[distances(words[:, rows], words[:, [middle]]) <= MAX_DISTANCE]
