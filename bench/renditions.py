"""Renditions and thumbnails against two passes of ``vipsthumbnail``, one for each.

Both start from the same 45 JPEGs (a fifth of 4000x3000, the others 1440x1800) and write a progressive JPEG of at
most 1920 pixels at quality 85 and a square WebP of 300 at quality 80, without metadata. Our time includes the start
of the worker processes; ``vipsthumbnail`` decodes each file twice, as it makes one size a pass, and has a thread for
each core.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.measure import Row, fresh_folder, in_turn, rate_row, run
from bench.peers import VIPSTHUMBNAIL, is_there
from bench.pictures import write_pictures
from media_pipeline.imaging.renditions import recipes_from
from media_pipeline.imaging.workers import RenditionTask, Workers, WorkFailure
from media_pipeline.settings import load_settings

FILES = 45
ROUNDS = 5
AIM = 1.47
WORKERS = 2
PEER_NAME = "vipsthumbnail, 2 passes"


def rows() -> list[Row]:
    """Files a second, each with both renditions."""
    pictures = write_pictures(fresh_folder("pictures"), FILES)
    sides = [lambda: _ours(pictures)]
    if is_there(VIPSTHUMBNAIL):
        sides.append(lambda: _vipsthumbnail(pictures))
    ours, *peer = in_turn(ROUNDS, *sides)
    return [rate_row("renditions and thumbnails", FILES, ours, peer[0] if peer else None, PEER_NAME, AIM)]


def _ours(pictures: list[Path]) -> float:
    folder = fresh_folder("renditions")
    settings = load_settings(_env_file=None, media_image_workers=WORKERS)
    recipes = recipes_from(settings)
    started = time.perf_counter()
    with Workers(settings) as workers:
        tasks = (RenditionTask(path.name, path, "image/jpeg", recipes, folder) for path in pictures)
        results = [result for _, result in workers.map_renditions(tasks)]
    seconds = time.perf_counter() - started
    assert not any(isinstance(result, WorkFailure) for result in results)
    assert sum(1 for _ in folder.iterdir()) == 2 * FILES
    return seconds


def _vipsthumbnail(pictures: list[Path]) -> float:
    folder = fresh_folder("vipsthumbnail")
    optimized = ["-s", "1920x1920>", "-o", f"{folder}/%s.jpg[Q=85,interlace,strip]"]
    thumbnail = ["-s", "300x300", "--smartcrop", "centre", "-o", f"{folder}/%s.webp[Q=80,strip]"]
    seconds = sum(run(["vipsthumbnail", *options, *pictures]).seconds for options in (optimized, thumbnail))
    assert sum(1 for _ in folder.iterdir()) == 2 * FILES
    return seconds
