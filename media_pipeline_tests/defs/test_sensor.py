"""The sensor: nothing that lands is lost, nothing is asked for twice, nothing half written is taken."""

from __future__ import annotations

import time
from datetime import timedelta

import dagster as dg
import pytest

from media_pipeline.defs.sensors import build_sensor
from media_pipeline.model import ImportPartition
from media_pipeline_tests.library import DAY, TWITTER, Library, tweet

pytestmark = pytest.mark.usefixtures("either_database")

TOMORROW = ImportPartition(DAY + timedelta(days=1), "twitter")


def tick(library: Library) -> dg.SensorResult:
    with dg.build_sensor_context() as context:
        result = build_sensor(library.settings)(context)
    assert isinstance(result, dg.SensorResult)
    return result


def requested(library: Library) -> list[tuple[str | None, str | None]]:
    return [(request.partition_key, request.run_key) for request in tick(library).run_requests or []]


def test_each_partition_in_which_something_landed_is_requested_once(library: Library) -> None:
    library.land("a.json", [tweet(1)])
    library.land("b.json", [tweet(2)])
    library.land("c.json", [tweet(3)], TOMORROW)
    assert [partition for partition, _ in requested(library)] == [TWITTER.key, TOMORROW.key]


def test_the_same_state_has_the_same_run_key_so_that_it_is_never_requested_twice(library: Library) -> None:
    library.land("a.json", [tweet(1)])
    assert requested(library) == requested(library)


def test_a_file_that_lands_while_a_run_is_queued_gets_a_run_of_its_own(library: Library) -> None:
    library.land("a.json", [tweet(1)])
    first = requested(library)
    library.land("b.json", [tweet(2)])
    second = requested(library)
    assert first[0][0] == second[0][0]
    assert first[0][1] != second[0][1]


def test_what_was_read_is_not_requested_again_and_what_changed_is(library: Library) -> None:
    path = library.land("a.json", [tweet(1)])
    library.run()
    assert requested(library) == []
    library.land("a.json", [tweet(1), tweet(2)], age=30)
    assert len(requested(library)) == 1
    assert path.exists()


def test_a_file_that_is_still_being_written_is_left_alone_until_it_has_settled(library: Library) -> None:
    library.land("a.json", [tweet(1)], age=0)
    library.land("b.json.part", "[")
    library.land(".hidden.json", "[]")
    result = tick(library)
    assert not result.run_requests
    assert result.skip_reason is not None
    assert "twitter/2025-11-01/a.json" in str(result.skip_reason.skip_message)


def test_a_path_that_fits_no_partition_is_named_with_its_reason(library: Library) -> None:
    for place in ("myspace/2025-11-01/a.json", "twitter/yesterday/a.json", "twitter/2025-11-01/a.docx", "a.json"):
        path = library.settings.import_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[]")
    message = str(tick(library).skip_reason)
    for part in ("myspace", "yesterday", "a.docx"):
        assert part in message


def test_a_time_in_the_future_does_not_keep_a_file_waiting_for_ever(library: Library) -> None:
    library.land("a.json", [tweet(1)], age=-86400)
    assert len(requested(library)) == 1


def test_thousands_of_files_fit_into_one_tick(library: Library) -> None:
    days = 60
    for number in range(5000):
        library.land(f"{number}.json", "[]", ImportPartition(DAY - timedelta(days=number % days), "twitter"))
    assert len(requested(library)) == days


def test_a_missing_import_folder_is_no_error(library: Library) -> None:
    started = time.time()
    assert requested(library) == []
    assert time.time() >= started
