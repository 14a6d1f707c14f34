"""Guarded sessions for tests, and the reason for which one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from media_pipeline.fetch.http.client import ClientSettings, GuardedSession
from media_pipeline.fetch.outcome import NETWORK_ERRORS, Refusal, refusal_of_error
from media_pipeline.settings import Settings
from media_pipeline_tests.patience import PATIENCE_SECONDS


def client_settings(**settings: Any) -> ClientSettings:
    """Keyword arguments are settings."""
    return ClientSettings.of(Settings(_env_file=None, **{"media_timeout_seconds": PATIENCE_SECONDS, **settings}))


@contextmanager
def session(**settings: Any) -> Iterator[GuardedSession]:
    opened = GuardedSession(client_settings(**settings))
    try:
        yield opened
    finally:
        opened.close()


def refusal(url: str, **settings: Any) -> Refusal:
    """What asking for a URL and reading its body come to; fails where that works."""
    with session(**settings) as guarded:
        try:
            guarded.open(url, {}).raw.read(1_000_000, decode_content=True)
        except NETWORK_ERRORS as error:
            return refusal_of_error(error)
    raise AssertionError(f"{url} was not refused")
