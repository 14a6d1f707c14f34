"""A run whose process is gone is not "started" for ever, wherever the catalogue and Dagster's history are."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from media_pipeline.catalog import leases
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import run_leases
from media_pipeline.definitions import build_defs
from media_pipeline.defs.naming import PLAIN
from media_pipeline.defs.partitions import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, PartitionRange
from media_pipeline.defs.resources import Pipeline
from media_pipeline.defs.runs.dead_runs import AFTER_TAG, DEATHS_TAG, MOST_TAKEN_UP, look_after_runs, take_up
from media_pipeline.defs.runs.heartbeat import Heartbeat
from media_pipeline.defs.runs.launch import execute, open_instance
from media_pipeline.policy.liveness import START_SECONDS
from media_pipeline_tests.faulty_host import FaultyHost, Gate
from media_pipeline_tests.forked import Started
from media_pipeline_tests.killed_runs import start_ingest
from media_pipeline_tests.library import TWITTER, Library, picture, tweet
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

pytestmark = pytest.mark.usefixtures("either_database")

LEASE = 60.0
Ended = tuple[list[str], list[dg.RunRequest]]


@contextmanager
def catalogue(library: Library) -> Iterator[Database]:
    with closing(Database.open(library.settings)) as database:
        yield database


def look(library: Library, instance: dg.DagsterInstance) -> Ended:
    """What the sensor does: the runs that it ended, and what it requests."""
    settings = library.settings.model_copy(update={"media_lease_seconds": LEASE})
    with catalogue(library) as database:
        ended, requests = look_after_runs(settings, instance, database)
    return [run.run_id for run in ended], requests


def let_time_pass(library: Library, seconds: float) -> None:
    """As if all leases were older by so much."""
    with catalogue(library) as database, database.write() as connection:
        for row in connection.execute(sa.select(run_leases)).all():
            times = {name: getattr(row, name) for name in ("began_at", "renewed_at", "suspected_at", "ended_at")}
            earlier = {name: time - timedelta(seconds=seconds) for name, time in times.items() if time}
            connection.execute(sa.update(run_leases).where(run_leases.c.run_id == row.run_id).values(earlier))


def look_until_it_is_ended(library: Library, instance: dg.DagsterInstance) -> Ended:
    """Two looks at a run that is silent from now on."""
    let_time_pass(library, LEASE + 1)
    assert look(library, instance) == ([], []), "a silent run is suspected first"
    let_time_pass(library, LEASE / 2)
    return look(library, instance)


def begun(
    instance: dg.DagsterInstance,
    run_id: str,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
    job: str = "media_pipeline",
    **tags: str,
) -> dg.DagsterRun:
    """A run in the history of which no process knows."""
    run = dg.DagsterRun(job_name=job, run_id=run_id, status=status, tags={PARTITION_TAG: TWITTER.key, **tags})
    return instance.add_run(run)


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as gate:
        yield gate


def working_run(library: Library, host: FaultyHost, gate: Gate, folder: Path) -> Started:
    """`media-pipeline ingest` in the middle of its downloads, where it stays until the gate is opened."""
    urls = [host.serve(f"/{n}.jpg", picture(n), fault=gate if n > 1 else None) for n in range(6)]
    export = folder / "export.json"
    export.write_text(json.dumps([tweet(n, url) for n, url in enumerate(urls)]))
    process = start_ingest(
        library, export, "twitter", MEDIA_LEASE_SECONDS="3", MEDIA_TIMEOUT_SECONDS=str(PATIENCE_SECONDS)
    )
    wait_for(lambda: len(host.requests) >= 6 and library.rows("SELECT 1 FROM post_media WHERE status = 'stored'"))
    return process


def test_a_killed_run_is_marked_as_failed_and_its_partition_requested_and_a_living_one_is_left_alone(
    library: Library, host: FaultyHost, gate: Gate, tmp_path: Path
) -> None:
    process = working_run(library, host, gate, tmp_path)
    with open_instance(library.settings) as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.STARTED
        let_time_pass(library, LEASE + 1)
        look(library, instance)
        wait_for(lambda: _renewed(library, run.run_id))
        let_time_pass(library, LEASE / 2)
        assert look(library, instance) == ([], []), "it has renewed its lease since"
        process.send_signal(signal.SIGKILL)
        process.wait()
        ended, (request,) = look_until_it_is_ended(library, instance)
        assert ended == [run.run_id]
        assert status_of(instance, run.run_id) == dg.DagsterRunStatus.FAILURE
        assert (request.partition_key, request.tags[AFTER_TAG]) == (TWITTER.key, run.run_id)


def _renewed(library: Library, run_id: str) -> bool:
    with catalogue(library) as database, database.read() as connection:
        (lease,) = [lease for lease in leases.held(connection) if lease.run_id == run_id]
        return lease.renewed_at is not None and leases.now(connection) - lease.renewed_at < timedelta(seconds=30)


def pause(library: Library, process: Started) -> None:
    """Stop a run that is not about to write: SQLite's one lock would stay with it."""
    with catalogue(library) as database, database.write():
        os.killpg(process.pid, signal.SIGSTOP)
        wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)


