"""Real exports from a host of which every second URL misbehaves: each reference ends as the fault calls for.

Needs the corpus and the replaying host beside it (MEDIA_TEST_CORPUS, default ../shared/corpus); skipped without.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from media_pipeline.model import ImportPartition, Status
from media_pipeline.posts.expiry import expires_at
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.library import DAY, Library
from media_pipeline_tests.replay import (
    PLATFORMS,
    WITHOUT_CORPUS,
    ReplayHost,
    copied_exports,
    fault_of,
    replay_host,
    whole_media,
)

pytestmark = [pytest.mark.corpus, WITHOUT_CORPUS]

FAULTS = 0.5
AT_ONCE = 4

END_OF_URL = {
    None: Status.STORED,
    "throttle": Status.STORED,  # 429 twice: waited for, then there
    "busy": Status.STORED,  # 503 twice
    "cut": Status.STORED,  # whole at the second try
    "changed": Status.STORED,  # cut, then another version: begun anew
    "gone": Status.GONE,
    "html": Status.NOT_MEDIA,
    "empty": Status.NOT_MEDIA,
    "huge": Status.NOT_MEDIA,  # zeros without end
    "inside": Status.UNSAFE,
    "lie": Status.FAILED,  # shorter than it says, at every try
    "slow": Status.FAILED,
    "loop": Status.FAILED,
}
"""What becomes of one URL; "expired" is a 403, which means what the URL says of its own end."""


@dataclass(frozen=True)
class Reference:
    media_id: str
    status: Status
    urls: tuple[str, ...]
    """Of its candidates, the chosen one first."""
    expires_at: tuple[datetime | None, ...]


def end_of_url(url: str, expiry: datetime | None, seed: int) -> Status:
    asked = requests.Request("GET", f"http://replay/{url}").prepare().path_url[1:]
    fault = fault_of(asked, FAULTS, seed)
    if fault != "expired":
        return END_OF_URL[fault]
    return Status.EXPIRED if expiry is not None and expiry <= datetime.now(UTC) else Status.FORBIDDEN


def called_for(reference: Reference, seed: int) -> Status:
    """What passes is tried later, unless the URL is dead by then; what is final leads to the next candidate."""
    ends: list[Status] = []
    first = reference.expires_at[0]
    is_last_chance = first is not None and first <= datetime.now(UTC) + timedelta(hours=1)
    for url, expiry in zip(reference.urls, reference.expires_at, strict=True):
        end = end_of_url(url, expiry, seed)
        ends.append(end)
        if end is Status.STORED or (end is Status.FAILED and not is_last_chance):
            return end
    return Status.FAILED if Status.FAILED in ends else ends[0]


def references(library: Library) -> list[Reference]:
    query = "SELECT media_id, status, media_url, candidates, role, url_expires_at FROM post_media WHERE media_url <> ''"
    found: list[Reference] = []
    for media_id, status, chosen, candidates, role, expiry in library.rows(query):
        others = [entry["url"] for entry in json.loads(candidates) if entry["role"] == role and entry["url"] != chosen]
        own = datetime.fromisoformat(expiry).replace(tzinfo=UTC) if expiry else None
        urls = (chosen, *others)
        found.append(Reference(media_id, Status(status), urls, (own, *(expires_at(url) for url in others))))
    return found


def fetched(folder: Path, replay: ReplayHost, platforms: Sequence[str]) -> Library:
    library = Library(
        folder / "library",
        **replay.settings,
        media_download_workers=2 * AT_ONCE,
        media_host_workers=AT_ONCE,
        media_timeout_seconds=3,
        media_max_file_mb=200,
    )
    for path, platform in copied_exports(folder / "exports", tuple(platforms)):
        target = library.settings.import_path / platform / DAY.isoformat()
        target.parent.mkdir(parents=True)
        path.rename(target)
    partitions = [ImportPartition(DAY, platform) for platform in platforms]
    library.run(*partitions, stages=(read_posts, write_manifests, cache_media))
    return library


def check(folder: Path, seed: int, platforms: Sequence[str]) -> None:
    media = whole_media(folder / "media")
    with replay_host(folder, media, faults=FAULTS, seed=seed) as replay:
        library = fetched(folder, replay, platforms)
        log = replay.log()
    wrong = [
        (one.urls, one.status, called_for(one, seed))
        for one in references(library)
        if one.status is not Status.SKIPPED and one.status is not called_for(one, seed)
    ]
    assert wrong == [], f"{len(wrong)} of seed {seed}"
    assert_pauses_are_kept(log)


def assert_pauses_are_kept(log: Sequence[dict[str, float]]) -> None:
    """Each 429 asks for a second."""
    tries: defaultdict[object, list[dict[str, float]]] = defaultdict(list)
    for entry in log:
        tries[entry["url"]].append(entry)
    for entries in tries.values():
        for before, after in itertools.pairwise(entries):
            assert before["status"] != 429 or after["time"] - before["time"] >= 1.0


def test_each_reference_ends_as_the_fault_of_its_urls_calls_for(tmp_path: Path) -> None:
    check(tmp_path, 1, ("bluesky", "linkedin"))


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["busy", "throttle", "lie"])
def test_no_more_requests_are_under_way_at_a_host_than_it_may_have(tmp_path: Path, fault: str) -> None:
    """Faults at which the host knows as soon as we do that a request has ended."""
    media = whole_media(tmp_path / "media")
    with replay_host(tmp_path, media, faults=FAULTS, fault=fault, latency=0.02) as replay:
        fetched(tmp_path, replay, ("tiktok",))
        assert max(entry["in_flight"] for entry in replay.log()) == AT_ONCE


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_each_reference_of_every_platform_ends_as_the_fault_calls_for(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed, PLATFORMS)
