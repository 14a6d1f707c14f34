"""The partitions of every asset: one import day of one platform."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

import dagster as dg

from media_pipeline.model import ImportPartition
from media_pipeline.posts.platforms import platform_names
from media_pipeline.settings import Settings, load_settings
from media_pipeline.stages.imports.raw_posts import import_dates

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


def import_partitions(settings: Settings | None = None) -> dg.MultiPartitionsDefinition:
    """Import date by platform, key ``2026-11-20|twitter``. None reads the settings; raises SettingsError then."""
    settings = settings or load_settings()
    # Without end_offset=1 today's partition would not exist until midnight.
    days = dg.DailyPartitionsDefinition(start_date=settings.media_start_date.isoformat(), end_offset=1, timezone="UTC")
    return dg.MultiPartitionsDefinition(
        {"import_date": days, "platform": dg.StaticPartitionsDefinition(list(platform_names()))}
    )


def refusal_of(settings: Settings, partition: ImportPartition) -> str | None:
    """Why Dagster has no such partition now, in one line; None for one that it has.

    The catalogue may hold others: from before MEDIA_START_DATE was changed, of a platform of another version, or of a
    day that has not come because a clock went wrong. A request for one of them would make Dagster refuse all of them.
    """
    if partition.platform not in platform_names():
        return f"{partition.key}: this version knows no platform {partition.platform!r}"
    refusal = import_dates(settings).refusal(partition.import_date)
    return f"{partition.key}: {refusal}" if refusal else None


def divided(settings: Settings, partitions: Iterable[ImportPartition]) -> tuple[list[ImportPartition], list[str]]:
    """The partitions that Dagster has now, in order, and why it doesn't have the others, a line each."""
    refusals = {partition: refusal_of(settings, partition) for partition in sorted(set(partitions))}
    taken = [partition for partition, refusal in refusals.items() if refusal is None]
    return taken, [refusal for refusal in refusals.values() if refusal]


def partitions_of(context: dg.AssetExecutionContext) -> list[ImportPartition]:
    """The partitions of a run, be it one or a range (where ``context.partition_key`` would raise)."""
    return sorted(ImportPartition.from_key(key) for key in context.partition_keys)


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """Contiguous import days of one platform: what Dagster runs in one run."""

    first: ImportPartition
    last: ImportPartition

    @property
    def tags(self) -> dict[str, str]:
        """The tags by which Dagster knows the range. A range of one is that too."""
        return {RANGE_START_TAG: self.first.key, RANGE_END_TAG: self.last.key}

    def __str__(self) -> str:
        if self.first == self.last:
            return self.first.key
        return f"{self.first.import_date}…{self.last.import_date}|{self.first.platform}"


def ranges_of(partitions: Iterable[ImportPartition]) -> list[PartitionRange]:
    """The fewest runs that cover these partitions and no other."""
    found: list[PartitionRange] = []
    ordered = sorted(set(partitions), key=lambda partition: (partition.platform, partition.import_date))
    for _platform, group in groupby(ordered, lambda partition: partition.platform):
        current: PartitionRange | None = None
        for partition in group:
            if current and partition.import_date == current.last.import_date + timedelta(days=1):
                current = PartitionRange(current.first, partition)
                found[-1] = current
            else:
                current = PartitionRange(partition, partition)
                found.append(current)
    return found
