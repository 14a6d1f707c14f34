"""Downloads of photos with MD5, SHA-256 and a check of the type, against tools that do none of these.

All fetch the same 3,000 files of 30 to 300 KB from one host on loopback into new folders on the same disk. ``aria2c``
keeps a control file beside each download and syncs every file to disk; our fetcher syncs nothing, the stage does (it
moves each file to its place in the store and writes its rows). So each is held against the same peer.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

from bench.fetchers import ARIA2C_NAME, PARALLEL, Cost, ours, peers, rate_rows, settings_for, with_digests
from bench.host import serving
from bench.measure import Row, fresh_folder, in_turn, limit_row, rate_row, run_module
from media_pipeline.catalog import media_reports
from media_pipeline.model import ImportPartition, Status
from media_pipeline.settings import Settings
from media_pipeline.stages.context import opened
from media_pipeline.stages.downloads.loop import Downloads
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts

FEW, FILES = 300, 3000
ROUNDS = 3
AIM = 2.5
MEMORY_LIMIT_MB = 20


def rows() -> list[Row]:
    """The downloader with 16 and with its default of workers, the download loop of ``cached_media``, and memory."""
    default = Settings.model_fields["media_download_workers"].default
    with serving(FILES) as host:
        urls = [f"http://{host}/{number}.jpg" for number in range(FILES)]
        found = peers()
        sides = [
            lambda: ours(urls),
            lambda: ours(urls, default),
            lambda: _staged(urls, PARALLEL),
            *(partial(fetcher, urls) for fetcher in found.values()),
        ]
        own, by_default, staged, *costs = in_turn(ROUNDS, *sides)
        few = in_turn(ROUNDS, lambda: ours(urls[:FEW]))[0]
    theirs = dict(zip(found, costs, strict=True))
    return [
        *rate_rows(f"downloads, {PARALLEL} workers", "files", FILES, own, theirs, {ARIA2C_NAME: AIM}),
        *_against_aria2c(default, by_default, staged, theirs.get(ARIA2C_NAME, [])),
        _memory_row(few, own),
    ]


def _against_aria2c(
    default: int, by_default: Sequence[Cost], staged: Sequence[Cost], aria2c: Sequence[Cost]
) -> list[Row]:
    alone = [cost.seconds for cost in aria2c]
    digested = [with_digests(cost).seconds for cost in aria2c]
    fetched, stored = [cost.seconds for cost in by_default], [cost.seconds for cost in staged]
    both = f"{ARIA2C_NAME}, md5sum, sha256sum"
    return [
        rate_row(f"downloads, {default} workers (default)", FILES, fetched, alone, ARIA2C_NAME, AIM),
        rate_row("downloads with both digests (default)", FILES, fetched, digested, both, AIM),
        rate_row(f"downloads stored and recorded, {PARALLEL} workers", FILES, stored, alone, ARIA2C_NAME, None),
    ]


def _memory_row(few: Sequence[Cost], many: Sequence[Cost]) -> Row:
    more = median(cost.peak_mb for cost in many) - median(cost.peak_mb for cost in few)
    return limit_row(f"memory of {FILES:,} downloads above {FEW}", max(more, 0.0), "MB", MEMORY_LIMIT_MB)


def _staged(urls: Sequence[str], workers: int) -> Cost:
    folder = fresh_folder("stage")
    host = urls[0].split("/")[2]
    done = run_module("bench.downloads", folder, host, str(len(urls)), str(workers))
    return Cost(float(done.output), done.cpu_seconds, done.tree_peak_mb, folder)


def _stage(folder: Path, host: str, count: int, workers: int) -> float:
    """Run the download loop over posts that name the files; seconds without the import of the posts."""
    partition = ImportPartition(date(2026, 1, 1), "linkedin")
    urls = [f"http://{host}/{number}.jpg" for number in range(count)]
    write_export(folder / "imports" / "linkedin" / "2026-01-01" / "posts.ndjson", urls)
    with opened(settings_for(folder, host, workers), logging.getLogger("bench")) as context:
        read_posts(context, [partition])
        write_manifests(context, [partition])
        started = time.perf_counter()
        Downloads(context, [partition]).run()
        seconds = time.perf_counter() - started
        with context.database.read() as connection:
            assert media_reports.statuses(connection, [partition])[partition] == {Status.STORED: count}
    return seconds


def write_export(path: Path, urls: list[str]) -> None:
    path.parent.mkdir(parents=True)
    posts = (
        {"id": str(number), "text": f"post {number}", "media": {"type": "image", "url": url}}
        for number, url in enumerate(urls, 1)
    )
    path.write_text("".join(json.dumps(post) + "\n" for post in posts))


if __name__ == "__main__":
    print(_stage(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
