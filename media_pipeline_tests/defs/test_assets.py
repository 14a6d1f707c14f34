"""The assets in Dagster: one partition, a range, a rectangle; what the UI shows; what a failed check stops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from media_pipeline.definitions import build_defs
from media_pipeline.defs.metadata import table_of
from media_pipeline.defs.naming import PLAIN
from media_pipeline.defs.partitions import PartitionRange
from media_pipeline.model import ImportPartition
from media_pipeline.posts.platforms import platform_names
from media_pipeline_tests import faulty_host
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import HTML, FaultyHost
from media_pipeline_tests.library import DAY, Library, picture, tweet

pytestmark = pytest.mark.usefixtures("either_database")

ASSETS = ["raw_posts", "media_manifest", "cached_media", "dedup_report", "renditions", "s3_archive"]
KEY = "2025-11-01|twitter"


def execute(
    library: Library, instance: dg.DagsterInstance, tags: dict[str, str] | None = None, **options: Any
) -> dg.ExecuteInProcessResult:
    job = build_defs(library.settings).resolve_job_def(PLAIN.whole)
    return job.execute_in_process(instance=instance, tags=tags, **options)


def metadata(result: dg.ExecuteInProcessResult, asset: str, partition: str = KEY) -> dict[str, Any]:
    (event,) = [event for event in result.asset_materializations_for_node(asset) if event.partition == partition]
    return {name: value.value for name, value in event.metadata.items()}


def test_the_whole_graph_is_the_six_assets_in_the_order_of_the_data(library: Library) -> None:
    graph = build_defs(library.settings).resolve_asset_graph()
    names = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    assert set(ASSETS) <= set(names)
    parents = {name: {key.to_user_string() for key in names[name].parent_keys} for name in ASSETS}
    assert parents == {
        "raw_posts": set(),
        "media_manifest": {"raw_posts"},
        "cached_media": {"media_manifest"},
        "dedup_report": {"cached_media"},
        "renditions": {"cached_media"},
        "s3_archive": {"dedup_report", "renditions"},
    }
    for name in ASSETS:
        node = names[name]
        assert node.description and "partition" in node.description
        assert node.group_name == "media_pipeline"
        assert node.owners and node.kinds


def test_one_partition_goes_through_and_shows_numbers_tables_and_a_contact_sheet(
    library: Library, host: FaultyHost
) -> None:
    urls = [host.serve("/a.jpg", picture(1)), host.serve("/b.jpg", HTML)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY)
    assert result.success
    assert metadata(result, "raw_posts")["posts"] == 2
    assert metadata(result, "media_manifest")["media"] == 2
    cached = metadata(result, "cached_media")
    assert (cached["stored"], cached["not_media"], cached["requests"]) == (1, 1, 2)
    (failure,) = cached["findings"].records if hasattr(cached["findings"], "records") else cached["findings"]
    assert failure.data["status"] == "not_media"
    assert "data:image" in metadata(result, "renditions")["contact_sheet"]
    assert metadata(result, "s3_archive")["archived"] == 1


PYTHONS = re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|[{\[(]'|datetime\.|<\w+\.\w+|Decimal\(|\w+Path\(")


def shown(value: Any) -> Iterator[str]:
    """Every text of a value of metadata."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dg.TableRecord):
        yield from shown(value.data)
    elif isinstance(value, Mapping):
        yield from (text for one in value.items() for part in one for text in shown(part))
    elif isinstance(value, list | tuple):
        yield from (text for one in value for text in shown(one))


def test_nothing_that_the_ui_shows_is_written_as_python_writes_it(library: Library, host: FaultyHost) -> None:
    """In a run in which about everything has a finding: metadata of assets and checks, and what they say."""
    library = library.with_settings(media_placeholder_authors=2)
    missing = host.serve("/c.jpg", fault=faulty_host.status(404))
    urls = [host.serve("/a.jpg", picture(1)), host.serve("/b.jpg", HTML), missing, "http://10.1.2.3/d.jpg"]
    posts = [tweet(n, url, author=f"ann{n}") for n, url in enumerate(urls)]
    again = [tweet(n + 10, host.serve(f"/{n}e.jpg", picture(1)), author=f"bob{n}") for n in range(3)]
    unknown = tweet(20) | {"odd": {"picture": "https://pbs.twimg.com/media/x.jpg"}}
    library.land("a.json", [*posts, *again, unknown, {"no": "post"}])
    library.land("b.json", "[{")
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY)
    found = [event.metadata for name in ASSETS for event in result.asset_materializations_for_node(name)]
    found += [check.metadata for check in result.get_asset_check_evaluations()]
    tables = [value.records for one in found for value in one.values() if isinstance(value, dg.TableMetadataValue)]
    texts = [text for one in found for value in one.values() for text in shown(getattr(value, "records", value.value))]
    assert len(tables) > 5
    assert {text for text in texts if PYTHONS.search(text)} == set()


