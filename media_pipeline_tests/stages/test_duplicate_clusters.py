"""From exports to clusters, reports and pruning, with real pictures and on both databases."""

from __future__ import annotations

import io
import json
import re
import stat
import sys
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from PIL import Image

from media_pipeline.catalog.tables import near_duplicates
from media_pipeline.model import ImportPartition, Report
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.duplicates.clusters import Cluster, clusters_of
from media_pipeline.stages.duplicates.dedup_report import report_duplicates
from media_pipeline.stages.duplicates.pruning import PixelCopy, prune_same_pixels, same_pixel_copies
from media_pipeline.stages.duplicates.showing import report_path
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.imaging.copies import COPIES, photograph
from media_pipeline_tests.library import DAY, TWITTER, tweet
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither

DEDUP = (read_posts, write_manifests, cache_media, report_duplicates)
TOMORROW = ImportPartition(DAY + timedelta(days=1), "twitter")
ORIGINALS = 6
NOT_ALWAYS = ("cropped by 5%", "captioned")
"""Copies that PDQ need not find."""
HOSTILE = "</p><script>alert(1)</script>\"'&| [x](javascript:alert(2))\u202e"


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, kind, **{"quality": 92, **options})
    return out.getvalue()


def clusters(library: EitherLibrary, partition: ImportPartition = TWITTER) -> list[Cluster]:
    with library.catalogue() as connection:
        return list(clusters_of(connection, partition))


def names(library: EitherLibrary) -> dict[str, str]:
    """By SHA-256, the last part of the URL that a file came from, without its suffix."""
    return {row["sha256"]: Path(row["media_url"]).stem for row in library.table("post_media")}


def drawn(library: EitherLibrary) -> set[frozenset[str]]:
    known = names(library)
    return {frozenset(known[member.sha256] for member in cluster.members) for cluster in clusters(library)}


def test_copies_are_grouped_with_what_they_were_made_of_and_nothing_else(
    library: EitherLibrary, host: FaultyHost, capsys: pytest.CaptureFixture[str]
) -> None:
    originals = [photograph(seed, (320, 240)) for seed in range(ORIGINALS)]
    posts = [tweet(n, host.serve(f"/{n}-original.jpg", encoded(p))) for n, p in enumerate(originals)]
    for kind_number, make in enumerate(COPIES.values(), 1):
        for n, picture in enumerate(originals):
            url = host.serve(f"/{n}-{kind_number}.jpg", encoded(make(picture), quality=80))
            posts.append(tweet(1000 * kind_number + n, url))
    library.land("a.json", posts)
    numbers = library.run(stages=DEDUP)["report_duplicates"].numbers
    groups = [sorted(tuple(name.split("-")) for name in group) for group in drawn(library)]
    pairs = [(one, other) for group in groups for one, other in combinations(group, 2)]
    precision = sum(one[0] == other[0] for one, other in pairs) / len(pairs)
    with capsys.disabled():
        print(f"\nprecision {precision:.0%}", file=sys.stderr)
        for kind_number, kind in enumerate(COPIES, 1):
            copies = [{(str(n), "original"), (str(n), str(kind_number))} for n in range(ORIGINALS)]
            recall = sum(copy <= set(group) for copy in copies for group in groups) / ORIGINALS
            print(f"{kind:26} recall {recall:4.0%}", file=sys.stderr)
            assert recall == 1 or kind in NOT_ALWAYS, kind
    assert precision == 1, "different pictures are apart"
    assert numbers["near_clusters"] == len(groups) == ORIGINALS
    assert numbers["near_duplicates"] == sum(len(group) - 1 for group in groups)


def test_the_same_pixels_are_told_from_near_ones_and_the_best_is_kept(library: EitherLibrary, host: FaultyHost) -> None:
    picture = photograph(1, (160, 120))
    small, large = encoded(picture, "PNG", compress_level=9), encoded(picture, "PNG", compress_level=0)
    lesser = encoded(picture.resize((80, 60)))
    library.land("a.json", [tweet(1, host.serve("/small.png", small)), tweet(2, host.serve("/lesser.jpg", lesser))])
    library.land("b.json", [tweet(3, host.serve("/large.png", large))], TOMORROW)
    first = library.run(stages=DEDUP)["report_duplicates"]
    assert (first.numbers["near_duplicates"], first.numbers["near_clusters"]) == (1, 1)
    library.run(TOMORROW, stages=DEDUP)
    report = library.run(stages=DEDUP)["report_duplicates"]
    (cluster,) = clusters(library)
    known = names(library)
    assert [(known[m.sha256], m.tier) for m in cluster.members] == [
        ("large", None),
        ("small", "same_pixels"),
        ("lesser", "near"),
    ]
    assert report.numbers["duplicates_same_pixels"] == report.numbers["near_duplicates"] == 1
    assert report.numbers["bytes_saved_if_pruned_same_pixels"] == len(small)
    assert report.numbers["bytes_saved_if_pruned_near"] == len(lesser)
    assert sorted(row["tier"] for row in report.table) == ["near", "same pixels"]


