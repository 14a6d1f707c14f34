"""The schedules: what is unfinished is taken up, in as few runs as Dagster allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from media_pipeline.defs.partitions import RANGE_END_TAG, RANGE_START_TAG, ranges_of
from media_pipeline.defs.schedules import build_schedules
from media_pipeline.model import ImportPartition
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet

pytestmark = pytest.mark.usefixtures("either_database")

NIGHT = datetime(2026, 11, 21, 3, tzinfo=UTC)


def day(number: int, platform: str = "twitter") -> ImportPartition:
    return ImportPartition(DAY + timedelta(days=number), platform)


def requested(library: Library) -> list[tuple[str, str]]:
    schedule = build_schedules(library.settings)[0]
    result: Any = schedule(dg.build_schedule_context(scheduled_execution_time=NIGHT))
    if isinstance(result, dg.SkipReason):
        return []
    return [(request.tags[RANGE_START_TAG], request.tags[RANGE_END_TAG]) for request in result]


def test_nothing_is_requested_when_nothing_is_unfinished(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run()
    assert requested(library) == []


def test_imports_that_no_run_has_read_are_requested(library: Library) -> None:
    library.land("a.json", [tweet(1)])
    assert requested(library) == [(TWITTER.key, TWITTER.key)]


def test_a_failed_download_is_requested_when_its_next_attempt_is_due(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", fault=faulty_host.status(500)))])
    library.run()
    assert requested(library) == []
    library.rows("UPDATE post_media SET next_attempt_at = '2020-01-01 00:00:00.000000' RETURNING 1")
    assert requested(library) == [(TWITTER.key, TWITTER.key)]


def test_a_run_that_failed_on_the_way_is_taken_up(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run(stages=(read_posts, write_manifests))
    assert requested(library) == [(TWITTER.key, TWITTER.key)]


def test_corrupt_files_are_fetched_again_at_night(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run()
    library.rows("UPDATE post_media SET status = 'pending' RETURNING 1")
    assert requested(library) == [(TWITTER.key, TWITTER.key)]


def test_contiguous_dates_of_one_platform_share_a_run(library: Library) -> None:
    for number in (0, 1, 2, 5):
        library.land("a.json", [tweet(number)], day(number))
    library.land("l.json", [{"activity_urn": "1"}], day(1, "linkedin"))
    assert requested(library) == [
        ("2025-11-02|linkedin", "2025-11-02|linkedin"),
        ("2025-11-01|twitter", "2025-11-03|twitter"),
        ("2025-11-06|twitter", "2025-11-06|twitter"),
    ]


def test_a_library_that_downloads_nothing_has_nothing_due(library: Library, host: FaultyHost) -> None:
    manifests_only = library.with_settings(download_media=False)
    manifests_only.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    manifests_only.run()
    assert requested(manifests_only) == []


def test_ranges_cover_exactly_what_they_are_given() -> None:
    chosen = [day(0), day(3), day(1), day(1), day(4, "linkedin")]
    ranges = [(found.first, found.last) for found in ranges_of(chosen)]
    assert ranges == [(day(4, "linkedin"), day(4, "linkedin")), (day(0), day(1)), (day(3), day(3))]
    assert ranges_of([]) == []
