"""A run whose process was killed is not "started" for ever."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import dagster as dg
import pytest

from media_pipeline.defs.dead_runs import AFTER_TAG, end_dead_runs, take_up
from media_pipeline.defs.launch import open_instance
from media_pipeline.defs.partitions import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, PartitionRange
from media_pipeline.defs.sensors import build_dead_runs_sensor
from media_pipeline_tests.defs.dev_server import wait_for
from media_pipeline_tests.faulty_host import Exchange, FaultyHost
from media_pipeline_tests.killed_runs import start_ingest
from media_pipeline_tests.library import TWITTER, Library, picture, tweet


def _slowly(exchange: Exchange) -> None:
    time.sleep(1)
    exchange.serve()


def test_a_killed_run_is_marked_as_failed_and_a_living_one_is_left_alone(
    library: Library, host: FaultyHost, tmp_path: Path
) -> None:
    export = tmp_path / "export.json"
    urls = [host.serve(f"/{n}.jpg", picture(n), fault=_slowly) for n in range(30)]
    export.write_text(json.dumps([tweet(n, url) for n, url in enumerate(urls)]))
    process = start_ingest(library, export, "twitter")
    wait_for(lambda: len(host.requests) > 2, 60)
    with open_instance(library.settings) as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.STARTED
        assert end_dead_runs(instance) == []
        process.send_signal(signal.SIGKILL)
        process.wait()
        with dg.build_sensor_context(instance=instance) as context:
            result = build_dead_runs_sensor(library.settings)(context)
        assert isinstance(result, dg.SensorResult)
        assert instance.get_runs()[0].status == dg.DagsterRunStatus.FAILURE
        (request,) = result.run_requests or []
        assert (request.partition_key, request.tags[AFTER_TAG]) == (TWITTER.key, run.run_id)
        assert end_dead_runs(instance) == []


def test_a_range_is_taken_up_as_a_range_and_what_died_twice_is_left_for_the_night(library: Library) -> None:
    tags = PartitionRange(TWITTER, TWITTER).tags
    request = take_up(library.settings, dg.DagsterRun(job_name="media_pipeline", run_id="1", tags=tags))
    assert request is not None
    assert request.tags == {**tags, AFTER_TAG: "1"}
    assert (
        take_up(library.settings, dg.DagsterRun(job_name="media_pipeline", run_id="2", tags=dict(request.tags))) is None
    )
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
