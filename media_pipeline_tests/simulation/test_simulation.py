"""Whatever befalls a run, and whenever: started again until quiet, nothing is lost and nothing is fetched again.

A seed says what there is and what happens. Repeat one with MEDIA_TEST_SEED=<seed> and
``pytest media_pipeline_tests/simulation -k one_seed``.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from media_pipeline.model import Status
from media_pipeline_tests.databases import PostgresServer
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library
from media_pipeline_tests.simulation.run import BROKE_OFF, run_once
from media_pipeline_tests.simulation.trouble import Trouble, draw
from media_pipeline_tests.simulation.world import HOSTS, MAX_FILE_MB, Medium, make_world

pytestmark = pytest.mark.long

SEED = int(os.environ.get("MEDIA_TEST_SEED", "1"))
MOST_TROUBLES = 4
MOST_RUNS = 8
"""Without trouble, until nothing is left to do."""


@dataclass
class Simulation:
    """A world, a library, and what is looked at after each run."""

    folder: Path
    hosts: list[FaultyHost]
    media: list[Medium]
    settings: dict[str, Any]
    engine: sa.Engine

    def run(self, trouble: Trouble | None) -> int:
        """One run. What the catalogue calls stored before it must not be asked for again."""
        stored, seen = self.stored(), Counter(self.asked())
        code = run_once(self.folder, self.settings, trouble)
        again = stored & set(Counter(self.asked()) - seen)
        assert not again, f"asked again for what is stored: {again}"
        return code

    def asked(self) -> list[str]:
        return [host.url(request.path) for host in self.hosts for request in host.requests]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def stored(self) -> set[str]:
        if not sa.inspect(self.engine).has_table("post_media"):
            return set()
        return {url for (url,) in self.rows("SELECT media_url FROM post_media WHERE status = 'stored'")}

    def let_time_pass(self) -> bool:
        """Make due what waits for its next try; False when nothing does."""
        with self.engine.begin() as connection:
            update = "UPDATE post_media SET next_attempt_at = '2020-01-01 00:00:00' WHERE status = 'failed'"
            return connection.execute(sa.text(update)).rowcount > 0


@pytest.fixture
def simulated(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    with ExitStack() as stack:

        def make(seed: int) -> Simulation:
            hosts = [stack.enter_context(FaultyHost()) for _ in range(HOSTS)]
            media, posts = make_world(seed, hosts)
            url = f"sqlite:///{tmp_path / 'library' / 'data' / 'catalog.sqlite'}"
            if seed % 2:
                server: PostgresServer = request.getfixturevalue("postgres")
                url = stack.enter_context(server.migrated()) + "&application_name=simulated"
            settings = {
                "media_allowed_hosts": tuple(host.address for host in hosts),
                "media_catalog_url": url,
                "media_max_file_mb": MAX_FILE_MB,
                "media_max_attempts": 2,
                "media_backoff_seconds": 0.01,
                "media_batch_size": 40,
                "media_download_processes": 2 if seed % 10 == 0 else 1,
            }
            Library(tmp_path / "library", **settings).land("posts.jsonl", posts)
            (tmp_path / "library" / "data").mkdir()
            engine = sa.create_engine(sa.make_url(url.replace("application_name=simulated", "")))
            stack.callback(engine.dispose)
            return Simulation(tmp_path / "library", hosts, media, settings, engine)

        yield make


def simulate(simulation: Simulation, seed: int) -> None:
    print(f"repeat with MEDIA_TEST_SEED={seed} pytest -m slow media_pipeline_tests/simulation -k one_seed")
    dice = random.Random(seed)
    for _ in range(dice.randint(1, MOST_TROUBLES)):
        assert simulation.run(draw(dice, simulation.settings["media_catalog_url"])) in (0, BROKE_OFF, -signal.SIGKILL)
    for _ in range(MOST_RUNS):
        assert simulation.run(None) == 0
        if not simulation.let_time_pass():
            break
    check(simulation)


def check(simulation: Simulation) -> None:
    by_url = {medium.url: medium for medium in simulation.media}
    rows = simulation.rows("SELECT media_id, media_url, status, sha256, error FROM post_media")
    assert {row[1] for row in rows} == set(by_url)
    wrong = [(by_url[url].kind, status, error) for _, url, status, _, error in rows if status not in by_url[url].ends]
    assert Counter(wrong) == Counter()
    for _, url, status, sha256, _ in rows:
        if status == Status.STORED:
            assert sha256 == hashlib.sha256(by_url[url].body).hexdigest(), by_url[url].kind
    check_files(simulation)
    assert not {medium.url for medium in simulation.media if medium.kind == "expired"} & set(simulation.asked())


def check_files(simulation: Simulation) -> None:
    """Every row has its file and every file its row; what was not done is gone."""
    data = simulation.folder / "data"
    kept = simulation.rows("SELECT local_path, sha256 FROM media_files WHERE local_path IS NOT NULL")
    for place, sha256 in kept:
        assert hashlib.sha256((data / place).read_bytes()).hexdigest() == sha256
    on_disk = {path.relative_to(data).as_posix() for path in (data / "media").rglob("*") if path.is_file()}
    assert on_disk == {place for place, _ in kept if not place.startswith("quarantine/")}
    for folder in ("tmp", "parts"):
        assert [path for path in (data / folder).rglob("*") if path.is_file()] == []
    for note in (data / "quarantine").glob("*.json"):
        assert json.loads(note.read_text())["error"]


@pytest.mark.parametrize("seed", range(1, 21))
def test_nothing_is_lost_whatever_befalls_a_run(simulated: Any, seed: int) -> None:
    simulate(simulated(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(21, 201))
def test_nothing_is_lost_with_many_more_seeds(simulated: Any, seed: int) -> None:
    simulate(simulated(seed), seed)


@pytest.mark.slow
def test_nothing_is_lost_with_one_seed_of_choice(simulated: Any) -> None:
    simulate(simulated(SEED), SEED)