def test_a_second_run_writes_nothing(library: EitherLibrary, host: FaultyHost) -> None:
    picture = photograph(2, (160, 120))
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", encoded(picture, quality=60 + n))) for n in range(5)])
    library.run(stages=DEDUP)
    before = [library.table(name) for name in ("near_duplicates", "post_media", "media_files", "renditions")]
    page = (library.storage / report_path(TWITTER, "html")).read_bytes()
    library.run(stages=DEDUP)
    assert [library.table(name) for name in ("near_duplicates", "post_media", "media_files", "renditions")] == before
    assert (library.storage / report_path(TWITTER, "html")).read_bytes() == page


@pytest.fixture
def hostile(library: EitherLibrary, host: FaultyHost) -> Report:
    """The report of seven posts with hostile text, which show a picture in six qualities; two of them the same file."""
    picture = photograph(3, (160, 120))
    posts = [tweet(n, host.serve(f"/{n}.jpg", encoded(picture, quality=60 + n)), text=HOSTILE) for n in range(6)]
    posts += [tweet(9, host.serve("/copy.jpg", encoded(picture, quality=60)), author="<b>bob</b>", text=HOSTILE)]
    library.land("a.json", posts)
    return library.run(stages=DEDUP)["report_duplicates"]


@pytest.mark.usefixtures("hostile")
def test_the_page_of_duplicates_shows_pictures_and_no_markup_of_posts(library: EitherLibrary) -> None:
    page_file = library.storage / report_path(TWITTER, "html")
    page = page_file.read_text("utf-8")
    assert stat.S_IMODE(page_file.stat().st_mode) == 0o600
    assert page.count('<img src="data:image/webp;base64,') >= 6
    assert "<script" not in page
    assert "<b>bob" not in page
    assert " ".join(HOSTILE.split()).removesuffix("\u202e") in unescape(page)
    assert "\u202e" not in page
    assert set(re.findall(r'(?:src|href)="([a-z]+:|\.\./)', page)) <= {"data:", "https:", "http:", "../"}


def test_the_sheet_of_duplicates_shows_four_files_and_no_markup_of_posts(hostile: Report) -> None:
    (sheet,) = hostile.markdown.values()
    assert len(sheet.encode()) < 100_000
    assert sheet.count("data:image/webp") == 4
    assert "and 2 more files" in sheet
    assert "script" not in sheet


@pytest.mark.usefixtures("hostile")
def test_the_table_of_duplicates_has_every_pair(library: EitherLibrary) -> None:
    table = pd.read_parquet(library.storage / report_path(TWITTER, "parquet"))
    with library.catalogue() as connection:
        pairs = connection.execute(sa.select(sa.func.count()).select_from(near_duplicates)).scalar_one()
    assert sorted(table["tier"]) == ["near"] * pairs + ["same_bytes"]
    (copy,) = table[table["tier"] == "same_bytes"].to_dict("records")
    assert "twitter:<b>bob</b>" in (copy["author"], copy["other_author"])
    assert copy["sha256"] == copy["other_sha256"]
    assert table["canonical_media_id"].nunique() == 1


def test_a_page_that_grows_too_large_says_how_much_is_missing(
    library: EitherLibrary, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [photograph(seed, (120, 90)) for seed in range(20, 24)]
    urls = [
        host.serve(f"/{n}-{quality}.jpg", encoded(picture, quality=quality))
        for n, picture in enumerate(pictures)
        for quality in (70, 90)
    ]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls[:4])])
    library.land("b.json", [tweet(n, url) for n, url in enumerate(urls[4:], 10)], TOMORROW)
    monkeypatch.setattr("media_pipeline.stages.duplicates.showing.CLUSTERS_SHOWN", 2)
    monkeypatch.setattr("media_pipeline.stages.duplicates.showing.PAGE_BYTES", 1)
    report = library.run(TWITTER, TOMORROW, stages=DEDUP)["report_duplicates"]
    assert report.numbers["near_clusters"] == 2
    for partition in (TWITTER, TOMORROW):
        page = (library.storage / report_path(partition, "html")).read_text("utf-8")
        assert page.count("<section>") == 1
        assert "1 more groups are not shown" in page


