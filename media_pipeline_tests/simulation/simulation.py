"""A made-up world with a library in it: its runs, what befalls them, and what must hold afterwards.

What belongs here: the course of a simulation and its checks. What does not: the world (``world.py``), troubles and
misfortunes themselves, and which seeds are run (``test_on_sqlite.py``).
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from media_pipeline.model import Status
from media_pipeline.stages.integrity.places import WrongPlace
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.simulation.archives import Folder, SimulatedArchive
from media_pipeline_tests.simulation.daemon import Daemon
from media_pipeline_tests.simulation.misfortune import MISFORTUNES
from media_pipeline_tests.simulation.run import BROKE_OFF, Order, carry_out, carry_out_ahead
from media_pipeline_tests.simulation.trouble import Trouble, draw
from media_pipeline_tests.simulation.world import World

MOST_EVENTS = 6
MOST_RUNS = 8
"""Without trouble, until nothing is left to do."""
NOTHING = 1e-9
"""Gigabytes that the store may hold: everything that is safe in the archive leaves it."""
ENDED = (0, BROKE_OFF, -signal.SIGKILL)
NEVER_CHANGED_BY_REFUSED = ("post_media", "media_files", "posts", "fetch_attempts", "places")


@dataclass
class Simulation:
    """A world, a library, and what is looked at after each run."""

    folder: Path
    hosts: list[FaultyHost]
    world: World
    archive: SimulatedArchive
    settings: dict[str, Any]
    engine: sa.Engine
    daemon: Daemon | None
    """None: the runs are not Dagster's."""
    damaged: set[str] = field(default_factory=set)
    """Keys of objects that were changed behind the archive's back."""
    ever_stored: set[str] = field(default_factory=set)
    """SHA-256 of all that a row has ever named."""
    runs: int = 0

    @property
    def store(self) -> Path:
        return self.folder / "data"

    @property
    def catalog_url(self) -> str:
        return str(self.settings["media_catalog_url"])

    def run(self, trouble: Trouble | None = None, work: str = "run", clock_ahead: bool = False) -> int:
        """One run. What the catalogue calls stored before it must not be asked for again."""
        stored, seen = self.stored(), Counter(self.asked())
        self.runs += 1
        run_id = self.daemon.begin(self.runs) if self.daemon and work == "run" and not clock_ahead else None
        settings = {**self.settings, "media_cache_limit_gb": NOTHING} if work == "evict" else self.settings
        order = Order(self.folder, settings, trouble, work, run_id)
        code = carry_out_ahead(order) if clock_ahead else carry_out(order)
        if run_id and self.daemon:
            self.daemon.end(run_id, code)
        again = stored & set(Counter(self.asked()) - seen)
        assert not again, f"asked again for what is stored: {again}"
        if self.has_begun():
            self.ever_stored |= {sha256 for (sha256,) in self.rows("SELECT sha256 FROM media_files")}
        return code

    def asked(self) -> list[str]:
        return [host.url(request.path) for host in self.hosts for request in host.requests]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def has_begun(self) -> bool:
        return sa.inspect(self.engine).has_table("run_leases")

    def has_place(self, kind: str) -> bool:
        return self.has_begun() and bool(self.rows(f"SELECT 1 FROM places WHERE kind = '{kind}'"))

    def stored(self) -> set[str]:
        if not self.has_begun():
            return set()
        return {url for (url,) in self.rows("SELECT media_url FROM post_media WHERE status = 'stored'")}

    def twice_kept(self) -> list[tuple[str, str, str]]:
        """Place, key and SHA-256 of what store and archive both have, as the catalogue says."""
        if not self.has_begun():
            return []
        found = self.rows(
            "SELECT local_path, s3_key, sha256 FROM media_files "
            "WHERE local_path IS NOT NULL AND archived_at IS NOT NULL ORDER BY sha256"
        )
        return [(str(place), str(key), str(sha256)) for place, key, sha256 in found]

    def let_time_pass(self) -> bool:
        """Make due what waits for its next try; False when nothing is left to do."""
        with self.engine.begin() as connection:
            update = "UPDATE post_media SET next_attempt_at = '2020-01-01 00:00:00' WHERE status = 'failed'"
            failed = connection.execute(sa.text(update)).rowcount > 0
            due = sa.text("SELECT count(*) FROM post_media WHERE status IN ('pending', 'missing')")
            return bool(connection.execute(due).scalar_one()) or failed


def simulate(simulation: Simulation, seed: int) -> None:
    """Let things happen, then run until quiet, look at everything once, and check."""
    print(f"repeat with MEDIA_TEST_SEED={seed} pytest -m slow media_pipeline_tests/simulation -k one_seed")
    dice = random.Random(seed)
    # What befalls a library before its first run befalls nothing.
    assert simulation.run(draw(dice, simulation.catalog_url)) in ENDED
    for _ in range(dice.randint(2, MOST_EVENTS)):
        _happen(simulation, dice)
        check_that_nothing_is_lost(simulation)
    for work in ("run", "verify", "run"):
        assert simulation.run(work=work) == 0
    for _ in range(MOST_RUNS):
        if not simulation.let_time_pass():
            break
        assert simulation.run() == 0
    check(simulation)


