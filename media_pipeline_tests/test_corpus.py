"""Real exports end to end: every required medium stored, each fetched once, whatever happens on the way.

Needs the corpus and the replaying host beside it (MEDIA_TEST_CORPUS, default ../shared/corpus); skipped without.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.posts.platforms import platform_names
from media_pipeline_tests.defs.dev_server import wait_for
from media_pipeline_tests.killed_runs import end_state, kill_at_random_moments, start_ingest
from media_pipeline_tests.library import Library

CORPUS = Path(os.environ.get("MEDIA_TEST_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
HOST = CORPUS.parent / "tools" / "replay_server.py"
PLATFORMS = platform_names()
KILLED = ("linkedin", "twitter")
"""Of all eight, the order in which killed imports end may differ, and with it which of two platforms that have the same
file gives its archive key the date."""
SEED = int(os.environ.get("MEDIA_TEST_SEED", "20261120"))

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (CORPUS.is_dir() and HOST.is_file()), reason=f"no corpus at {CORPUS} (MEDIA_TEST_CORPUS)"),
]


class ReplayHost:
    """The replaying host in a process of its own; its log is what it was asked."""

    def __init__(self, log: Path, address: str) -> None:
        self.address = address
        self._log = log

    def asked(self) -> list[str]:
        return [json.loads(line)["url"] for line in self._log.read_text().splitlines()] if self._log.exists() else []


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[ReplayHost]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, str(HOST), str(CORPUS / "media"), "--port", str(port), "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 30)
        yield ReplayHost(log, f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def exports(tmp_path: Path) -> list[tuple[Path, str]]:
    """A writable copy of the platforms' folders."""
    for platform in PLATFORMS:
        shutil.copytree(CORPUS / "posts" / platform, tmp_path / "exports" / platform, copy_function=shutil.copyfile)
    return [(tmp_path / "exports" / platform, platform) for platform in PLATFORMS]


def library_of(folder: Path, replay: ReplayHost) -> Library:
    return Library(folder, media_allowed_hosts=(replay.address,), media_fetch_via=(f"http://{replay.address}/{{url}}",))


def required() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (CORPUS / "expected.jsonl").read_text().splitlines()]
    return [row for row in rows if row["platform"] in PLATFORMS]


def ingest(library: Library, exports: list[tuple[Path, str]]) -> None:
    for path, platform in exports:
        assert start_ingest(library, path, platform).wait(300) == 0


def test_every_required_medium_is_stored_and_each_is_fetched_once(
    tmp_path: Path, replay: ReplayHost, exports: list[tuple[Path, str]]
) -> None:
    library = library_of(tmp_path / "library", replay)
    ingest(library, exports)
    query = "SELECT platform, native_id, media_url FROM post_media JOIN posts USING (post_id) WHERE status = 'stored'"
    stored = set(library.rows(query))
    missing = [
        (post["file"], post["post_id"], medium["url"])
        for post in required()
        for medium in post["media"]
        if not any(
            (post["platform"], post["post_id"], url) in stored for url in [medium["url"], *medium.get("accept", [])]
        )
    ]
    assert missing == []
    assert {url: times for url, times in Counter(replay.asked()).items() if times > 1} == {}

    before, requests = library.snapshot(), len(replay.asked())
    ingest(library, exports)
    assert len(replay.asked()) == requests
    assert library.snapshot() == before


def test_killed_ten_times_the_real_exports_end_the_same(
    tmp_path: Path, replay: ReplayHost, exports: list[tuple[Path, str]]
) -> None:
    whole, killed = library_of(tmp_path / "whole", replay), library_of(tmp_path / "killed", replay)
    chosen = [(path, platform) for path, platform in exports if platform in KILLED]
    ingest(whole, chosen)
    kill_at_random_moments(killed, chosen, replay.asked, 10, SEED)
    assert end_state(killed) == end_state(whole), f"repeat with MEDIA_TEST_SEED={SEED}"
    assert killed.files("tmp") == []