def test_reports_go_when_there_are_no_duplicates_any_more(library: EitherLibrary, host: FaultyHost) -> None:
    page = library.storage / report_path(TWITTER, "html")
    urls = [host.serve(f"/{n}.jpg", encoded(photograph(4, (160, 120)), quality=60 + n)) for n in range(2)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
    library.run(stages=DEDUP)
    assert page.exists()
    host.serve("/1.jpg", encoded(photograph(5, (160, 120))))
    library.ask_again()
    report = library.run(stages=DEDUP)["report_duplicates"]
    assert (report.numbers["near_clusters"], report.markdown) == (0, {})
    assert not page.exists()
    assert library.table("near_duplicates") == []


@dataclass(frozen=True)
class Pruned:
    """A picture as three PNG of the same pixels, of which the best is left, and as a JPEG that is only near."""

    contents: dict[int, bytes]
    """By how much they are compressed."""
    before: dict[str, Any]
    """The rows of media_files before pruning, by SHA-256."""
    copies: list[PixelCopy]
    removed: int


@pytest.fixture
def pruned(library: EitherLibrary, host: FaultyHost) -> Pruned:
    picture = photograph(6, (160, 120))
    contents = {level: encoded(picture, "PNG", compress_level=level) for level in (0, 1, 9)}
    posts = [tweet(level, host.serve(f"/{level}.png", content)) for level, content in contents.items()]
    posts.append(tweet(20, host.serve("/near.jpg", encoded(picture))))
    library.land("a.json", posts)
    library.run(stages=DEDUP)
    before = {row["sha256"]: row for row in library.table("media_files")}
    with library.open() as context:
        with context.database.read() as connection:
            copies = list(same_pixel_copies(connection))
        return Pruned(contents, before, copies, prune_same_pixels(context, copies))


def test_pruning_the_same_pixels_keeps_the_best_and_says_what_was_held(
    library: EitherLibrary, host: FaultyHost, pruned: Pruned
) -> None:
    contents, copies = pruned.contents, pruned.copies
    assert sum(copy.file.file_size for copy in copies) == len(contents[1]) + len(contents[9])
    assert pruned.removed == 2
    held = [library.reference(host.url(f"/{level}.png")) for level in contents]
    best = held[0]["sha256"]
    assert library.bytes_of(best) == contents[0]
    assert {row["sha256"] for row in held} == {best}
    versions = {row["media_id"]: row["sha256"] for row in library.table("media_versions")}
    assert versions == {
        row["media_id"]: copy.file.sha256 for row in held for copy in copies if row["media_id"] in copy.media_ids
    }
    for copy in copies:
        (row,) = library.table("media_files", sha256=copy.file.sha256)
        assert (row["local_path"], row["pixel_sha256"]) == (None, pruned.before[best]["pixel_sha256"])
        assert not (library.storage / pruned.before[copy.file.sha256]["local_path"]).exists()
        assert library.table("renditions", sha256=copy.file.sha256) == []


@pytest.mark.usefixtures("pruned")
def test_a_run_after_pruning_counts_what_is_only_near_and_fetches_nothing(
    library: EitherLibrary, host: FaultyHost
) -> None:
    report = library.run(stages=DEDUP)["report_duplicates"]
    assert (report.numbers["duplicates"], report.numbers["duplicates_same_pixels"]) == (2, 0)
    assert report.numbers["near_duplicates"] == 1, "what is only near stays"
    assert library.reference(host.url("/near.jpg"))["status"] == "stored"
    assert {pair["tier"] for pair in library.table("near_duplicates")} == {"near"}
    asked = len(host.requests)
    library.run(stages=DEDUP)
    assert len(host.requests) == asked


def test_a_copy_stays_while_the_best_is_damaged_or_another_author_has_it(
    library: EitherLibrary, host: FaultyHost
) -> None:
    picture = photograph(7, (160, 120))
    contents = [encoded(picture, "PNG", compress_level=level) for level in (0, 9)]
    library.land(
        "a.json",
        [tweet(n, host.serve(f"/{n}.png", body), author=("ann", "bob")[n]) for n, body in enumerate(contents)],
    )
    library.run(stages=DEDUP)
    with library.open() as context:
        with context.database.read() as connection:
            assert list(same_pixel_copies(connection, "bob")) == list(same_pixel_copies(connection, "ann")) == []
            (copy,) = same_pixel_copies(connection)
        path = context.store.path_of(str(copy.canonical.local_path))
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
        assert prune_same_pixels(context, [copy]) == 0
        assert context.store.path_of(str(copy.file.local_path)).exists()
    assert json.dumps(library.table("media_versions")) == "[]"