def test_a_table_of_findings_says_lists_times_and_nothing_in_words() -> None:
    row = {"at": datetime(2025, 11, 1, tzinfo=UTC), "keys": ["a", "b"], "by": {"gone": 1200}, "none": None, "files": 3}
    (record,) = table_of((row,)).records
    said = {"at": "2025-11-01 00:00:00 UTC", "keys": "a, b", "by": "gone 1,200", "none": "", "files": 3}
    assert record.data == said


def test_a_range_of_dates_is_one_run_and_each_date_has_its_own_numbers(library: Library, host: FaultyHost) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    for number, day in enumerate(days):
        if number == 2:
            continue
        posts = [tweet(10 * number + n, host.serve(f"/{number}-{n}.jpg", picture(n))) for n in range(number + 1)]
        library.land("a.json", posts, ImportPartition(day, "twitter"))
    chosen = PartitionRange(ImportPartition(days[0], "twitter"), ImportPartition(days[-1], "twitter"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, tags=chosen.tags)
        partitions = {day.isoformat() + "|twitter" for day in days}
        assert instance.get_materialized_partitions(dg.AssetKey("s3_archive")) == partitions
    assert result.success
    stored = [metadata(result, "cached_media", f"{day}|twitter")["stored"] for day in days]
    assert stored == [1, 2, 0, 4]


def test_a_rectangle_of_dates_and_platforms_is_one_run(library: Library, host: FaultyHost) -> None:
    post = {"activity_urn": "7", "text": "x", "media": {"type": "image", "url": host.serve("/l.jpg", picture(2))}}
    library.land("a.json", [tweet(1, host.serve("/t.jpg", picture(1)))])
    library.land("l.json", [post], ImportPartition(DAY + timedelta(days=1), "linkedin"))
    chosen = PartitionRange(ImportPartition(DAY, "linkedin"), ImportPartition(DAY + timedelta(days=1), "twitter"))
    with dg.DagsterInstance.ephemeral() as instance:
        assert execute(library, instance, tags=chosen.tags).success
        between = [name for name in platform_names() if "linkedin" <= name <= "twitter"]
        assert len(instance.get_materialized_partitions(dg.AssetKey("cached_media"))) == 2 * len(between)
    assert library.statuses() == {"stored": 2}


def test_a_part_of_the_graph_can_be_run_alone(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/t.jpg", picture(1)))])
    definitions = build_defs(library.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def(PLAIN.manifests).execute_in_process(instance=instance, partition_key=KEY)
        assert result.success
        assert host.requests == []
        for job in (PLAIN.originals, PLAIN.delivery):
            assert definitions.resolve_job_def(job).execute_in_process(instance=instance, partition_key=KEY).success
    assert library.rows("SELECT count(archived_at) FROM media_files") == [(1,)]


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    """The checks of the run's only partition."""
    return {
        evaluation.check_name: evaluation.passed
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.partition == KEY
    }


def test_every_check_passes_on_a_sound_library(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/t.jpg", picture(1)))])
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY)
    assert checks(result) == {
        "every_media_url_explained": True,
        "every_post_has_a_manifest": True,
        "every_reference_is_accounted_for": True,
        "stored_files_match_their_checksums": True,
        "failed_downloads_under_limit": True,
        "nothing_in_quarantine": True,
        "no_placeholders": True,
        "every_picture_was_compared": True,
        "nothing_archived_is_unverified": True,
    }


def test_a_reference_without_a_named_status_stops_the_run_before_the_archive(
    library: Library, host: FaultyHost
) -> None:
    urls = [host.serve(f"/{n}.jpg", picture(n)) for n in range(2)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
    library.run()
    library.rows("UPDATE media_files SET archived_at = NULL RETURNING 1")
    library.rows("UPDATE post_media SET status = 'lost' WHERE media_url = ? RETURNING 1", urls[0])
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY, raise_on_error=False)
    assert not checks(result)["every_reference_is_accounted_for"]
    assert library.rows("SELECT count(archived_at) FROM media_files") == [(0,)]


def test_a_media_url_that_nothing_explains_is_reported_by_its_key_path(library: Library, host: FaultyHost) -> None:
    new = {"hologram": {"parts": ["https://video.twimg.com/a.usdz", "https://video.twimg.com/b.usdz"]}}
    library.land("a.json", [{**tweet(1), **new}])
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY)
    assert result.success
    (check,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "every_media_url_explained"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.metadata["unexplained"].value == 2
    assert "hologram.parts[]" in str(check.metadata["findings"].value)


def test_a_flipped_bit_in_the_store_fails_the_check_of_checksums(library: Library, host: FaultyHost) -> None:
    import os

    library.land("a.json", [tweet(1, host.serve("/t.jpg", picture(1)))])
    library.run()
    (path,) = library.files()
    stat, body = path.stat(), path.read_bytes()
    path.write_bytes(body[:40] + bytes([body[40] ^ 1]) + body[41:])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY, raise_on_error=False)
    assert not checks(result)["stored_files_match_their_checksums"]


def test_an_object_missing_from_the_archive_fails_its_check(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/t.jpg", picture(1)))])
    library.run()
    for path in (library.storage / "archive").rglob("*.jpg"):
        path.unlink()
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY, raise_on_error=False)
    assert not checks(result)["nothing_archived_is_unverified"]


def test_many_failures_are_a_warning_and_stop_nothing(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.url(f"/gone-{n}.jpg")) for n in range(3)])
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY)
    assert result.success
    assert not checks(result)["failed_downloads_under_limit"]


