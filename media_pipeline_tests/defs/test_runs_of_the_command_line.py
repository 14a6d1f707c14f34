"""Runs from a terminal in Dagster's history: they carry what its UI finds runs by."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from media_pipeline.cli import session
from media_pipeline.defs.naming import PLAIN
from media_pipeline.defs.partitions import PARTITION_TAG, ranges_of
from media_pipeline.defs.runs.launch import CODE_LOCATION, open_instance
from media_pipeline.model import ImportPartition
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.defs.dev_server import dev_server
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER, Library, picture, tweet

TIMELINE = """query($since: Float!) { repositoriesOrError { ... on RepositoryConnection { nodes {
  name location { name } } } }
  runsOrError(filter: {createdAfter: $since, tags: [
    {key: ".dagster/repository", value: "__repository__@media_pipeline.definitions"}]}) { ... on Runs { results {
      repositoryOrigin { repositoryName repositoryLocationName } tags { key value } } } } }"""


def test_a_run_names_its_code_location_and_partition_or_range(library: Library) -> None:
    days = [ImportPartition(DAY + timedelta(days=number), "twitter") for number in (0, 3, 4)]
    for day in days:
        library.land("a.json", [tweet(1)], day)
    session.run(library.settings, PLAIN.manifests, ranges_of(days), verbose=False)
    with open_instance(library.settings) as instance:
        last, first = instance.get_runs()
    for run in (first, last):
        assert run.remote_job_origin is not None
        assert run.remote_job_origin.location_name == CODE_LOCATION
        assert run.remote_job_origin.job_name == PLAIN.manifests
        assert run.tags["dagster/code_location"] == CODE_LOCATION
    assert first.tags[PARTITION_TAG] == days[0].key
    assert ranges_of(days)[1].tags.items() <= last.tags.items()


@pytest.mark.slow
def test_the_ui_finds_a_run_of_the_command_line_by_its_code_location(library: Library, host: FaultyHost) -> None:
    export = library.folder / "a.json"
    export.parent.mkdir(parents=True, exist_ok=True)
    export.write_text(json.dumps([tweet(1, host.serve("/1.jpg", picture(1)))]))
    Shell(library).run("ingest", str(export), "-p", "twitter", "--date", DAY.isoformat())
    with dev_server(library) as server:
        answer = server.ask(TIMELINE, since=0.0)
    (found,) = answer["runsOrError"]["results"]
    assert found["repositoryOrigin"] == {"repositoryName": "__repository__", "repositoryLocationName": CODE_LOCATION}
    assert {"key": PARTITION_TAG, "value": TWITTER.key} in found["tags"]
    (repository,) = answer["repositoriesOrError"]["nodes"]
    assert (repository["name"], repository["location"]["name"]) == ("__repository__", CODE_LOCATION), "as runs name it"
    log = (library.folder / "dev.log").read_text()
    assert "Warning" not in log, log
