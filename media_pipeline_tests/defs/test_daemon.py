"""What a user has who runs `make dev`: the sensor takes files, a backfill from the UI is one run, history stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import psutil
import pytest

from media_pipeline.defs.runs.dead_runs import AFTER_TAG, DEATHS_TAG
from media_pipeline.defs.runs.launch import open_instance
from media_pipeline.model import ImportPartition
from media_pipeline_tests.databases import POSTGRES_SLOWLY
from media_pipeline_tests.defs.dev_server import DevServer, dev_server
from media_pipeline_tests.faulty_host import FaultyHost, Gate
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

pytestmark = pytest.mark.long
HOUR = 3600


@POSTGRES_SLOWLY
def test_the_sensor_takes_a_file_and_a_backfill_of_dates_is_one_run_and_history_is_kept(
    either_database: str, library: Library, host: FaultyHost
) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))], age=2 * HOUR)
    days = [DAY + timedelta(days=number) for number in range(1, 6)]
    for number, day in enumerate(days, 2):
        url = host.serve(f"/{number}.jpg", picture(number))
        # Not settled for the sensor, so that the backfill is what takes them.
        library.land("b.json", [tweet(number, url)], ImportPartition(day, "twitter"), age=0)
    with dev_server(library, MEDIA_IMPORT_SETTLE_SECONDS=str(HOUR)) as server:
        # Both at once, since the daemon looks at backfills every 30 s only.
        state = server.backfill([f"{day}|twitter" for day in days])
        assert state["status"] == "COMPLETED_SUCCESS"
        assert [run["status"] for run in state["runs"]] == ["SUCCESS"]
        tag = {"key": "dagster/partition", "value": TWITTER.key}
        wait_for(lambda: [run for run in server.runs() if tag in run["tags"] and run["status"] == "SUCCESS"])
    assert library.statuses() == {"stored": 6}
    assert library.rows("SELECT count(archived_at) FROM media_files") == [(6,)]
    with open_instance(library.settings) as instance:
        assert [run.is_success for run in instance.get_runs()] == [True, True]


@pytest.mark.parametrize("either_database", ["postgresql"], indirect=True)
def test_the_sensor_takes_a_file_with_everything_on_postgresql(
    either_database: str, library: Library, host: FaultyHost
) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    with dev_server(library) as server:
        wait_for(lambda: [run["status"] for run in server.runs()] == ["SUCCESS"])
    assert library.statuses() == {"stored": 1}


def _run_of(server: DevServer, status: str) -> list[dict[str, Any]]:
    return [run for run in server.runs() if run["status"] == status]


@pytest.mark.slow
@pytest.mark.usefixtures("either_database")
def test_a_run_that_is_killed_alone_and_one_that_dies_with_daemon_and_code_server_are_taken_up(
    library: Library, host: FaultyHost
) -> None:
    with Gate() as gate:
        urls = [host.serve(f"/{n}.jpg", picture(n), fault=gate if n else None) for n in range(4)]
        library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
        settings = {"MEDIA_LEASE_SECONDS": "15", "MEDIA_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)}
        with dev_server(library, **settings) as server:
            _wait_for_downloads(gate, 3)
            wait_for(lambda: library.statuses().get("stored") == 1)
            _kill_the_run(library)
            wait_for(lambda: _run_of(server, "FAILURE"))
            _wait_for_downloads(gate, 3)
            server.lose_power()
        with dev_server(library, **settings) as server:
            wait_for(lambda: len(_run_of(server, "FAILURE")) == 2)
            gate.open()
            wait_for(lambda: _run_of(server, "SUCCESS"))
            (last,) = _run_of(server, "SUCCESS")
            tags = {tag["key"]: tag["value"] for tag in last["tags"]}
            assert (tags[DEATHS_TAG], tags[AFTER_TAG] in {run["id"] for run in server.runs()}) == ("2", True)
    assert library.statuses() == {"stored": 4}
    assert [request.path for request in host.requests].count("/0.jpg") == 1, "what was stored is not fetched again"


@pytest.mark.slow
@pytest.mark.usefixtures("either_database")
def test_a_run_that_ctrl_c_ends_with_the_server_is_taken_up_by_the_next_start(
    library: Library, host: FaultyHost
) -> None:
    with Gate() as gate:
        library.land("a.json", [tweet(1, host.serve("/1.jpg", picture(1), fault=gate))])
        settings = {"MEDIA_LEASE_SECONDS": "15", "MEDIA_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)}
        with dev_server(library, **settings):
            _wait_for_downloads(gate, 1)
        with dev_server(library, **settings) as server:
            gate.open()
            wait_for(lambda: _run_of(server, "SUCCESS"))
    assert library.statuses() == {"stored": 1}


@pytest.mark.slow
@pytest.mark.usefixtures("either_database")
def test_the_sensor_goes_on_after_a_clock_was_ten_years_ahead(library: Library, host: FaultyHost) -> None:
    with dev_server(library), open_instance(library.settings) as instance:
        wait_for(lambda: len(_ticked(instance)) == 2, pause=0.5)
    with open_instance(library.settings) as instance:
        for state in _ticked(instance):
            ahead = state.instigator_data.last_tick_timestamp + timedelta(days=3650).total_seconds()
            instance.update_instigator_state(
                state.with_data(
                    state.instigator_data._replace(last_tick_timestamp=ahead, last_tick_start_timestamp=ahead)
                )
            )
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    with dev_server(library) as server:
        wait_for(lambda: [run["status"] for run in server.runs()] == ["SUCCESS"], pause=0.5)
    assert library.statuses() == {"stored": 1}


def _ticked(instance: dg.DagsterInstance) -> list[Any]:
    """The states of the sensors that have ticked."""
    return [
        state
        for state in instance.all_instigator_state()
        if getattr(state.instigator_data, "last_tick_timestamp", None)
    ]


def _kill_the_run(library: Library) -> None:
    """Kill the process of the one run that works, and those that it started."""
    ((holder,),) = library.rows("SELECT holder FROM run_leases WHERE ended_at IS NULL")
    process = psutil.Process(int(holder.rpartition(" ")[2]))
    for victim in (process, *process.children(recursive=True)):
        victim.kill()


def _wait_for_downloads(gate: Gate, number: int) -> None:
    """Until so many requests more have come to the gate: a run is in the middle of its downloads."""
    for _ in range(number):
        assert gate.waiting.acquire(timeout=PATIENCE_SECONDS)


@pytest.mark.slow
def test_a_backfill_of_365_dates_is_one_run(library: Library, host: FaultyHost) -> None:
    days = [DAY - timedelta(days=number) for number in range(365)]
    for number, day in enumerate(days):
        url = host.serve(f"/{number}.jpg", picture(number))
        library.land("a.json", [tweet(number, url)], ImportPartition(day, "twitter"))
    with dev_server(library, MEDIA_IMPORT_SETTLE_SECONDS="1000000") as server:
        state = server.backfill([f"{day}|twitter" for day in days])
    assert state["status"] == "COMPLETED_SUCCESS"
    assert len(state["runs"]) == 1
    assert library.statuses() == {"stored": 365}
    with dev_server(library) as server:
        assert [run["status"] for run in server.runs()] == ["SUCCESS"], "history is kept from one start to the next"
