"""Archives the media of social-media posts. What is named here is the interface for others.

docs/python.md shows how media are fetched and found from Python (:func:`open_library`), and docs/embedding.md how the
pipeline joins a Dagster code location (:func:`build_definitions`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from media_pipeline.defs.embedding import build_definitions
    from media_pipeline.defs.partitions import import_partitions
    from media_pipeline.library import detect_media_type, open_library

__all__ = ["build_definitions", "detect_media_type", "import_partitions", "open_library"]

_MODULES = {
    "build_definitions": "media_pipeline.defs.embedding",
    "detect_media_type": "media_pipeline.library",
    "import_partitions": "media_pipeline.defs.partitions",
    "open_library": "media_pipeline.library",
}
"""Where each name comes from. It is imported when it is asked for: `media-pipeline --help` needs none of them."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
