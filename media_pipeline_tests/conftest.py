"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from media_pipeline.settings import Settings, names_of
from media_pipeline_tests import clamd as clamd_module
from media_pipeline_tests import seaweed as seaweed_module
from media_pipeline_tests.clamd import Clamd
from media_pipeline_tests.databases import PostgresServer, postgres_server
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library
from media_pipeline_tests.seaweed import Seaweed, seaweed_server

# No test depends on being quick: it passes with four busy loops beside it.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


DEPLOYED = Path(__file__).parents[1] / "deploy" / "postgres" / "dagster.yaml"
"""Dagster's settings for production."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no worker is left with one when the others have ended."""
    for item in items:
        parameters: dict[str, Any] = (
            item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        )
        if item.get_closest_marker("postgres_slowly") and "postgresql" in parameters.values():
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_sessionstart() -> None:
    """A script's background jobs ignore Ctrl-C, and so would every process that is started here and must not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor a .env file of the person who runs the tests reaches them."""
    for name in (name for field in Settings.model_fields for name in names_of(field)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def host() -> Iterator[FaultyHost]:
    with FaultyHost() as host:
        yield host


MakeLibrary = Callable[..., Library]


@pytest.fixture
def make_library(tmp_path: Path, host: FaultyHost) -> MakeLibrary:
    """Makes an empty library that may ask the faulty host, with settings."""

    def make(**settings: Any) -> Library:
        chosen = {"media_allowed_hosts": (host.address,), "media_backoff_seconds": 0.01, **settings}
        return Library(tmp_path / "library", **chosen)

    return make


@pytest.fixture
def library(make_library: MakeLibrary) -> Library:
    """Such a library as it is without settings."""
    return make_library()


@pytest.fixture
def other_catalogue(either_database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """MEDIA_CATALOG_URL of a second library on the same database; empty for SQLite, where each has its own anyway."""
    if either_database == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.migrated() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """All of a test on both databases: its catalogue and Dagster's own history, as a user sets them up.

    The settings are in the environment, so that every library and every process that is started has them.
    """
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        home = tmp_path / "dagster-home"
        home.mkdir()
        shutil.copy(DEPLOYED, home / "dagster.yaml")
        with server.migrated() as catalogue, server.empty() as history:
            monkeypatch.setenv("MEDIA_CATALOG_URL", catalogue)
            monkeypatch.setenv("DAGSTER_HOME", str(home))
            monkeypatch.setenv("DAGSTER_POSTGRES_URL", history)
            yield request.param
        return
    yield request.param


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real server, started once; each test takes a database of its own from it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def seaweed() -> Iterator[Seaweed]:
    """A real S3 server; the test is skipped where it isn't installed."""
    if seaweed_module.MISSING:
        pytest.skip(seaweed_module.MISSING)
    with seaweed_server() as server:
        yield server


@pytest.fixture(scope="session")
def clamd() -> Iterator[Clamd]:
    """A real clamd that knows one infection; the test is skipped where it isn't installed."""
    if clamd_module.MISSING:
        pytest.skip(clamd_module.MISSING)
    with clamd_module.clamd() as started:
        yield started
