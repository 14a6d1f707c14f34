"""A partition's duplicates to look at: a sheet for Dagster's UI, a page, and a table of all pairs.

What belongs here: which clusters are shown, their pictures, and where page and table lie. What does not: how they are
written (:mod:`media_pipeline.views.duplicates`, :mod:`media_pipeline.stages.duplicates.table`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from pathlib import Path

from media_pipeline.catalog import duplicates, renditions
from media_pipeline.catalog.duplicates import Source
from media_pipeline.catalog.near_duplicates import Tier
from media_pipeline.catalog.renditions import Placed
from media_pipeline.catalog.selection import Selection
from media_pipeline.imaging.pictures import preview
from media_pipeline.model import ImportPartition, RenditionKind
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.duplicates.clusters import Cluster, Member
from media_pipeline.stages.duplicates.table import PairTable
from media_pipeline.stages.renditions.drawing import render_missing
from media_pipeline.storage.durable import place_private, storage_errors
from media_pipeline.views.duplicates import FILES_SHOWN, AlikeFile, AlikeGroup, duplicates_page, duplicates_sheet
from media_pipeline.views.posts import Post
from media_pipeline.views.sheets import COLUMNS, SIDE

FOLDER = "reports"
"""Below the storage path."""
CLUSTERS_SHOWN = 100
PAGE_BYTES = 6_000_000
"""Opens at once, and goes into a mail."""
PICTURE_SIDE = 200
SHEET_CLUSTERS = 20
"""More don't fit into a sheet."""

Rank = tuple[bool, int, str]


@dataclass
class _MostTelling:
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
    telling, table = _MostTelling(), PairTable()
    for cluster in clusters:
        telling.add(cluster)
        table.add(cluster)
    page_path, table_path = report_path(partition, "html"), report_path(partition, "parquet")
    if not telling.count:
        context.store.remove(page_path)
        context.store.remove(table_path)
        return {}
    shown = telling.clusters
    members = [member for cluster in shown for member in cluster.members[:FILES_SHOWN]]
    thumbnails = _thumbnails(context, members)
    with context.database.read() as connection:
        sources = duplicates.sources(connection, [member.holders[0].media_id for member in members])
    groups = _groups(shown, sources, thumbnails, PICTURE_SIDE, FILES_SHOWN)
    title = f"Duplicates of {partition.platform}, imported on {partition.import_date}"
    page = duplicates_page(title, groups, telling.count, Path(table_path).name, PAGE_BYTES)
    unfinished = context.store.temporary_folder() / "duplicates.html"
    unfinished.write_text(page, encoding="utf-8")
    _place(context, unfinished, page_path)
    unfinished = context.store.temporary_folder() / "duplicates.parquet"
    table.write(unfinished)
    _place(context, unfinished, table_path)
    groups = list(_groups(shown[:SHEET_CLUSTERS], sources, thumbnails, SIDE, COLUMNS))
    return {"duplicates_side_by_side": duplicates_sheet(groups, telling.count, page_path, table_path)}


def _groups(
    clusters: Iterable[Cluster], sources: Mapping[str, Source], thumbnails: Mapping[str, Path], side: int, most: int
) -> Iterator[AlikeGroup]:
    """The clusters as views show them, one at a time, with pictures of the first ``most`` files of each."""
    for cluster in clusters:
        pictured = [thumbnails.get(member.sha256) for member in cluster.members[:most]]
        pictures = [preview(path, side) if path else None for path in pictured]
        files = [
            _file(member, sources.get(member.holders[0].media_id), webp)
            for member, webp in zip_longest(cluster.members, pictures)
        ]
        yield AlikeGroup(files, cluster.saved_already, cluster.saved_if_pruned)


def _file(member: Member, source: Source | None, webp: bytes | None) -> AlikeFile:
    file = member.file
    return AlikeFile(
        media_id=member.holders[0].media_id,
        references=len(member.holders),
        tier=member.tier,
        distance=member.distance if member.tier is Tier.NEAR else None,
        width=file.width,
        height=file.height,
        file_size=file.file_size,
        mime_type=file.mime_type,
        # The page lies in a folder of the store.
        original=f"../{file.local_path}" if file.local_path else None,
        webp=webp,
        post=Post(**asdict(source)) if source else None,
    )


def _thumbnails(context: StageContext, members: Sequence[Member]) -> dict[str, Path]:
    """The thumbnails of these files. What the renditions have not come to yet is made now, as they would."""
    sha256s = sorted({member.sha256 for member in members})
    placed = _placed(context, sha256s)
    missing = [sha256 for sha256 in sha256s if sha256 not in placed]
    if missing:
        render_missing(context, Selection(sha256s=missing))
        placed |= _placed(context, missing)
    return {sha256: context.store.path_of(thumbnail.local_path) for sha256, thumbnail in placed.items()}


def _placed(context: StageContext, sha256s: Sequence[str]) -> dict[str, Placed]:
    with context.database.read() as connection:
        return renditions.placed(connection, sha256s, RenditionKind.THUMBNAIL)


def _place(context: StageContext, finished: Path, place: str) -> None:
    target = context.store.path_of(place)
    with storage_errors("write", target):
        place_private(finished, target)
