"""What an answer tells of how its host takes to being asked.

What belongs here: telling a refusal of us from a refusal of one medium. What does not: what is done about it
(:mod:`media_pipeline.fetch.dispatch.schedule`).
"""

from __future__ import annotations

from media_pipeline.fetch.dispatch.request import Answer
from media_pipeline.fetch.dispatch.schedule import Answered
from media_pipeline.fetch.outcome import Refusal
from media_pipeline.model import Status


def told_by(answer: Answer) -> Answered:
    """A host that knows of a medium that it is gone is one that answers us."""
    result = answer.result
    if not isinstance(result, Refusal):
        return Answered.SERVES
    if is_ban(result):
        return Answered.BANS
    return Answered.SERVES if result.status is Status.GONE else Answered.NOTHING


def is_ban(refusal: Refusal) -> bool:
    """Whether it may mean us. A 403 of a URL that has expired means the URL."""
    return refusal.kind in ("http_429", "http_403") and refusal.status is not Status.EXPIRED
