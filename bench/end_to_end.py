"""Pictures from their URLs to what is kept of them, against img2dataset, which downloads and scales.

Both get the same pictures from one host on loopback. Ours are the stages ``cached_media`` and ``renditions`` as they
are: verified originals with both digests, synced and recorded, facts with fingerprints, a progressive JPEG of at most
1920 pixels and a thumbnail of each. img2dataset writes a baseline JPEG of at most 1920 pixels, no digest, and no
thumbnail, and syncs nothing. Both leave out their imports; ours also leaves out the import of the posts.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import psutil

from bench.downloads import write_export
from bench.fetchers import Cost, img2dataset, own_cost, rate_rows, settings_for
from bench.host import serving_folder
from bench.measure import Row, fresh_folder, in_turn, rate_row, run_module
from bench.peers import IMG2DATASET, python_with
from bench.pictures import write_pictures
from media_pipeline.catalog import renditions
from media_pipeline.model import ImportPartition
from media_pipeline.settings import Settings
from media_pipeline.stages.context import opened
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.renditions.drawing import make_renditions

FILES = 200
ROUNDS = 3
AIM = 2
SIDE = 1920
NAME = "pictures end to end"
PEER = "img2dataset, download and resize"


def rows() -> list[Row]:
    """Files a second, processor time and memory."""
    folder = fresh_folder("pictures")
    write_pictures(folder, FILES)
    with serving_folder(folder) as host:
        urls = [f"http://{host}/{number}.jpg" for number in range(FILES)]
        sides = [lambda: _ours(urls)]
        if python := python_with(IMG2DATASET):
            sides.append(lambda: img2dataset(python, urls, SIDE))
        own, *theirs = in_turn(ROUNDS, *sides)
    if not theirs:
        return [rate_row(NAME, FILES, [cost.seconds for cost in own], None, PEER, AIM)]
    return rate_rows(NAME, "files", FILES, own, {PEER: theirs[0]}, {PEER: AIM})


def _ours(urls: Sequence[str]) -> Cost:
    folder = fresh_folder("end-to-end")
    host = urls[0].split("/")[2]
    return own_cost(run_module("bench.end_to_end", folder, host, str(len(urls))), folder)


def _run(folder: Path, host: str, count: int) -> dict[str, float]:
    """The two stages over posts that name the pictures."""
    partition = ImportPartition(date(2026, 1, 1), "linkedin")
    urls = [f"http://{host}/{number}.jpg" for number in range(count)]
    write_export(folder / "imports" / "linkedin" / "2026-01-01" / "posts.ndjson", urls)
    settings = settings_for(folder, host, Settings.model_fields["media_download_workers"].default)
    with opened(settings, logging.getLogger("bench")) as context:
        read_posts(context, [partition])
        write_manifests(context, [partition])
        started, cpu_before = time.perf_counter(), _cpu_seconds()
        cache_media(context, [partition])
        make_renditions(context, [partition])
        cost = {"seconds": time.perf_counter() - started, "cpu_seconds": _cpu_seconds() - cpu_before}
        with context.database.read() as connection:
            made = renditions.totals(connection, [partition])[partition]
    assert made["optimized"] == made["thumbnails"] == count
    return cost


def _cpu_seconds() -> float:
    """With what has ended, and with the fork server, which lives on and has waited for the workers."""
    own = psutil.Process()
    return sum(sum(process.cpu_times()[:4]) for process in (own, *own.children()))


if __name__ == "__main__":
    print(json.dumps(_run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
