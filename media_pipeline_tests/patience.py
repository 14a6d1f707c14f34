"""How tests wait for what happens beside them: until it does, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 300.0
"""Only ends a test that would hang. No test passes or fails by it, since what is waited for comes or never does."""

Answer = TypeVar("Answer")


def wait_for(condition: Callable[[], Answer | None], pause: float = 0.02, patience: float = PATIENCE_SECONDS) -> Answer:
    """The first true answer."""
    deadline = time.monotonic() + patience
    while not (answer := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)
    return answer
