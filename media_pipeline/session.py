"""What the commands share: the catalogue and the stages opened, jobs run under progress bars, the summary of a run.

Everything heavy is imported where it is used: Dagster takes a second, which `--help` and `list` need not spend.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from media_pipeline import terminal
from media_pipeline.model import ImportPartition
from media_pipeline.settings import Settings

if TYPE_CHECKING:
    from media_pipeline.catalog.database import Database
    from media_pipeline.defs.partitions import PartitionRange
    from media_pipeline.stages.context import StageContext


def run(settings: Settings, job: str, ranges: Iterable[PartitionRange], verbose: bool) -> bool:
    """Execute a job for each range, one after the other, and say whether any failed."""
    from media_pipeline.definitions import build_defs
    from media_pipeline.defs.launch import execute, open_instance

    failed = False
    with terminal.bars() as bars, open_instance(settings) as instance:
        for partitions in ranges:
            definitions = build_defs(settings, terminal.BarProgress(bars))
            finished = execute(definitions, instance, job, partitions, verbose)
            failed = failed or not finished.success
            for problem in finished.problems:
                terminal.err.print(f"{partitions}: {problem}", soft_wrap=True, markup=False)
    return failed


def print_summary(settings: Settings, partitions: list[ImportPartition], as_json: bool) -> None:
    """What the partitions hold now, and what failed and why."""
    from media_pipeline.stages.summary import summarise

    with open_database(settings) as database:
        summary = summarise(database, partitions)
    if as_json:
        terminal.print_json(summary.as_json())
        return
    terminal.print_facts(f"Imported {', '.join(summary.titles)}", summary.shown())
    terminal.print_table("What failed and why", summary.failures, ["status", "media", "error", "example"])
    terminal.print_table("What could not be read", summary.faults)


@contextmanager
def open_database(settings: Settings) -> Generator[Database]:
    """The catalogue. Raises CatalogError."""
    from media_pipeline.catalog.database import Database

    with closing(Database.open(settings)) as database:
        yield database


@contextmanager
def open_stage(settings: Settings) -> Generator[StageContext]:
    """A stage's tools outside Dagster, with bars."""
    from media_pipeline.defs.resources import bucket_of
    from media_pipeline.stages.context import opened

    log = logging.getLogger("media_pipeline")
    with terminal.bars() as bars, opened(settings, log, terminal.BarProgress(bars), bucket_of(settings)) as stage:
        yield stage
