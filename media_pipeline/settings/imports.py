"""Settings of imports: which exports are taken, and when."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from media_pipeline.settings.group import SettingsGroup


class Imports(SettingsGroup):
    """Imports."""

    title = "Imports"

    media_start_date: date = Field(
        date(2024, 1, 1),
        description="The first partition is this import date (`YYYY-MM-DD`); exports of earlier dates are refused.",
    )
    media_import_settle_seconds: float = Field(
        10,
        ge=0,
        description="The sensor takes a file once it has not changed for this many seconds, so that no half-copied "
        "export is read.",
    )
