"""The pipeline inside another code location: the one that docs/embedding.md shows, as Dagster loads it."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

import media_pipeline
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.typed_tables import POSTS
from media_pipeline.defs.naming import PLAIN, Naming
from media_pipeline.defs.partitions import PartitionRange
from media_pipeline.defs.runs.dead_runs import look_after_runs
from media_pipeline.model import ImportPartition
from media_pipeline.settings import names_of
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet

pytestmark = pytest.mark.usefixtures("either_database")

PAGE = Path(__file__).parents[2] / "docs" / "embedding.md"
ARCHIVE = Naming.embedded(["archive"], "social")


@pytest.fixture
def location(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the code location; the library's settings are in the environment, as a user has them."""
    for name in library.settings.model_fields_set:
        value = getattr(library.settings, name)
        text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        monkeypatch.setenv(names_of(name)[0], text)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = tmp_path / "their_location.py"
    file.write_text(code)
    return file


def loaded(location: Path) -> dg.Definitions:
    definitions = runpy.run_path(str(location))["defs"]
    assert isinstance(definitions, dg.Definitions)
    return definitions


def test_dagster_takes_the_code_location(location: Path) -> None:
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-f", str(location)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def test_a_partition_goes_through_the_prefixed_job_and_on_to_their_asset(
    location: Path, library: Library, host: FaultyHost
) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    definitions = loaded(location)
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def("archive_media_pipeline")
        assert job.execute_in_process(instance=instance, partition_key=TWITTER.key).success
        assert instance.get_latest_materialization_event(dg.AssetKey(["archive", "s3_archive"]))
        everything = definitions.resolve_implicit_global_asset_job_def()
        theirs = everything.execute_in_process(
            instance=instance, partition_key=TWITTER.key, asset_selection=[dg.AssetKey("newsletter")]
        )
        (made,) = theirs.asset_materializations_for_node("newsletter")
        assert {name: value.value for name, value in made.metadata.items()} == {"pictures": 1, "widest": 64}
    assert library.statuses() == {"stored": 1}
    assert library.rows("SELECT run_id FROM run_leases") == []


@pytest.mark.slow
def test_steps_in_processes_of_their_own_share_the_lease_of_their_run(
    location: Path, library: Library, host: FaultyHost
) -> None:
    """The executor that a code location has by default."""
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    names = ",".join(key.to_user_string() for key in sorted(ARCHIVE.assets) if "library" not in key.path[-1])
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-f", str(location), "--select", names]
    finished = subprocess.run([*command, "--partition", TWITTER.key], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "multiprocess" in finished.stderr.lower()
    assert library.statuses() == {"stored": 1}
    assert library.rows("SELECT run_id FROM run_leases") == []


def test_a_range_of_partitions_of_a_table_is_one_frame(location: Path, library: Library, host: FaultyHost) -> None:
    tomorrow = ImportPartition(DAY + timedelta(days=1), "twitter")
    for number, partition in enumerate((TWITTER, tomorrow)):
        library.land("a.json", [tweet(number, host.serve(f"/{number}.jpg", picture(number)))], partition)
    definitions = loaded(location)
    tags = PartitionRange(TWITTER, tomorrow).tags
    with dg.DagsterInstance.ephemeral() as instance:
        # Ours and theirs in one run: nothing is handed from step to step but by the files.
        everything = definitions.resolve_implicit_global_asset_job_def()
        assets = [*(ARCHIVE.assets - {ARCHIVE.key("library_verification")}), dg.AssetKey("newsletter")]
        finished = everything.execute_in_process(instance=instance, tags=tags, asset_selection=assets)
        (written, _) = finished.asset_materializations_for_node("archive__posts")
        made = finished.asset_materializations_for_node("newsletter")
    assert [event.metadata["pictures"].value for event in made] == [2] * len(made) != []
    assert written.metadata["rows"].value == 1
    assert str(written.metadata["path"].value).endswith("posts.parquet")
    shown = written.metadata["dagster/column_schema"]
    assert isinstance(shown, dg.TableSchemaMetadataValue)
    assert [column.name for column in shown.schema.columns] == [column.name for column in POSTS.columns]


def test_the_sensor_requests_the_prefixed_job(location: Path, library: Library) -> None:
    library.land("a.json", [tweet(1)])
    repository = loaded(location).get_repository_def()
    sensor = repository.get_sensor_def("archive_new_imports")
    with dg.build_sensor_context(repository_def=repository) as context:
        tick = sensor.evaluate_tick(context)
    assert [request.partition_key for request in tick.run_requests or []] == [TWITTER.key]
    assert [target.job_name for target in sensor.targets] == ["archive_media_pipeline"]
    assert {one.name for one in (*repository.sensor_defs, *repository.schedule_defs)} == set(ARCHIVE.instigators)


def test_every_asset_and_check_has_the_prefix_and_the_group(location: Path) -> None:
    graph = loaded(location).resolve_asset_graph()
    ours = graph.get_all_asset_keys() - {dg.AssetKey("newsletter")}
    assert ours == ARCHIVE.assets
    assert {graph.get(key).group_name for key in ours} == {"social"}
    assert {key.asset_key for key in graph.asset_check_keys} <= ours


def test_dead_runs_are_looked_for_among_the_prefixed_jobs_and_assets_alone(library: Library) -> None:
    runs = {
        "our_job": dg.DagsterRun("archive_manifests", "our_job"),
        "our_assets": dg.DagsterRun("__ASSET_JOB", "our_assets", asset_selection=ARCHIVE.assets),
        "their_job": dg.DagsterRun("manifests", "their_job"),
        "their_assets": dg.DagsterRun("__ASSET_JOB", "their_assets", asset_selection=PLAIN.assets),
        "mixed": dg.DagsterRun("__ASSET_JOB", "mixed", asset_selection=ARCHIVE.assets | {dg.AssetKey("newsletter")}),
    }
    with dg.DagsterInstance.ephemeral() as instance, closing(Database.open(library.settings)) as database:
        for run in runs.values():
            instance.add_run(run.with_status(dg.DagsterRunStatus.STARTED))
        look_after_runs(library.settings, instance, database, ARCHIVE)
    assert sorted(library.rows("SELECT run_id FROM run_leases")) == [("our_assets",), ("our_job",)]


@pytest.mark.parametrize("prefixes", [["one", "two"], ["", "two-parts"], [["a", "b"], ["a", "c"]]])
def test_two_libraries_fit_into_one_code_location(make_library: Callable[..., Library], prefixes: list[str]) -> None:
    parts = [
        media_pipeline.build_definitions(make_library().settings, key_prefix=prefix or (), group="social")
        for prefix in prefixes
    ]
    dg.Definitions.validate_loadable(dg.Definitions.merge(*parts))


def test_importing_the_package_costs_no_dagster() -> None:
    code = "import sys, media_pipeline; print([name for name in sys.modules if 'dagster' in name])"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"
