"""What a stage did, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """What a stage did for one partition, for people."""

    numbers: Mapping[str, int | float] = field(default_factory=dict[str, int | float])
    """Counts, rates and bytes, each plotted over time under its name."""
    table: tuple[Mapping[str, Any], ...] = ()
    """Failures or findings, a row each, with the same columns."""
    markdown: Mapping[str, str] = field(default_factory=dict[str, str])
    """Pages to look at, by title."""