def _happen(simulation: Simulation, dice: random.Random) -> None:
    match dice.choice(("trouble", "misfortune", "misfortune", "daemon")):
        case "trouble":
            assert simulation.run(draw(dice, simulation.catalog_url)) in ENDED
        case "daemon" if simulation.daemon and simulation.has_begun():
            after = dice.randint(1, 12)
            assert simulation.daemon.look(Trouble("killed", "statement", after, simulation.catalog_url)) in ENDED
        case _:
            _befall(simulation, dice)


def _befall(simulation: Simulation, dice: random.Random) -> None:
    befalls = dice.choice(MISFORTUNES)
    print(befalls.__name__)
    strike = befalls(simulation, dice)
    try:
        if strike.refused:
            _run_that_is_refused(simulation, strike.refused)
        elif strike.clock_ahead:
            # A bucket's server refuses requests of such a time.
            assert simulation.run(clock_ahead=True) in ((0,) if isinstance(simulation.archive, Folder) else ENDED)
        elif strike.tempts and simulation.has_begun() and dice.random() < 0.5:
            assert simulation.run(work="evict") == 0
        else:
            # A killed run, or one whose archive can't be reached, may have begun before.
            trouble = draw(dice, simulation.catalog_url) if dice.random() < 0.3 else None
            assert simulation.run(trouble) in ENDED
    finally:
        strike.undo()


def _run_that_is_refused(simulation: Simulation, place: Path) -> None:
    for host in simulation.hosts:
        host.settle()
    before, asked = _tables(simulation), len(simulation.asked())
    assert simulation.run() == BROKE_OFF
    said = (simulation.folder / "runs.log").read_text().splitlines()[-1]
    assert said.startswith(WrongPlace.__name__) and str(place) in said
    assert _tables(simulation) == before
    assert len(simulation.asked()) == asked


def _tables(simulation: Simulation) -> dict[str, list[Any]]:
    return {table: sorted(simulation.rows(f"SELECT * FROM {table}"), key=repr) for table in NEVER_CHANGED_BY_REFUSED}


def check(simulation: Simulation) -> None:
    """What must hold once nothing is left to do."""
    check_references(simulation)
    check_store(simulation)
    check_archive(simulation)
    check_that_nothing_is_lost(simulation)
    expired = {medium.url for medium in simulation.world.media if medium.kind == "expired"}
    assert not expired & set(simulation.asked())
    if simulation.daemon:
        simulation.daemon.check()


def check_references(simulation: Simulation) -> None:
    """Each is there, in one status, and that one is right."""
    by_url = {medium.url: medium for medium in simulation.world.media}
    rows = simulation.rows("SELECT media_id, media_url, status, sha256, error FROM post_media")
    assert {row[1] for row in rows} == set(by_url)
    assert len(rows) == simulation.world.references
    wrong = [(by_url[url].kind, status, error) for _, url, status, _, error in rows if status not in by_url[url].ends]
    assert Counter(wrong) == Counter()
    for _, url, status, sha256, _ in rows:
        if status == Status.STORED and by_url[url].kind != "hostile":
            assert sha256 == hashlib.sha256(by_url[url].body).hexdigest(), by_url[url].kind


def check_store(simulation: Simulation) -> None:
    """Every row has its file and every file its row; what was not done is gone."""
    kept = simulation.rows("SELECT local_path, sha256 FROM media_files WHERE local_path IS NOT NULL")
    for place, sha256 in kept:
        assert digest((simulation.store / place).read_bytes()) == sha256
    on_disk = {path.relative_to(simulation.store).as_posix() for path in _files(simulation.store / "media")}
    assert on_disk == {place for place, _ in kept if not place.startswith("quarantine/")}
    for folder in ("tmp", "parts"):
        assert list(_files(simulation.store / folder)) == []
    for note in (simulation.store / "quarantine").glob("*.json"):
        assert json.loads(note.read_text())["error"]
    assert simulation.rows("SELECT * FROM removals") == []


def check_archive(simulation: Simulation) -> None:
    """It has what the catalogue says, bit by bit, and nothing that no row names but what was damaged."""
    archived = dict(simulation.rows("SELECT s3_key, sha256 FROM media_files WHERE archived_at IS NOT NULL"))
    assert (
        simulation.rows(
            "SELECT media_url FROM post_media m JOIN media_files f ON m.sha256 = f.sha256 "
            "WHERE m.status = 'stored' AND f.archived_at IS NULL"
        )
        == []
    )
    for key, sha256 in archived.items():
        content = simulation.archive.read(key)
        assert content is not None and digest(content) == sha256, key
    assert simulation.archive.keys() - set(archived) <= simulation.damaged


def check_that_nothing_is_lost(simulation: Simulation) -> None:
    """Every byte that a row has ever named is in the store, in quarantine, or in the archive."""
    there = {digest(path.read_bytes()) for name in ("media", "quarantine") for path in _files(simulation.store / name)}
    archived = (simulation.archive.read(key) for key in sorted(simulation.archive.keys()))
    assert simulation.ever_stored - there - {digest(content) for content in archived if content is not None} == set()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
