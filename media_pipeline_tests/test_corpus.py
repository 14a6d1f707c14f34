"""Real exports end to end: every required medium stored, each fetched once, whatever happens on the way.

Needs the corpus and the replaying host beside it (MEDIA_TEST_CORPUS, default ../shared/corpus); skipped without.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_pipeline_tests.killed_runs import end_state, kill_at_random_moments, start_ingest
from media_pipeline_tests.library import Library
from media_pipeline_tests.patience import PATIENCE_SECONDS
from media_pipeline_tests.replay import (
    CORPUS,
    PLATFORMS,
    WITHOUT_CORPUS,
    ReplayHost,
    copied_exports,
    is_blob_of,
    replay_host,
)

KILLED = ("linkedin", "twitter")
"""Of all eight, the order in which killed imports end may differ, and with it which of two platforms that have the same
file gives its archive key the date."""
SEED = int(os.environ.get("MEDIA_TEST_SEED", "20261120"))

pytestmark = [pytest.mark.long, pytest.mark.corpus, WITHOUT_CORPUS]


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[ReplayHost]:
    with replay_host(tmp_path) as host:
        yield host


@pytest.fixture
def exports(tmp_path: Path) -> list[tuple[Path, str]]:
    return copied_exports(tmp_path / "exports", PLATFORMS)


def library_of(folder: Path, replay: ReplayHost) -> Library:
    return Library(folder, **replay.settings)


def required() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (CORPUS / "expected.jsonl").read_text().splitlines()]
    return [row for row in rows if row["platform"] in PLATFORMS]


def ingest(library: Library, exports: list[tuple[Path, str]]) -> None:
    for path, platform in exports:
        assert start_ingest(library, path, platform).wait(PATIENCE_SECONDS) == 0


def ingest_all(library: Library, exports: list[tuple[Path, str]]) -> None:
    """All at once, with no word about which platform a file is of."""
    assert start_ingest(library, exports[0][0].parent).wait(PATIENCE_SECONDS) == 0


def is_there(medium: dict[str, Any], stored: set[str]) -> bool:
    """Whether one of a post's stored media is this one, by a URL that the corpus names or as it was uploaded."""
    named = {medium["url"], *medium.get("accept", [])}
    return not named.isdisjoint(stored) or any(is_blob_of(medium["url"], url) for url in stored)


@pytest.mark.slow
def test_every_required_medium_is_stored_and_each_is_fetched_once(
    tmp_path: Path, replay: ReplayHost, exports: list[tuple[Path, str]]
) -> None:
    library = library_of(tmp_path / "library", replay)
    ingest_all(library, exports)
    query = "SELECT platform, native_id, media_url FROM post_media JOIN posts USING (post_id) WHERE status = 'stored'"
    stored: dict[tuple[str, str], set[str]] = {}
    for platform, native_id, url in library.rows(query):
        stored.setdefault((platform, native_id), set()).add(url)
    missing = [
        (post["file"], post["post_id"], medium["url"])
        for post in required()
        for medium in post["media"]
        if not is_there(medium, stored.get((post["platform"], post["post_id"]), set()))
    ]
    assert missing == []
    assert {url: times for url, times in Counter(replay.asked()).items() if times > 1} == {}

    before, requests = library.snapshot(), len(replay.asked())
    ingest_all(library, exports)
    assert len(replay.asked()) == requests
    assert library.snapshot() == before


@pytest.mark.slow
def test_killed_ten_times_the_real_exports_end_the_same(
    tmp_path: Path, replay: ReplayHost, exports: list[tuple[Path, str]]
) -> None:
    whole, killed = library_of(tmp_path / "whole", replay), library_of(tmp_path / "killed", replay)
    chosen = [(path, platform) for path, platform in exports if platform in KILLED]
    ingest(whole, chosen)
    kill_at_random_moments(killed, chosen, replay.asked, 10, SEED)
    assert end_state(killed) == end_state(whole), f"repeat with MEDIA_TEST_SEED={SEED}"
    assert killed.files("tmp") == []
