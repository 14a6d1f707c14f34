"""The one module that Dagster loads: every definition, made from the settings."""

from __future__ import annotations

import warnings

import dagster as dg

from media_pipeline.defs.assets import build_assets
from media_pipeline.defs.jobs import build_jobs
from media_pipeline.defs.library import library_verification
from media_pipeline.defs.resources import pipeline_of
from media_pipeline.defs.runs.logs import console
from media_pipeline.defs.schedules import build_schedules
from media_pipeline.defs.sensors import build_dead_runs_sensor, build_sensor
from media_pipeline.settings import Settings, load_settings
from media_pipeline.stages.progress import Progress


def build_defs(settings: Settings, progress: Progress | None = None) -> dg.Definitions:
    """Fresh definitions for these settings; ``progress`` shows how far a run in this process is."""
    with warnings.catch_warnings():
        # single_run() is what makes a range of dates one run; its API has been beta since 2023.
        warnings.simplefilter("ignore", dg.BetaWarning)
        assets = build_assets(settings)
    return dg.Definitions(
        assets=[*assets, library_verification],
        jobs=build_jobs(),
        sensors=[build_sensor(settings), build_dead_runs_sensor(settings)],
        schedules=build_schedules(settings),
        loggers={"console": console},
        resources={"pipeline": pipeline_of(settings, progress)},
        # Six empty steps: 28.7 s in the default multiprocess executor, 0.7 s in process. A job's own executor would
        # not do, since backfills of assets use the implicit job. Parallel is what the stages do inside.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the settings of the environment."""
    return build_defs(load_settings())
