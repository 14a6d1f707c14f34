"""A partition's duplicates to look at: a sheet for Dagster's UI, a page, and a table of all pairs.

What belongs here: which clusters are shown, their pictures, and where page and table lie. What does not: how they are
written (:mod:`media_pipeline.stages.duplicates.page`, :mod:`media_pipeline.stages.duplicates.table`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from media_pipeline.catalog import duplicates, renditions
from media_pipeline.catalog.selection import Selection
from media_pipeline.imaging.side_by_side import Shown, data_uri, side_by_side
from media_pipeline.model import ImportPartition
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.duplicates.clusters import Cluster, Member
from media_pipeline.stages.duplicates.page import MEMBERS_SHOWN, PageContent, facts, verdict, write_page
from media_pipeline.stages.duplicates.table import PairTable
from media_pipeline.stages.renditions.drawing import render_missing
from media_pipeline.storage.durable import make_folders, move_into_place, storage_errors

FOLDER = "reports"
"""Below the storage path."""
CLUSTERS_SHOWN = 100
PAGE_BYTES = 6_000_000
"""Opens at once, and goes into a mail."""
PICTURE_SIDE = 200
SHEET_CLUSTERS = 20
"""More don't fit into a sheet."""
SHEET_BYTES = 90_000
"""A sheet is kept in Dagster's event log."""
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
"""Whatever MEDIA_PUBLIC says: the report names authors."""

Rank = tuple[bool, int, str]


@dataclass
class _Selection:
    """The clusters that say most: those of several files first, then by what they save."""

    count: int = 0
    kept: list[tuple[Rank, Cluster]] = field(default_factory=list[tuple[Rank, Cluster]])

    def add(self, cluster: Cluster) -> None:
        self.count += 1
        # SHA-256 last, so that clusters themselves are never compared.
        rank = (len(cluster.members) > 1, cluster.saved_already + cluster.saved_if_pruned, cluster.canonical.sha256)
        (heapq.heappush if len(self.kept) < CLUSTERS_SHOWN else heapq.heappushpop)(self.kept, (rank, cluster))

    @property
    def clusters(self) -> list[Cluster]:
        return [cluster for _, cluster in sorted(self.kept, key=lambda one: one[0], reverse=True)]


def report_path(partition: ImportPartition, suffix: str) -> str:
    """Where a partition's report lies, below the storage path."""
    return f"{FOLDER}/duplicates-{partition.import_date}-{partition.platform}.{suffix}"


def show_clusters(context: StageContext, partition: ImportPartition, clusters: Iterable[Cluster]) -> Mapping[str, str]:
    """Write page and table, and return the sheet as Markdown by its title. Nothing is left where there are none."""
    selection, table = _Selection(), PairTable()
    for cluster in clusters:
        selection.add(cluster)
        table.add(cluster)
    page_path, table_path = report_path(partition, "html"), report_path(partition, "parquet")
    if not selection.count:
        context.store.remove(page_path)
        context.store.remove(table_path)
        return {}
    shown = selection.clusters
    thumbnails = _thumbnails(context, [member for cluster in shown for member in cluster.members[:MEMBERS_SHOWN]])
    _write_page(context, partition, selection, thumbnails)
    finished = context.store.temporary_folder() / "duplicates.parquet"
    table.write(finished)
    _place(context, finished, table_path)
    groups = [[_shown(member, thumbnails) for member in cluster.members] for cluster in shown[:SHEET_CLUSTERS]]
    sheet = side_by_side(groups, selection.count - len(groups), SHEET_BYTES)
    return {"duplicates_side_by_side": f"{sheet}\n\nMore in `{page_path}`, every pair in `{table_path}`."}


def _write_page(
    context: StageContext, partition: ImportPartition, selection: _Selection, thumbnails: Mapping[str, Path]
) -> None:
    shown = selection.clusters
    with context.database.read() as connection:
        oldest = [member.holders[0].media_id for cluster in shown for member in cluster.members[:MEMBERS_SHOWN]]
        sources = duplicates.sources(connection, oldest)
    content = PageContent(
        title=f"Duplicates of {partition.platform}, imported on {partition.import_date}",
        clusters=shown,
        hidden=selection.count - len(shown),
        sources=sources,
        table=Path(report_path(partition, "parquet")).name,
    )

    def picture_of(sha256: str) -> str | None:
        path = thumbnails.get(sha256)
        return data_uri(path, PICTURE_SIDE) if path else None

    unfinished = context.store.temporary_folder() / "duplicates.html"
    write_page(unfinished, content, picture_of, PAGE_BYTES)
    _place(context, unfinished, report_path(partition, "html"))


def _thumbnails(context: StageContext, members: Sequence[Member]) -> dict[str, Path]:
    """The thumbnails of these files. What the renditions have not come to yet is made now, as they would."""
    sha256s = sorted({member.sha256 for member in members})
    places = _places(context, sha256s)
    missing = [sha256 for sha256 in sha256s if sha256 not in places]
    if missing:
        render_missing(context, Selection(sha256s=missing))
        places |= _places(context, missing)
    return {sha256: context.store.path_of(place) for sha256, place in places.items()}


def _places(context: StageContext, sha256s: Sequence[str]) -> dict[str, str]:
    with context.database.read() as connection:
        return renditions.local_paths(connection, sha256s, "thumbnail")


def _shown(member: Member, thumbnails: Mapping[str, Path]) -> Shown:
    held = f"{len(member.holders):,} references" if len(member.holders) > 1 else ""
    size, _, rest = facts(member).partition(" · ")
    return Shown(thumbnails.get(member.sha256), (verdict(member), size, rest, held or " "))


def _place(context: StageContext, finished: Path, place: str) -> None:
    target = context.store.path_of(place)
    with storage_errors("write", target):
        make_folders(target.parent, _PRIVATE_FOLDER)
        finished.chmod(_PRIVATE_FILE)
        move_into_place(finished, target)
