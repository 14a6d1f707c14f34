"""What hangs together, and which original stands for it.

What belongs here: groups of pairs, and the choice among originals. What does not: finding pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from media_pipeline.search.near.index import Pairs
from media_pipeline.search.near.words import Rows


@dataclass(frozen=True, slots=True)
class Original:
    """What is weighed of a file."""

    sha256: str
    pixels: int
    """Width times height."""
    size: int
    """Bytes."""
    since: datetime
    """When the library first saw it."""


def canonical(cluster: Sequence[Original]) -> Original:
    """The best of near duplicates: most pixels, then most bytes, then the oldest. Raises ValueError of none."""
    return min(cluster, key=lambda file: (-file.pixels, -file.size, file.since, file.sha256))


def clusters(pairs: Iterable[Pairs], count: int) -> list[Rows]:
    """Connected components of two or more of ``count`` rows: ascending rows, the component of the least row first."""
    parents = np.arange(count)
    for block in pairs:
        _join(parents, block)
    roots = _roots(parents, parents)
    order = np.argsort(roots, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(roots[order])) + 1)
    return [group for group in groups if len(group) > 1]


def _join(parents: Rows, pairs: Pairs) -> None:
    """Hang the larger root of each pair below the smaller. Where a root gets several, one stays, and the rest go on."""
    ends = parents[np.stack((pairs.first, pairs.second))]
    while (is_apart := ends[0] != ends[1]).any():
        ends = _roots(parents, ends[:, is_apart])
        parents[np.maximum(*ends)] = np.minimum(*ends)


def _roots(parents: Rows, rows: Rows) -> Rows:
    """The uppermost of what each row hangs below, right below which it hangs from then on."""
    while True:
        above = parents[rows]
        higher = parents[above]
        if np.array_equal(above, higher):
            return above
        # All at once: a chain is half as long each time.
        parents[rows] = higher
