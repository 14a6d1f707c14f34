"""Archives the media of social-media posts. :func:`build_definitions` embeds the pipeline in a Dagster code location.

What belongs here: what other people's code locations import, and nothing that makes this import slow: Dagster comes
with the first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from media_pipeline.defs.embedding import build_definitions
    from media_pipeline.defs.partitions import import_partitions

__all__ = ["build_definitions", "import_partitions"]


def __getattr__(name: str) -> Any:
    if name == "build_definitions":
        from media_pipeline.defs.embedding import build_definitions

        return build_definitions
    if name == "import_partitions":
        from media_pipeline.defs.partitions import import_partitions

        return import_partitions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
