"""All definitions as one part, for this project's own code location and for other people's.

What belongs here: what a code location is given, without anything that it can have only once (an executor, loggers).
What does not: the definitions themselves.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import dagster as dg

from media_pipeline.defs.assets import build_assets
from media_pipeline.defs.jobs import build_jobs
from media_pipeline.defs.naming import GROUP, Naming
from media_pipeline.defs.resources import TableReader, pipeline_of
from media_pipeline.defs.schedules import build_schedules
from media_pipeline.defs.sensors import build_dead_runs_sensor, build_sensor
from media_pipeline.defs.verification import build_verification
from media_pipeline.settings import Settings, load_settings
from media_pipeline.stages.progress import Progress


def build_definitions(
    settings: Settings | None = None, *, key_prefix: str | Sequence[str] = (), group: str = GROUP
) -> dg.Definitions:
    """Assets, checks, jobs, sensors and schedules, to be merged into a code location (``dg.Definitions.merge``).

    ``settings``: None reads them from the environment and ``.env``. ``key_prefix`` stands in front of asset keys, and
    joined with ``_`` in front of the names of jobs, sensors, schedules and resources, so that nothing collides.
    ``group`` is the assets' group in the UI. Raises SettingsError.
    """
    return definitions_named(settings or load_settings(), Naming.embedded(key_prefix, group))


def definitions_named(settings: Settings, naming: Naming, progress: Progress | None = None) -> dg.Definitions:
    """The same under given names; ``progress`` shows how far a run in this process is."""
    with warnings.catch_warnings():
        # single_run() is what makes a range of dates one run; its API has been beta since 2023. Checks that know their
        # partition are a preview.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        assets = build_assets(settings, naming)
    verification, verify_library = build_verification(naming)
    return dg.Definitions(
        assets=[*assets, verification],
        jobs=[*build_jobs(naming), verify_library],
        sensors=[build_sensor(settings, naming), build_dead_runs_sensor(settings, naming)],
        schedules=build_schedules(settings, naming),
        resources={
            naming.resource: pipeline_of(settings, progress),
            naming.table_reader: TableReader(settings.storage_path),
        },
    )
