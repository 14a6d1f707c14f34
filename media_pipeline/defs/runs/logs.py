"""The log of a run as standard error shows it, which is also what Dagster keeps of a launched run's output."""

from __future__ import annotations

import logging

import dagster as dg

from media_pipeline.policy.foreign_text import LogLines

_FORMAT = "%(asctime)s %(levelname)s %(message)s"


@dg.logger(  # pyright: ignore[reportUnknownMemberType]
    {"log_level": dg.Field(str, is_required=False, default_value="INFO")},
    description="Lines on standard error. Whatever a message or an error names can't forge a line or move the cursor.",
)
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """In place of Dagster's logger of this name, which writes messages and tracebacks as they are."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines(_FORMAT))
    # Not a logger of the process's registry: each run has its own, with its own level.
    log = logging.Logger("media_pipeline.console", context.logger_config["log_level"])
    log.addHandler(handler)
    return log
