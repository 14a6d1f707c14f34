"""The world, library, archive and Dagster of a seed: odd seeds on PostgreSQL, even ones on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from media_pipeline.defs.runs.launch import open_instance
from media_pipeline_tests.databases import PostgresServer
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.hostile_host import HostileHost
from media_pipeline_tests.library import Library
from media_pipeline_tests.simulation.archives import Bucket, Folder
from media_pipeline_tests.simulation.daemon import Daemon
from media_pipeline_tests.simulation.simulation import Simulation
from media_pipeline_tests.simulation.world import HOSTS, MAX_FILE_MB, make_world

CACHE_MB = 2
"""Less than what most worlds have: files leave the store for the archive."""

MakeSimulation = Callable[[int], Simulation]


@pytest.fixture
def simulated(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeSimulation]:
    with ExitStack() as stack:

        def make(seed: int) -> Simulation:
            hosts = [stack.enter_context(FaultyHost()) for _ in range(HOSTS)]
            hostile = stack.enter_context(HostileHost())
            world = make_world(seed, hosts, hostile)
            folder = tmp_path / "library"
            (folder / "catalogue").mkdir(parents=True)
            url = f"sqlite:///{folder / 'catalogue' / 'catalog.sqlite'}"
            if seed % 2:
                server: PostgresServer = request.getfixturevalue("postgres")
                url = stack.enter_context(server.migrated()) + "&application_name=simulated"
            in_bucket = seed % 5 == 0
            archive = (
                Bucket(request.getfixturevalue("seaweed"), f"seed-{seed}") if in_bucket else Folder(folder / "archive")
            )
            settings = {
                **archive.settings,
                "media_allowed_hosts": tuple(host.address for host in [*hosts, hostile]),
                "media_catalog_url": url,
                "media_max_file_mb": MAX_FILE_MB,
                "media_max_attempts": 2,
                "media_backoff_seconds": 0.01,
                "media_ban_after": 1000,
                "media_batch_size": 40,
                "media_cache_limit_gb": CACHE_MB / 1000,
                "media_scrub_days": 0,
                "media_download_processes": 2 if seed % 10 == 0 else 1,
                "dagster_home": str(folder / "dagster"),
            }
            library = Library(folder, **settings)
            library.land("posts.jsonl", world.export)
            (folder / "data").mkdir()
            (folder / "dagster").mkdir()
            engine = sa.create_engine(sa.make_url(url.replace("application_name=simulated", "")))
            stack.callback(engine.dispose)
            daemon = None
            if seed % 8 in (1, 2):
                daemon = Daemon(folder, settings, stack.enter_context(open_instance(library.settings)))
            return Simulation(folder, hosts, world, archive, settings, engine, daemon)

        yield make