def test_a_run_that_was_paused_and_given_up_writes_nothing_when_it_wakes(
    library: Library, host: FaultyHost, gate: Gate, tmp_path: Path
) -> None:
    process = working_run(library, host, gate, tmp_path)
    with open_instance(library.settings) as instance:
        (run,) = instance.get_runs()
        pause(library, process)
        ended, _ = look_until_it_is_ended(library, instance)
        assert ended == [run.run_id]
        before = library.snapshot()
        gate.open()
        os.killpg(process.pid, signal.SIGCONT)
        assert process.wait(PATIENCE_SECONDS) != 0
        assert library.snapshot() == before
        assert status_of(instance, run.run_id) == dg.DagsterRunStatus.FAILURE
    # The run that takes it up finds everything as a killed one leaves it.
    assert start_ingest(library, tmp_path / "export.json", "twitter").wait(PATIENCE_SECONDS) == 0
    assert library.statuses() == {"stored": 6}


@pytest.mark.slow
def test_a_run_that_was_paused_and_not_missed_goes_on_when_it_wakes(
    library: Library, host: FaultyHost, gate: Gate, tmp_path: Path
) -> None:
    process = working_run(library, host, gate, tmp_path)
    pause(library, process)
    let_time_pass(library, 10 * LEASE)
    gate.open()
    os.killpg(process.pid, signal.SIGCONT)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert library.statuses() == {"stored": 6}


def test_a_run_has_one_lease_from_before_its_first_step_until_after_its_last(
    library: Library, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[tuple[Any, ...]]] = []
    opened = Pipeline.open

    def opened_with_a_look(pipeline: Pipeline, log: Any) -> Any:
        seen.append(library.rows("SELECT run_id, began_at FROM run_leases"))
        return opened(pipeline, log)

    monkeypatch.setattr(Pipeline, "open", opened_with_a_look)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    with open_instance(library.settings) as instance:
        finished = execute(build_defs(library.settings), instance, PLAIN.whole, PartitionRange(TWITTER, TWITTER))
        assert finished.success
        assert look(library, instance) == ([], [])
    assert len(seen) == 8
    assert [run_id for ((run_id, _),) in seen] == [finished.run_id] * 8
    assert len({began_at for ((_, began_at),) in seen}) == 1
    assert library.rows("SELECT run_id FROM run_leases") == []


def test_a_run_that_fails_by_itself_leaves_no_lease_and_is_not_taken_up(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Pipeline, "open", broken)
    with open_instance(library.settings) as instance:
        finished = execute(build_defs(library.settings), instance, PLAIN.whole, PartitionRange(TWITTER, TWITTER))
        assert not finished.success
        assert library.rows("SELECT run_id FROM run_leases") == []
        assert look(library, instance) == ([], [])


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_run_whose_process_never_came_up_is_ended_and_taken_up(library: Library, status: dg.DagsterRunStatus) -> None:
    with open_instance(library.settings) as instance:
        begun(instance, "lost", status)
        assert look(library, instance) == ([], [])
        let_time_pass(library, START_SECONDS - 5)
        assert look(library, instance) == ([], []), "it may take its time to start"
        ended, (request,) = look_until_it_is_ended(library, instance)
        assert (ended, request.partition_key) == (["lost"], TWITTER.key)
        assert status_of(instance, "lost") == dg.DagsterRunStatus.FAILURE


def test_runs_of_other_projects_in_the_same_history_are_left_alone(library: Library) -> None:
    with open_instance(library.settings) as instance:
        begun(instance, "theirs", job="some_other_job")
        run = dg.DagsterRun("__ASSET_JOB", "mixed", asset_selection=frozenset([dg.AssetKey("their_table")]))
        instance.add_run(run.with_status(dg.DagsterRunStatus.STARTED))
        look(library, instance)
        assert look_until_it_is_ended(library, instance) == ([], [])
    assert library.rows("SELECT run_id FROM run_leases") == []


def test_a_run_that_dagster_s_own_monitoring_was_first_to_mark_is_taken_up_too(library: Library) -> None:
    with open_instance(library.settings) as instance:
        run = begun(instance, "lost", dg.DagsterRunStatus.STARTING)
        look(library, instance)
        instance.report_run_failed(run, "Run timed out due to taking longer than 180 seconds to start.")
        let_time_pass(library, START_SECONDS)
        ended, (request,) = look_until_it_is_ended(library, instance)
        assert (ended, request.tags[AFTER_TAG]) == ([], "lost")


def test_a_request_is_made_until_its_run_is_in_the_history_also_by_a_daemon_that_died_in_between(
    library: Library,
) -> None:
    with open_instance(library.settings) as instance:
        begun(instance, "lost")
        look(library, instance)
        let_time_pass(library, START_SECONDS)
        _, requests = look_until_it_is_ended(library, instance)
        ended, again = look(library, instance)
        assert (ended, [request.run_key for request in again]) == ([], [request.run_key for request in requests])
        begun(instance, "next", dg.DagsterRunStatus.NOT_STARTED, **again[0].tags)
        assert look(library, instance) == ([], [])
        assert library.rows("SELECT run_id FROM run_leases WHERE settled_at IS NULL") == []


