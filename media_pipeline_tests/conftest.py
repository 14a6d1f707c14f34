"""Fixtures that every folder of tests may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.settings import Settings
from media_pipeline_tests import clamd as clamd_module
from media_pipeline_tests.clamd import Clamd
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor a .env file of the person who runs the tests reaches them."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    with FaultyHost() as host:
        yield host


@pytest.fixture
def library(tmp_path: Path, host: FaultyHost) -> Library:
    """An empty library that may ask the faulty host."""
    return Library(tmp_path / "library", media_allowed_hosts=(host.address,))


MakeLibrary = Callable[..., Library]


@pytest.fixture
def make_library(tmp_path: Path, host: FaultyHost) -> MakeLibrary:
    """Makes such a library with settings."""

    def make(**settings: Any) -> Library:
        return Library(tmp_path / "library", **{"media_allowed_hosts": (host.address,), **settings})

    return make


@pytest.fixture(scope="session")
def clamd() -> Iterator[Clamd]:
    """A real clamd that knows one infection; the test is skipped where it isn't installed."""
    if clamd_module.MISSING:
        pytest.skip(clamd_module.MISSING)
    with clamd_module.clamd() as started:
        yield started
