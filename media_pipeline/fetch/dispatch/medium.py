"""One download under way, as the dispatcher holds it.

What belongs here: its journey, the future that its caller waits for, its place in the order. What does not: what is
done with it (:mod:`media_pipeline.fetch.dispatch.downloader`).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from media_pipeline.fetch.dispatch.journey import Journey
from media_pipeline.model import (
    Candidate,
    FetchedFile,
    FetchFailure,
    FetchUnchanged,
    Reason,
    Status,
    is_of_the_one,
    unforeseen,
)

Fetched = FetchedFile | FetchUnchanged | FetchFailure


@dataclass(slots=True)
class Medium:
    """One download under way."""

    journey: Journey
    folder: Path
    priority: float
    future: Future[Fetched] = field(default_factory=Future[Fetched])


@contextmanager
def failing_alone(medium: Medium) -> Generator[None]:
    """An error that no rule foresees belongs to the medium that it meets, not to the dispatcher."""
    try:
        yield
    except Exception as error:
        if medium.future.done() or not is_of_the_one(error):
            raise
        failure = FetchFailure(Status.FAILED, unforeseen(error), medium.journey.attempts, reason=Reason.UNFORESEEN)
        medium.future.set_result(failure)


def soonest_end(candidates: Sequence[Candidate], now: datetime) -> float:
    """When the first of them dies, in Unix seconds. One that is dead already is in no hurry."""
    ends = (candidate.expires_at for candidate in candidates)
    return min((end.timestamp() for end in ends if end is not None and end > now), default=math.inf)