def test_a_run_that_the_user_cancelled_is_not_taken_up(library: Library) -> None:
    with open_instance(library.settings) as instance:
        run = begun(instance, "lost")
        look(library, instance)
        instance.report_run_canceled(run)
        let_time_pass(library, START_SECONDS)
        assert look_until_it_is_ended(library, instance) == ([], [])


def test_leases_of_runs_that_this_history_does_not_know_are_left_alone(library: Library) -> None:
    with catalogue(library) as database, database.write() as connection:
        leases.take(connection, "of another machine's history", "laptop, process 1")
    with open_instance(library.settings) as instance:
        let_time_pass(library, 2 * LEASE)
        assert look(library, instance) == ([], [])
        assert look(library, instance) == ([], [])
    assert library.rows("SELECT suspected_at, ended_at FROM run_leases") == [(None, None)]


def test_no_living_run_is_ended_when_the_database_s_clock_jumps_or_the_database_was_away(library: Library) -> None:
    with open_instance(library.settings) as instance:
        begun(instance, "alive")
        for seconds in (86400.0 * 3650, -86400.0 * 7300, 86400.0 * 3650):
            let_time_pass(library, seconds)
            assert look(library, instance) == ([], [])
            with catalogue(library) as database, database.write() as connection:
                assert leases.take(connection, "alive", "here")
            assert look(library, instance) == ([], [])
        assert status_of(instance, "alive") == dg.DagsterRunStatus.STARTED


def test_a_heartbeat_outlives_a_catalogue_that_is_away_for_a_while(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = library.with_settings(media_lease_seconds=3).settings
    away = threading.Event()
    tried = threading.Semaphore(0)
    renew = leases.renew

    def renew_if_reachable(connection: sa.Connection, run_id: str) -> bool:
        tried.release()
        if away.is_set():
            raise OperationalError("UPDATE", {}, Exception("server closed the connection unexpectedly"))
        return renew(connection, run_id)

    monkeypatch.setattr(leases, "renew", renew_if_reachable)
    with Heartbeat(settings, "run"):
        away.set()
        for _ in range(3):
            assert tried.acquire(timeout=PATIENCE_SECONDS)
        let_time_pass(library, 3600)
        away.clear()
        wait_for(lambda: _renewed(library, "run"))
    assert library.rows("SELECT run_id FROM run_leases") == []


def test_a_heartbeat_begins_although_the_catalogue_can_t_be_opened(library: Library, tmp_path: Path) -> None:
    settings = library.with_settings(media_catalog_url=f"sqlite:///{tmp_path}/no/catalog.sqlite").settings
    (tmp_path / "no").write_text("a file, where a folder should be")
    with Heartbeat(settings, "run"):
        pass


@pytest.mark.parametrize("deaths", range(MOST_TAKEN_UP + 2))
def test_a_partition_that_kills_its_run_again_and_again_is_left_for_the_night(library: Library, deaths: int) -> None:
    tags: dict[str, Any] = {PARTITION_TAG: TWITTER.key} | ({DEATHS_TAG: str(deaths)} if deaths else {})
    request = take_up(library.settings, dg.DagsterRun(job_name="media_pipeline", run_id="1", tags=tags))
    if deaths >= MOST_TAKEN_UP:
        assert request is None
    else:
        assert request is not None
        assert request.tags[DEATHS_TAG] == str(deaths + 1)


def test_a_range_is_taken_up_as_a_range_and_what_has_no_partition_is_not(library: Library) -> None:
    tags = PartitionRange(TWITTER, TWITTER).tags
    request = take_up(library.settings, dg.DagsterRun(job_name="media_pipeline", run_id="1", tags=tags))
    assert request is not None
    assert request.tags == {**tags, AFTER_TAG: "1", DEATHS_TAG: "1"}
    assert take_up(library.settings, dg.DagsterRun(job_name="verify_library", run_id="3")) is None


@pytest.mark.parametrize(
    "tags",
    [
        {PARTITION_TAG: "2023-12-31|twitter"},
        {PARTITION_TAG: "9999-12-31|twitter"},
        {PARTITION_TAG: "2025-11-01|myspace"},
        {PARTITION_TAG: "2025-11-01"},
        {RANGE_START_TAG: "2023-12-31|twitter", RANGE_END_TAG: "2024-01-02|twitter"},
    ],
)
def test_a_dead_run_of_partitions_that_dagster_no_longer_has_is_not_taken_up(
    library: Library, tags: dict[str, str]
) -> None:
    """Dagster would refuse the request, and with it every other one of the tick."""
    assert take_up(library.settings, dg.DagsterRun(job_name="media_pipeline", run_id="1", tags=tags)) is None
