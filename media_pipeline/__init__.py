"""Archives the media of social-media posts. What is named here is the interface for others; docs/python.md shows it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from media_pipeline.library import detect_media_type, open_library

__all__ = ["detect_media_type", "open_library"]

_MODULES = {
    "detect_media_type": "media_pipeline.library",
    "open_library": "media_pipeline.library",
}
"""Where each name comes from. It is imported when it is asked for: `media-pipeline --help` needs none of them."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
