"""Pairs of duplicates as Parquet, for whoever goes on with them: pandas, DuckDB, a spreadsheet.

What belongs here: the columns, and a row for each pair. What does not: which clusters there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_pipeline.catalog.duplicates import Holder
from media_pipeline.catalog.near_duplicates import Tier
from media_pipeline.stages.duplicates.clusters import Cluster, Member

if TYPE_CHECKING:
    import pandas as pd

ROWS_TOGETHER = 20_000
"""Rows that are held one by one: 1 KB each, a quarter of it in a frame."""

_SIDE = {
    "media_id": "string",
    "post_id": "string",
    "author": "string",
    "sha256": "string",
    "file_size": "int64",
    "width": "Int64",
    "height": "Int64",
}
COLUMNS = {
    "tier": "string",
    "distance": "int64",
    **_SIDE,
    **{f"other_{name}": kind for name, kind in _SIDE.items()},
    "canonical_media_id": "string",
    "canonical_sha256": "string",
}
"""One reference, another one that shows the same, and the one to keep of all that they hang together with. Of files
that several references hold, the oldest reference stands for them. ``distance`` is that of the two."""


class PairTable:
    """Gathers rows, and writes them at the end."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._frames: list[pd.DataFrame] = []

    def add(self, cluster: Cluster) -> None:
        """Take every pair of a cluster."""
        self._rows += _rows(cluster)
        if len(self._rows) >= ROWS_TOGETHER:
            self._pack()

    def write(self, file: Path) -> None:
        """Write all that was taken, at least one pair."""
        import pandas as pd

        self._pack()
        pd.concat(self._frames, ignore_index=True).to_parquet(file, engine="pyarrow", index=False)

    def _pack(self) -> None:
        import pandas as pd  # 1 s, which a partition without duplicates needn't wait for

        if self._rows:
            self._frames.append(pd.DataFrame(self._rows, columns=list(COLUMNS)).astype(COLUMNS))
            self._rows = []


def _rows(cluster: Cluster) -> Iterator[dict[str, Any]]:
    canonical = {
        "canonical_media_id": cluster.canonical.holders[0].media_id,
        "canonical_sha256": cluster.canonical.sha256,
    }
    members = {member.sha256: member for member in cluster.members}
    ranks = {sha256: rank for rank, sha256 in enumerate(members)}
    for pair in cluster.pairs:
        # The better one stands on the other side: it is what the first is a copy of.
        better, worse = (members[one] for one in sorted((pair.first, pair.second), key=ranks.__getitem__))
        sides = _side(worse, worse.holders[0]), _side(better, better.holders[0], "other_")
        yield {"tier": pair.tier.value, "distance": pair.distance} | sides[0] | sides[1] | canonical
    for member in cluster.members:
        for holder in member.holders[1:]:
            sides = _side(member, holder), _side(member, member.holders[0], "other_")
            yield {"tier": Tier.SAME_BYTES.value, "distance": 0} | sides[0] | sides[1] | canonical


def _side(member: Member, holder: Holder, prefix: str = "") -> dict[str, Any]:
    facts = {
        "media_id": holder.media_id,
        "post_id": holder.post_id,
        "author": holder.author,
        "sha256": member.sha256,
        "file_size": member.file.file_size,
        "width": member.file.width,
        "height": member.file.height,
    }
    return {f"{prefix}{name}": value for name, value in facts.items()}
