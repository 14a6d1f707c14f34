"""What checks found, in Dagster: of which partition, and what stays to be seen once other partitions are good."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.asset_check_state import AssetCheckState, bulk_update_asset_check_state

from media_pipeline.definitions import build_defs
from media_pipeline.defs.checks import OVER_ALL
from media_pipeline.defs.naming import PLAIN
from media_pipeline.defs.partitions import PartitionRange
from media_pipeline.model import ImportPartition
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, Library, picture, tweet

DAYS = [ImportPartition(DAY + timedelta(days=number), "twitter") for number in range(4)]
FAILED_DOWNLOADS = dg.AssetCheckKey(dg.AssetKey("cached_media"), "failed_downloads_under_limit")


def run(
    library: Library, instance: dg.DagsterInstance, first: ImportPartition, last: ImportPartition | None = None
) -> dg.ExecuteInProcessResult:
    tags = PartitionRange(first, last).tags if last else None
    key = None if last else first.key
    job = build_defs(library.settings).resolve_job_def(PLAIN.whole)
    return job.execute_in_process(instance=instance, partition_key=key, tags=tags, raise_on_error=False)


def as_the_ui_shows(library: Library, instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> dict[str, set[str]]:
    """The partitions of a check by state, as Dagster's UI asks for them; but for the current run's."""
    partitions = build_defs(library.settings).resolve_asset_graph().get(check.asset_key).partitions_def
    found = bulk_update_asset_check_state(instance, [(check, partitions)], {check: AssetCheckState.empty()})[check]
    shown: dict[str, set[str]] = {}
    for state, subset in found.subsets.items():
        value: Any = subset.value
        if not subset.is_empty:
            shown[state.value] = set(value.get_partition_keys())
    return shown


def over_all(result: dg.ExecuteInProcessResult, asset: str = "cached_media") -> dg.AssetCheckEvaluation:
    (found,) = [
        evaluation
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.check_name == OVER_ALL and evaluation.asset_key == dg.AssetKey(asset)
    ]
    return found


def failing(result: dg.ExecuteInProcessResult) -> list[tuple[Any, ...]]:
    table = over_all(result).metadata.get("findings")
    if table is None:
        return []
    assert isinstance(table, dg.TableMetadataValue)
    return [(row.data["partition"], row.data["check"], row.data["state"]) for row in table.records]


def land_lost(library: Library, host: FaultyHost, day: ImportPartition) -> None:
    number = day.import_date.day
    library.land("a.json", [tweet(number * 10 + n, host.url(f"/lost-{number}-{n}.jpg")) for n in range(3)], day)


def land_good(library: Library, host: FaultyHost, day: ImportPartition) -> None:
    number = day.import_date.day
    library.land("a.json", [tweet(number * 10, host.serve(f"/{number}.jpg", picture(number)))], day)


def test_a_failed_partition_stays_failed_after_good_ones_in_runs_of_a_range_and_of_one(
    library: Library, host: FaultyHost
) -> None:
    bad, *good = DAYS
    land_lost(library, host, bad)
    for day in good:
        land_good(library, host, day)
    with dg.DagsterInstance.ephemeral() as instance:
        first = run(library, instance, bad, good[1])
        assert first.success, "a warning stops nothing"
        expected = {"FAILED": {bad.key}, "SUCCEEDED": {good[0].key, good[1].key}}
        assert as_the_ui_shows(library, instance, FAILED_DOWNLOADS) == expected
        second = run(library, instance, good[2])
        expected["SUCCEEDED"].add(good[2].key)
        assert as_the_ui_shows(library, instance, FAILED_DOWNLOADS) == expected
        for result in (first, second):
            assert not over_all(result).passed
            assert over_all(result).severity is dg.AssetCheckSeverity.WARN
            assert over_all(result).description == f"1 failing: {bad.key}"
            assert failing(result) == [(bad.key, FAILED_DOWNLOADS.name, "failed")]


def test_a_failed_partition_is_good_again_once_its_own_run_finds_it_so(library: Library, host: FaultyHost) -> None:
    bad, good = DAYS[:2]
    land_lost(library, host, bad)
    land_good(library, host, good)
    with dg.DagsterInstance.ephemeral() as instance:
        run(library, instance, bad, good)
        result = run(library.with_settings(media_failed_share_limit=1), instance, bad)
        assert as_the_ui_shows(library, instance, FAILED_DOWNLOADS) == {"SUCCEEDED": {bad.key, good.key}}
    assert (over_all(result).passed, failing(result)) == (True, [])


def test_a_check_that_stops_names_its_partition_and_stops_what_comes_after(library: Library, host: FaultyHost) -> None:
    bad, good = DAYS[:2]
    for day in (bad, good):
        land_good(library, host, day)
    library.run(bad, good)
    library.rows("UPDATE media_files SET archived_at = NULL RETURNING 1")
    library.rows("UPDATE post_media SET status = 'lost' WHERE media_url = ? RETURNING 1", host.url("/1.jpg"))
    check = dg.AssetCheckKey(dg.AssetKey("cached_media"), "every_reference_is_accounted_for")
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(library, instance, bad, good)
        assert as_the_ui_shows(library, instance, check) == {"FAILED": {bad.key}, "SUCCEEDED": {good.key}}
    assert not result.success
    assert library.rows("SELECT count(archived_at) FROM media_files") == [(0,)]


def test_a_partition_whose_run_ended_before_its_checks_is_named_as_not_evaluated(
    library: Library, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = DAYS[:2]
    land_lost(library, host, bad)
    land_good(library, host, good)
    with dg.DagsterInstance.ephemeral() as instance:
        run(library, instance, bad)
        with monkeypatch.context() as patch:
            patch.setattr("media_pipeline.defs.assets.cache_media", _fails)
            assert not run(library, instance, bad).success
        result = run(library, instance, good)
    assert not over_all(result).passed
    assert (bad.key, FAILED_DOWNLOADS.name, "not evaluated") in failing(result)


def _fails(*_: Any) -> Any:
    raise OSError("the machine is on fire")


def test_the_table_of_failing_partitions_is_bounded_and_their_number_is_not(
    library: Library, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_pipeline.defs.evaluations.TABLE_ROWS", 2)
    for day in DAYS:
        land_lost(library, host, day)
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(library, instance, DAYS[0], DAYS[-1])
    newest = [day.key for day in reversed(DAYS)]
    assert over_all(result).metadata["failing_partitions"].value == len(DAYS)
    assert over_all(result).description == f"4 failing: {', '.join(newest[:3])} and 1 more"
    assert [partition for partition, *_ in failing(result)] == newest[:2]


def test_partitions_of_before_the_first_import_date_are_not_named(library: Library, host: FaultyHost) -> None:
    bad, good = DAYS[:2]
    land_lost(library, host, bad)
    land_good(library, host, good)
    with dg.DagsterInstance.ephemeral() as instance:
        run(library, instance, bad)
        later = library.with_settings(media_start_date=good.import_date)
        assert over_all(run(later, instance, good)).passed
