"""What a user has who runs `make dev`: the sensor takes files, a backfill from the UI is one run, history stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from media_pipeline.defs.launch import open_instance
from media_pipeline.model import ImportPartition
from media_pipeline_tests.defs.dev_server import dev_server, wait_for
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet

pytestmark = pytest.mark.long
HOUR = 3600


def test_the_sensor_takes_a_file_and_a_backfill_of_dates_is_one_run_and_history_is_kept(
    library: Library, host: FaultyHost
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
