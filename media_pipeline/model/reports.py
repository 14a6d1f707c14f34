"""What a stage did, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class ColumnKind(StrEnum):
    """What a column of a file holds, by Arrow's name of it."""

    TEXT = "string"
    TEXTS = "list<string>"
    INTEGER = "int64"
    NUMBER = "double"
    TIME = "timestamp[us, tz=UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file that is handed on."""

    name: str
    kind: ColumnKind
    meaning: str


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that a stage wrote for other programs."""

    path: Path
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a stage did for one partition, for people."""

    numbers: Mapping[str, int | float] = field(default_factory=dict[str, int | float])
    """Counts, rates and bytes, each plotted over time under its name."""
    table: tuple[Mapping[str, Any], ...] = ()
    """Failures or findings, a row each, with the same columns."""
    markdown: Mapping[str, str] = field(default_factory=dict[str, str])
    """Pages to look at, by title."""
    file: WrittenFile | None = None
    """What it wrote for other programs."""
