"""What some partitions come to, in the numbers that a person asks for first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from media_pipeline.catalog import imports, media_reports, stats
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import ranges
from media_pipeline.model import ImportPartition, Status
from media_pipeline.stages.context import TABLE_ROWS


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals, failures by reason, and parts of exports that could not be read."""

    titles: tuple[str, ...]
    totals: Mapping[str, Any]
    failures: tuple[Mapping[str, Any], ...]
    faults: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Everything as plain JSON."""
        return {
            "partitions": list(self.titles),
            **self.totals,
            "failures": list(self.failures),
            "faults": list(self.faults),
        }

    def shown(self) -> dict[str, Any]:
        """The lines of the table that ends a run."""
        totals = self.totals
        by_status = totals["status"]
        fine = (Status.STORED, Status.PENDING, Status.SKIPPED)
        return {
            "posts": totals["posts"],
            "media": totals["media"],
            "stored": totals["stored"],
            "files": totals["files"],
            "duplicates": totals["duplicates"],
            "bytes saved": totals["bytes_saved"],
            "renditions": totals["renditions"],
            "archived": totals["archived"],
            "waiting": by_status.get(Status.PENDING, 0),
            "skipped": by_status.get(Status.SKIPPED, 0),
            "failed": sum(number for status, number in by_status.items() if status not in fine),
            "of these tried again": sum(by_status.get(status, 0) for status in (Status.FAILED, Status.MISSING)),
        }


def summarise(database: Database, partitions: Sequence[ImportPartition]) -> Summary:
    """Ask the catalogue what these partitions hold now."""
    with database.read() as connection:
        totals = stats.totals(connection, partitions)
        failures = media_reports.failures_by_reason(connection, partitions, TABLE_ROWS)
        faults = imports.faults(connection, partitions, TABLE_ROWS)
    titles = tuple(
        f"{platform} {first}" if first == last else f"{platform} {first} to {last}"
        for platform, first, last in ranges(partitions)
    )
    return Summary(titles, totals, tuple(failures), tuple(faults))
