"""Every platform's shapes, for what must hold of all of them: those of ``<name>_shapes.py``, which each has."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from media_pipeline.posts.platforms import platform_names

SHAPES: list[tuple[str, Any]] = [
    (name, shape)
    for name in platform_names()
    for shape in import_module(f"media_pipeline_tests.posts.{name}_shapes").ALL
]
