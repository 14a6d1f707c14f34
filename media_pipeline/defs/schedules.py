"""The schedules: what is unfinished is taken up every night, what is stored is verified every week."""

from __future__ import annotations

from contextlib import closing

import dagster as dg

from media_pipeline.catalog import imports
from media_pipeline.catalog.database import Database
from media_pipeline.defs.naming import PLAIN, Naming
from media_pipeline.defs.partitions import divided, ranges_of
from media_pipeline.imaging.facts.version import FACTS_VERSION
from media_pipeline.model import ImportPartition
from media_pipeline.settings import Settings
from media_pipeline.stages.downloads.decided import decided_under
from media_pipeline.stages.imports.landing import look

NIGHTLY = "0 3 * * *"
WEEKLY = "0 5 * * 0"
LEFT_ALONE_NAMED = 20
"""Of the partitions that have work left and that Dagster doesn't have."""


def build_schedules(settings: Settings, naming: Naming = PLAIN) -> list[dg.ScheduleDefinition]:
    """``nightly_backfill`` and ``weekly_verify``."""

    @dg.schedule(  # pyright: ignore[reportUnknownMemberType]
        name=naming.nightly_backfill,
        cron_schedule=NIGHTLY,
        job_name=naming.whole,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Takes up what is unfinished: downloads whose next attempt is due, imports that no run has read, "
        "steps that failed, facts that an older version read. Contiguous dates of one platform share a run.",
    )
    def nightly_backfill(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        with closing(Database.open(settings)) as database:
            unfinished, left_alone = divided(settings, unfinished_partitions(settings, database))
        for refusal in left_alone[:LEFT_ALONE_NAMED]:
            context.log.warning(f"left alone: {refusal}")
        if not unfinished:
            return dg.SkipReason(" ".join(["Nothing is unfinished.", *left_alone[:LEFT_ALONE_NAMED]]))
        night = context.scheduled_execution_time.date().isoformat()
        return [
            dg.RunRequest(run_key=f"{night}:{partition_range}", tags=partition_range.tags)
            for partition_range in ranges_of(unfinished)
        ]

    weekly_verify = dg.ScheduleDefinition(
        name=naming.weekly_verify,
        job_name=naming.verify,
        cron_schedule=WEEKLY,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Reads every stored file; what is corrupt is fetched again.",
    )
    return [nightly_backfill, weekly_verify]


def unfinished_partitions(settings: Settings, database: Database) -> list[ImportPartition]:
    """The partitions with work left, by the catalogue, or with files that no run has read."""
    with database.read() as connection:
        unfinished = imports.unfinished_partitions(
            connection, settings.download_media, FACTS_VERSION, decided_under(settings), settings.media_fetch_roles
        )
    return sorted({*unfinished, *look(settings, database).waiting})
