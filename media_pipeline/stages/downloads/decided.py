"""Which settings a verdict was made under: when they change, it is due again.

What belongs here: digests of settings. What does not: which settings a reason hangs on
(:mod:`media_pipeline.policy.reasons`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from media_pipeline.model import Reason
from media_pipeline.policy.reasons import SETTINGS_OF
from media_pipeline.settings import Settings

_DIGITS = 16


def decided_under(settings: Settings) -> dict[Reason, str]:
    """For each reason, a digest of the present settings that it hangs on. A file counts by what it holds."""
    return {
        reason: hashlib.sha256(repr([_value(getattr(settings, name)) for name in names]).encode()).hexdigest()[:_DIGITS]
        for reason, names in SETTINGS_OF.items()
    }


def _value(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return _content(value) if isinstance(value, Path) else value


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.expanduser().read_bytes()).hexdigest()
    except OSError:
        return "unreadable"
