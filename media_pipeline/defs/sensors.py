"""The sensors: one takes new imports, the other ends runs whose process is gone."""

from __future__ import annotations

from contextlib import closing

import dagster as dg

from media_pipeline.catalog.database import Database
from media_pipeline.defs.naming import PLAIN, Naming
from media_pipeline.defs.runs.dead_runs import look_after_runs
from media_pipeline.policy.foreign_text import for_log, with_lines
from media_pipeline.policy.liveness import LOOKS_IN_A_LEASE
from media_pipeline.settings import Settings
from media_pipeline.stages.imports.landing import Landed, fingerprint, look

EVERY_SECONDS = 30
REFUSED_NAMED = 20
"""Of the paths that are refused: a folder of thousands would fill the log at every tick."""


def build_sensor(settings: Settings, naming: Naming = PLAIN) -> dg.SensorDefinition:
    """The sensor ``new_imports``. It keeps no cursor: what was read is in the catalogue."""

    @dg.sensor(  # pyright: ignore[reportUnknownMemberType]
        name=naming.new_imports,
        job_name=naming.whole,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests a run for each partition in which export files landed or changed, once they have "
        "settled. Paths that fit no partition are named with the reason.",
    )
    def new_imports(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        with closing(Database.open(settings)) as database:
            landed = look(settings, database)
        requests = requests_for(landed)
        if not requests:
            return dg.SensorResult(skip_reason=skip_reason(landed))
        # A tick that requests runs has no other place to name them in.
        log = with_lines(context.log)
        for rejection in landed.rejected[:REFUSED_NAMED]:
            log.warning(f"refused: {rejection}")
        return dg.SensorResult(run_requests=requests)

    return new_imports


def build_dead_runs_sensor(settings: Settings, naming: Naming = PLAIN) -> dg.SensorDefinition:
    """The sensor ``dead_runs``. It keeps no cursor either: what is left to do stands in the catalogue."""

    @dg.sensor(  # pyright: ignore[reportUnknownMemberType]
        name=naming.dead_runs,
        minimum_interval_seconds=round(settings.media_lease_seconds / LOOKS_IN_A_LEASE),
        default_status=dg.DefaultSensorStatus.RUNNING,
        job_name=naming.whole,
        description="Marks runs as failed whose process was killed or lost with its machine, and requests their "
        "partitions once more. What such a run had done is kept; the new run goes on where it stopped.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        with closing(Database.open(settings)) as database:
            ended, requests = look_after_runs(settings, context.instance, database, naming)
        names = ", ".join(run.run_id for run in ended)
        reason = f"Ended {names}." if ended else "Every started run is heard of."
        return dg.SensorResult(run_requests=requests, skip_reason=None if requests else reason)

    return dead_runs


def requests_for(landed: Landed) -> list[dg.RunRequest]:
    """A request for each partition with waiting files.

    The run key holds the partition and every waiting file as it is: two files that land in one tick share a run,
    one that lands while that run is queued gets its own, and the same state is never requested twice. A run that
    fails is therefore not requested again by the sensor; the nightly backfill does that.
    """
    return [
        dg.RunRequest(run_key=f"{partition.key}:{fingerprint(files)}", partition_key=partition.key)
        for partition, files in sorted(landed.waiting.items())
    ]


def skip_reason(landed: Landed) -> str:
    """Why nothing is requested, with every path that is refused."""
    reasons = ["No new import has settled."]
    if landed.unsettled:
        reasons.append(f"Still changing: {', '.join(map(for_log, landed.unsettled[:10]))}.")
    reasons += [f"Refused: {rejection}." for rejection in landed.rejected[:REFUSED_NAMED]]
    if len(landed.rejected) > REFUSED_NAMED:
        reasons.append(f"And {len(landed.rejected) - REFUSED_NAMED:,} more paths are refused.")
    return " ".join(reasons)
