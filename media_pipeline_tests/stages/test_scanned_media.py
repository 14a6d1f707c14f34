"""Every download is shown to clamd, where there is one: what it didn't call clean is not stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_pipeline.fetch.scan import ScannerUnavailable
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.clamd import INFECTION, STREAM_MAX_BYTES, Clamd, pretender
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import picture, tweet

CACHE = (read_posts, write_manifests, cache_media)


def test_an_infected_download_goes_to_quarantine_and_the_others_are_stored(
    make_library: MakeLibrary, host: FaultyHost, clamd: Clamd
) -> None:
    library = make_library(clamd_url=clamd.unix_url)
    bodies = [picture(1), picture(2) + INFECTION, picture(3)]
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", body)) for n, body in enumerate(bodies)])
    library.run(stages=CACHE)
    assert library.statuses() == {"quarantined": 1, "stored": 2}
    assert library.rows("SELECT error FROM post_media WHERE status = 'quarantined'") == [
        ("infected: Tests.MadeUp.UNOFFICIAL",)
    ]
    kept = [path.read_bytes() for path in library.files("quarantine") if path.suffix != ".json"]
    assert kept == [bodies[1]]
    assert len(library.files()) == 2


def test_a_download_that_clamd_can_not_judge_is_not_stored(
    make_library: MakeLibrary, host: FaultyHost, clamd: Clamd
) -> None:
    library = make_library(clamd_url=clamd.tcp_url)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1) + bytes(STREAM_MAX_BYTES)))])
    library.run(stages=CACHE)
    assert library.files() == library.files("tmp") == []
    ((status, error, due),) = library.rows("SELECT status, error, next_attempt_at IS NOT NULL FROM post_media")
    assert (status, due) == ("failed", 1)
    assert "StreamMaxLength" in error


def test_without_its_clamd_a_run_stops_before_it_asks_any_host(
    make_library: MakeLibrary, host: FaultyHost, tmp_path: Path
) -> None:
    library = make_library(clamd_url=f"unix://{tmp_path / 'clamd.ctl'}")
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    with pytest.raises(ScannerUnavailable, match="start clamd or empty the setting"):
        library.run(stages=CACHE)
    assert host.requests == []
    assert library.statuses() == {"pending": 1}
    assert library.with_settings(clamd_url="").run(stages=CACHE)["cache_media"].numbers["stored"] == 1


def test_what_comes_when_clamd_breaks_down_is_not_stored(make_library: MakeLibrary, host: FaultyHost) -> None:
    """It answers the ping, and hangs up on every file."""
    with pretender(lambda connection: connection.sendall(b"PONG\0")) as url:
        library = make_library(clamd_url=url)
        library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
        library.run(stages=CACHE)
    assert library.files() == library.files("tmp") == []
    assert library.statuses() == {"failed": 1}
