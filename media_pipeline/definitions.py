"""The one module that Dagster loads: every definition, made from the settings."""

from __future__ import annotations

import dagster as dg

from media_pipeline.defs.embedding import definitions_named
from media_pipeline.defs.naming import PLAIN
from media_pipeline.defs.runs.logs import console
from media_pipeline.settings import Settings, load_settings
from media_pipeline.stages.progress import Progress


def build_defs(settings: Settings, progress: Progress | None = None) -> dg.Definitions:
    """Fresh definitions for these settings; ``progress`` shows how far a run in this process is."""
    return dg.Definitions.merge(
        definitions_named(settings, PLAIN, progress),
        # Jobs have the executor themselves; backfills of assets use the implicit job, which has the location's.
        dg.Definitions(loggers={"console": console}, executor=dg.in_process_executor),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the settings of the environment."""
    return build_defs(load_settings())
