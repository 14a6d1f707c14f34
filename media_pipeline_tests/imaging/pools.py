"""The process pools under ``Workers``, for tests that end a worker from outside.

What belongs here: which processes they are. What does not: what goes wrong inside one (``misbehaviour``).
"""

from __future__ import annotations

from typing import Any

import pytest
from pebble import ProcessPool

from media_pipeline.imaging import workers


def remembered(monkeypatch: pytest.MonkeyPatch) -> list[ProcessPool]:
    """Every pool that is made from now on, in their order."""
    made: list[ProcessPool] = []

    def make(*arguments: Any, **named: Any) -> ProcessPool:
        made.append(ProcessPool(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(workers, "ProcessPool", make)
    return made


def process_ids(pool: ProcessPool) -> list[int]:
    """Of the workers that a pool has now."""
    inside: Any = pool
    return list(inside._pool_manager.worker_manager.workers)
