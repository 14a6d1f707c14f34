"""The plug pulled in the middle of a run: nothing is lost, nothing is fetched again, nothing is left lying about."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from media_pipeline.storage.marker import NAME
from media_pipeline_tests.databases import POSTGRES_SLOWLY
from media_pipeline_tests.faulty_host import HTML, Exchange, FaultyHost, status
from media_pipeline_tests.killed_runs import end_state, kill_at_random_moments, start_ingest
from media_pipeline_tests.library import Library, picture, tweet
from media_pipeline_tests.patience import PATIENCE_SECONDS

pytestmark = [pytest.mark.long, POSTGRES_SLOWLY]

SEED = int(os.environ.get("MEDIA_TEST_SEED", "20261120"))
KILLS = 10


def contents(library: Library, folder: str) -> dict[str, bytes]:
    """Every file below a folder, but the marker, which is each library's own."""
    files = (path for path in library.files(folder) if path.name != NAME)
    return {path.relative_to(library.storage).as_posix(): path.read_bytes() for path in files}


def _with_latency(exchange: Exchange) -> None:
    time.sleep(0.1)
    exchange.serve()


def test_a_run_killed_ten_times_ends_as_if_it_had_never_been(
    tmp_path: Path, host: FaultyHost, either_database: str, other_catalogue: str
) -> None:
    posts = [
        tweet(n, host.serve(f"/{n}.jpg", picture(n % 90, 800, 600), fault=_with_latency), text=f"post {n % 7}")
        for n in range(100)
    ]
    posts += [tweet(200, host.serve("/gone.jpg", fault=status(404))), tweet(201, host.serve("/page.jpg", HTML))]
    export = tmp_path / "export.jsonl"
    export.write_text("".join(json.dumps(post) + "\n" for post in posts))
    whole = Library(tmp_path / "whole", media_allowed_hosts=(host.address,), media_catalog_url=other_catalogue)
    killed = Library(tmp_path / "killed", media_allowed_hosts=(host.address,))
    assert start_ingest(whole, export, "twitter").wait(PATIENCE_SECONDS) == 0
    host.requests.clear()

    def asked() -> list[str]:
        return [host.url(request.path) for request in host.requests]

    kill_at_random_moments(killed, [(export, "twitter")], asked, KILLS, SEED)
    assert end_state(killed) == end_state(whole), f"repeat with MEDIA_TEST_SEED={SEED}"
    assert killed.files("tmp") == []
    for folder in ("media", "optimized", "thumbnails", "archive"):
        assert contents(killed, folder) == contents(whole, folder)