def test_a_placeholder_is_a_warning_that_names_it_and_stops_nothing(
    make_library: MakeLibrary, host: FaultyHost
) -> None:
    library = make_library(media_placeholder_authors=3)
    posts = [tweet(n, host.serve(f"/{n}.jpg", picture(1)), author=f"author-{n}") for n in range(3)]
    library.land("a.json", posts)
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY)
    assert result.success
    (check,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "no_placeholders"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    findings = check.metadata["findings"]
    assert isinstance(findings, dg.TableMetadataValue)
    (found,) = findings.records
    ((md5_sum,),) = library.rows("SELECT md5_sum FROM media_files")
    assert (found.data["md5_sum"], found.data["authors"]) == (md5_sum, 3)
    shown = metadata(result, "cached_media")
    assert shown["placeholders"] == 1
    assert md5_sum in shown["placeholder_pictures"]


def test_an_unreadable_file_is_a_warning_that_says_why_and_stops_nothing(library: Library, host: FaultyHost) -> None:
    nonsense = bytearray(picture(7, 640, 480, "PNG"))
    nonsense[60:80] = b"\xaa" * 20
    library.land(
        "a.json", [tweet(1, host.serve("/1.png", bytes(nonsense))), tweet(2, host.serve("/2.jpg", picture(2)))]
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = execute(library, instance, partition_key=KEY)
    assert result.success
    (check,) = [e for e in result.get_asset_check_evaluations() if e.check_name == "nothing_in_quarantine"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert check.metadata["quarantined"].value == 1
    findings = check.metadata["findings"]
    assert isinstance(findings, dg.TableMetadataValue)
    (found,) = findings.records
    assert found.data["media_url"] == host.url("/1.png")
    assert found.data["error"]


def test_todays_partition_exists_today(library: Library) -> None:
    assets = build_defs(library.settings).resolve_asset_graph()
    definition = assets.get(dg.AssetKey("raw_posts")).partitions_def
    assert definition is not None
    today = datetime.now(UTC).date().isoformat()
    assert f"{today}|twitter" in definition.get_partition_keys()


def test_the_weekly_verification_reports_what_it_read(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/t.jpg", picture(1)))])
    library.run()
    job = build_defs(library.settings).resolve_job_def(PLAIN.verify)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance)
    (event,) = result.asset_materializations_for_node("library_verification")
    assert (event.metadata["checked"].value, event.metadata["corrupt"].value) == (1, 0)


def test_materializing_all_assets_of_the_graph_does_not_verify_the_library(library: Library) -> None:
    graph = build_defs(library.settings).resolve_asset_graph()
    names = {key.to_user_string() for key in graph.get_all_asset_keys()}
    begun = {key.to_user_string() for key in graph.materializable_asset_keys}
    assert names - begun == {"library_verification"}


def test_tables_of_failures_begin_with_the_reason_and_whose_medium_it_is(library: Library, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.url("/gone.jpg"), author="ann")])
    with dg.DagsterInstance.ephemeral() as instance:
        table = metadata(execute(library, instance, partition_key=KEY), "cached_media")["findings"]
    (row,) = table.records if hasattr(table, "records") else table
    assert list(row.data) == ["status", "error", "author_handle", "post_url", "media_id", "media_url"]
    assert row.data["author_handle"] == "ann"
    assert str(row.data["post_url"]).endswith("/status/1")
