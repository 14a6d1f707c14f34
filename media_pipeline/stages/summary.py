"""What some partitions come to, in the numbers that a person asks for first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from media_pipeline.catalog import imports, media_reports, posts, sightings, stats
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.posts import Upserted
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
    posts: Upserted
    """What became of posts since the run began."""
    stubs: tuple[Mapping[str, Any], ...]
    """Posts that exports name as blocked, deleted or unavailable, with the reason: the first of them."""
    no_longer_shown: int
    """How many of them there are."""

    @property
    def failed(self) -> int:
        """Media that could not be had so far."""
        fine = (Status.STORED, Status.PENDING, Status.SKIPPED)
        return sum(number for status, number in self.totals["status"].items() if status not in fine)

    @property
    def tried_again(self) -> int:
        """Those of them that are tried again by themselves."""
        return sum(self.totals["status"].get(status, 0) for status in (Status.FAILED, Status.MISSING))

    def last_line(self) -> str:
        """What a run ends with, in a line."""
        posts = f"posts: {self.posts.new:,} new, {self.posts.changed:,} changed, {self.posts.unchanged:,} unchanged"
        return f"{posts}; media: {self.failed:,} failed ({self.tried_again:,} to be tried again)"

    def as_json(self) -> dict[str, Any]:
        """Everything as plain JSON."""
        return {
            "partitions": list(self.titles),
            **self.totals,
            "new": self.posts.new,
            "changed": self.posts.changed,
            "unchanged": self.posts.unchanged,
            "no_longer_shown": self.no_longer_shown,
            "unavailable": list(self.stubs),
            "failures": list(self.failures),
            "faults": list(self.faults),
        }

    def shown(self) -> dict[str, Any]:
        """The lines of the table that ends a run."""
        totals = self.totals
        by_status = totals["status"]
        return {
            "posts": self.posts.new + self.posts.changed + self.posts.unchanged,
            "no longer shown": self.no_longer_shown,
            "media": totals["media"],
            "stored": totals["stored"],
            "files": totals["files"],
            "duplicates": totals["duplicates"],
            "bytes saved": totals["bytes_saved"],
            "renditions": totals["renditions"],
            "archived": totals["archived"],
            "waiting": by_status.get(Status.PENDING, 0),
            "skipped": by_status.get(Status.SKIPPED, 0),
            "failed": self.failed,
            "of these tried again": self.tried_again,
        }


def summarise(
    database: Database, partitions: Sequence[ImportPartition], started: datetime, files: Sequence[str] = ()
) -> Summary:
    """Ask the catalogue what these partitions hold now, and what became of their posts since the run was started.

    ``files``: import files whose posts count as well, wherever their bytes were imported first.
    """
    with database.read() as connection:
        totals = stats.totals(connection, partitions)
        failures = media_reports.failures_by_reason(connection, partitions, TABLE_ROWS)
        faults = imports.faults(connection, partitions, TABLE_ROWS)
        became = posts.since(connection, partitions, started, imports.of_files(connection, files))
        stubs = sightings.stubs(connection, partitions, TABLE_ROWS)
        no_longer_shown = sightings.count_stubs(connection, partitions)
    titles = tuple(
        f"{platform} {first}" if first == last else f"{platform} {first} to {last}"
        for platform, first, last in ranges(partitions)
    )
    return Summary(titles, totals, tuple(failures), tuple(faults), became, tuple(stubs), no_longer_shown)
