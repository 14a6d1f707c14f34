"""What tests of stages that run on both databases are given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.catalog.database import Database
from media_pipeline_tests.databases import PostgresServer
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither, catalog_url


@pytest.fixture(params=["sqlite", "postgresql"])
def url_of_catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield catalog_url(tmp_path / "library")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.migrated() as url:
        yield url


@pytest.fixture
def make_either(url_of_catalogue: str, tmp_path: Path, host: FaultyHost) -> MakeEither:
    """Makes a library that may ask the faulty host, with settings."""

    def make(**settings: Any) -> EitherLibrary:
        chosen = {"media_allowed_hosts": (host.address,), "media_backoff_seconds": 0.01, **settings}
        return EitherLibrary(tmp_path / "library", media_catalog_url=url_of_catalogue, **chosen)

    return make


@pytest.fixture
def database(url_of_catalogue: str) -> Iterator[Database]:
    """An empty catalogue, where the library itself is not needed."""
    with closing(Database(url_of_catalogue)) as opened:
        opened.migrate()
        yield opened
