"""From exports to clusters with real videos: found by what they show, not by a frame that others have too."""

from __future__ import annotations

import sys
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from media_pipeline.model import ImportPartition
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.duplicates.clusters import clusters_of
from media_pipeline.stages.duplicates.dedup_report import report_duplicates
from media_pipeline.stages.duplicates.showing import report_path
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.databases import POSTGRES_SLOWLY
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, TWITTER
from media_pipeline_tests.search.near.footage import COPIES, encoded, scenes
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither, video

pytestmark = POSTGRES_SLOWLY

DEDUP = (read_posts, write_manifests, cache_media, report_duplicates)
TOMORROW = ImportPartition(DAY + timedelta(days=1), "twitter")
ORIGINALS = 5
NOT_ALWAYS = ("captioned", "letterboxed", "without the first 2.5 s")
"""Copies that PDQ's of whole seconds need not find."""


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


@pytest.fixture(scope="module")
def films() -> dict[str, bytes]:
    """``<original>-<kind of copy>``, where kind 0 is the original."""
    made: dict[str, bytes] = {}
    for number in range(ORIGINALS):
        frames = scenes(number)
        made[f"{number}-0"] = encoded(frames)
        for kind, (change, encoding) in enumerate(COPIES.values(), 1):
            made[f"{number}-{kind}"] = encoded(change(frames), encoding)
    return made


def land(library: EitherLibrary, host: FaultyHost, films: dict[str, bytes], partition: ImportPartition) -> None:
    posts = [
        video((host.serve(f"/{name}.mp4", content), 1), number=1000 * partition.import_date.day + number)
        for number, (name, content) in enumerate(films.items())
    ]
    library.land("a.json", posts, partition)


def drawn(library: EitherLibrary) -> list[set[str]]:
    """Clusters, as the names of their videos."""
    with library.catalogue() as connection:
        clusters = list(clusters_of(connection, TWITTER))
    known = {row["sha256"]: Path(row["media_url"]).stem for row in library.table("post_media")}
    return [{known[member.sha256] for member in cluster.members} for cluster in clusters]


def test_copies_are_grouped_with_what_they_were_made_of_and_nothing_else(
    library: EitherLibrary, host: FaultyHost, films: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    land(library, host, films, TWITTER)
    library.run(stages=DEDUP)
    groups = drawn(library)
    pairs = [(one[0], other[0]) for group in groups for one, other in combinations(sorted(group), 2)]
    precision = sum(one == other for one, other in pairs) / len(pairs)
    with capsys.disabled():
        print(f"\nvideos: precision {precision:.0%}", file=sys.stderr)
        for kind, name in enumerate(COPIES, 1):
            copies = [{f"{number}-0", f"{number}-{kind}"} for number in range(ORIGINALS)]
            recall = sum(copy <= group for copy in copies for group in groups) / ORIGINALS
            print(f"{name:26} recall {recall:4.0%}", file=sys.stderr)
            assert recall == 1 or name in NOT_ALWAYS, name
    assert precision == 1, "videos with the same title, and the same poster, are apart"


def test_a_copy_of_another_day_is_found_and_shown_with_the_distance_of_their_seconds(
    library: EitherLibrary, host: FaultyHost, films: dict[str, bytes]
) -> None:
    intro = 1 + list(COPIES).index("with an intro of 3 s")
    land(library, host, {name: films[name] for name in ("0-0", "1-0")}, TWITTER)
    land(library, host, {f"0-{intro}": films[f"0-{intro}"]}, TOMORROW)
    first = library.run(stages=DEDUP)["report_duplicates"]
    assert first.numbers["near_clusters"] == 0
    library.run(TOMORROW, stages=DEDUP)
    report = library.run(stages=DEDUP)["report_duplicates"]
    assert (report.numbers["near_duplicates"], report.numbers["near_clusters"]) == (1, 1)
    (pair,) = library.table("near_duplicates")
    (row,) = report.table
    assert row["distance"] == pair["distance"] <= 8
    table = pd.read_parquet(library.storage / report_path(TWITTER, "parquet"))
    assert table["distance"].tolist() == [pair["distance"]]
    page = (library.storage / report_path(TWITTER, "html")).read_text("utf-8")
    assert f"near, {pair['distance']} bit" in page
    assert page.count('<img src="data:image/webp;base64,') == 2
    assert drawn(library) == [{"0-0", f"0-{intro}"}]
