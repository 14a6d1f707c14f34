"""What Dagster itself costs: the six assets on partitions where nothing changed, less the bare stages on the same.

In this process, on an instance kept on disk, as ``media-pipeline ingest`` and ``backfill`` run them. The start of a
process (a run that the daemon launches has its own) is not in it.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import dagster as dg

from bench.measure import Row, fresh_folder, in_turn, limit_row
from bench.pictures import write_pictures
from media_pipeline.definitions import build_defs
from media_pipeline.defs.naming import PLAIN
from media_pipeline.defs.partitions import PartitionRange
from media_pipeline.defs.runs.launch import execute, open_instance
from media_pipeline.demo.host import Answer, MediaHost
from media_pipeline.model import ImportPartition
from media_pipeline.settings import Settings, load_settings
from media_pipeline.stages.archive.s3_archive import archive_media
from media_pipeline.stages.context import opened
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.duplicates.dedup_report import report_duplicates
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.renditions.drawing import make_renditions

STAGES = (read_posts, write_manifests, cache_media, report_duplicates, make_renditions, archive_media)
DATES = 60
ROUNDS = 3
RUN_LIMIT = 1.5
"""Seconds for a run of one partition. Six empty steps took 0.7 s when the design was made."""
PARTITION_LIMIT = 0.2
"""Seconds for a partition in a run of many: 365 dates must not take 3 minutes, and each has work of its own."""

_FIRST = date(2026, 1, 1)


def rows() -> list[Row]:
    """Seconds that Dagster adds to a run of one date, and to each date of a run of sixty."""
    folder = fresh_folder("dagster")
    partitions = [ImportPartition(_FIRST + timedelta(days=day), "linkedin") for day in range(DATES)]
    with ExitStack() as stack:
        host = stack.enter_context(_host(folder))
        settings = load_settings(
            _env_file=None,
            media_storage_path=folder / "store",
            media_import_path=folder / "imports",
            media_start_date=_FIRST,
            media_allowed_hosts=(host.address,),
            dagster_home="",
        )
        _write_exports(settings, host, partitions)
        instance = stack.enter_context(open_instance(settings))
        _run_in_dagster(settings, instance, partitions)
        one, one_bare, all_of_them, all_bare = in_turn(
            ROUNDS,
            lambda: _run_in_dagster(settings, instance, partitions[:1]),
            lambda: _run_bare(settings, partitions[:1]),
            lambda: _run_in_dagster(settings, instance, partitions),
            lambda: _run_bare(settings, partitions),
        )
    print(f"one date: {median(one):.2f} s in Dagster, {median(one_bare):.2f} s bare; ", end="")
    print(f"{DATES} dates: {median(all_of_them):.2f} s in Dagster, {median(all_bare):.2f} s bare")
    cost_of_run = median(whole - bare for whole, bare in zip(one, one_bare, strict=True))
    cost_of_many = median(whole - bare for whole, bare in zip(all_of_them, all_bare, strict=True))
    return [
        limit_row("Dagster's cost of a run of one date", cost_of_run, "s", RUN_LIMIT),
        limit_row(f"Dagster's cost of a date in a run of {DATES}", cost_of_many / DATES, "s", PARTITION_LIMIT),
    ]


def _host(folder: Path) -> MediaHost:
    """A host with one picture for each date."""
    (picture,) = write_pictures(folder, 1)
    # Bytes after the end of a JPEG change its digest, not what is seen.
    bodies = (picture.read_bytes() + str(number).encode() for number in range(DATES))
    return MediaHost({f"{number}.jpg": Answer(body, "image/jpeg") for number, body in enumerate(bodies)})


def _write_exports(settings: Settings, host: MediaHost, partitions: list[ImportPartition]) -> None:
    for number, partition in enumerate(partitions):
        path = settings.import_path / partition.platform / partition.import_date.isoformat() / "posts.json"
        path.parent.mkdir(parents=True)
        url = f"http://{host.address}/{number}.jpg"
        path.write_text(json.dumps([{"id": str(number + 1), "text": "a post", "media": {"type": "image", "url": url}}]))


def _run_in_dagster(settings: Settings, instance: dg.DagsterInstance, partitions: list[ImportPartition]) -> float:
    definitions = build_defs(settings)
    started = time.perf_counter()
    finished = execute(definitions, instance, PLAIN.whole, PartitionRange(partitions[0], partitions[-1]))
    seconds = time.perf_counter() - started
    assert finished.success, finished.problems
    return seconds


def _run_bare(settings: Settings, partitions: list[ImportPartition]) -> float:
    """The same six stages with the same opening of catalogue and store for each, without Dagster."""
    started = time.perf_counter()
    for stage in STAGES:
        with opened(settings, logging.getLogger("bench")) as context:
            stage(context, partitions)
    return time.perf_counter() - started
