"""The pipeline as a Dagster component, for projects whose definitions are YAML (``dg``).

What belongs here: what ``defs.yaml`` may say. What does not: the definitions themselves
(:mod:`media_pipeline.defs.embedding`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from media_pipeline.defs.embedding import build_definitions
from media_pipeline.defs.naming import GROUP
from media_pipeline.settings import Settings, SettingsError, load_settings


class MediaPipelineComponent(dg.Component, dg.Model, dg.Resolvable):
    """Archives the media of social-media posts: assets, checks, jobs, sensors and schedules."""

    key_prefix: list[str] = Field(
        default_factory=list[str], description="These parts stand in front of each asset key and each other name."
    )
    group: str = Field(GROUP, description="The assets are in this group of the UI.")
    settings: Mapping[str, Any] = Field(
        default_factory=dict[str, Any],
        description="These settings win over the environment and `.env`; names may be in small letters.",
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002
        """Raises SettingsError for a setting that does not exist or can't be used."""
        given = {name.lower(): value for name, value in self.settings.items()}
        if strange := sorted(given.keys() - Settings.model_fields.keys()):
            raise SettingsError(
                f"defs.yaml names settings that do not exist: {', '.join(strange)}; see docs/settings.md"
            )
        settings = load_settings(**given)
        return build_definitions(settings, key_prefix=self.key_prefix, group=self.group)
