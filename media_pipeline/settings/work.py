"""Settings of runs: how work is divided, and when a run counts as dead."""

from __future__ import annotations

from pydantic import Field

from media_pipeline.settings.group import SettingsGroup


class Work(SettingsGroup):
    """Runs."""

    title = "Runs"

    media_batch_size: int = Field(
        50, ge=1, description="A stage works on this many rows at a time and commits them together."
    )
    media_lease_seconds: float = Field(
        60,
        ge=3,
        description="A run that says nothing for this many seconds is suspected to be dead, and is ended and taken up "
        "again when it is still silent a third of that time later.",
    )
