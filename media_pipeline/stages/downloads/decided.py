"""Which settings a verdict was made under: when they change, it is due again.

What belongs here: digests of settings. What does not: which settings a reason hangs on
(:mod:`media_pipeline.policy.reasons`), and how the digests are written (:mod:`media_pipeline.policy.decided`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from media_pipeline.model import Reason
from media_pipeline.policy import final_answers
from media_pipeline.policy.decided import word_of
from media_pipeline.policy.reasons import SETTINGS_OF
from media_pipeline.settings import Settings


def decided_under(settings: Settings) -> dict[Reason, str]:
    """For each reason, the word that says under which settings it is decided now. A file counts by what it holds."""
    answers = _digest(settings, final_answers.SETTINGS)
    return {reason: word_of(_digest(settings, SETTINGS_OF.get(reason, ())), answers) for reason in Reason}


def _digest(settings: Settings, names: Iterable[str]) -> str:
    return hashlib.sha256(repr([_value(getattr(settings, name)) for name in names]).encode()).hexdigest()


def _value(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return _content(value) if isinstance(value, Path) else value


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.expanduser().read_bytes()).hexdigest()
    except OSError:
        return "unreadable"
