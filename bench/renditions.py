"""Pictures against ``vipsthumbnail``, ImageMagick's ``mogrify`` and a bare loop.

All start from the same 90 JPEGs (a fifth of 4000x3000, the others 1440x1800) and write a progressive JPEG of at most
1920 pixels at quality 85 and a square WebP of 300 at quality 80, without metadata. The tools take a pass for each size,
and have a thread for each core. Our time includes the start of the worker processes; where it says so, facts and
fingerprints are read of every file before, as the pipeline does. The bare loop decodes, scales, encodes and writes by
Pillow in as many processes, and does nothing else: what is lost to it is our own cost.
"""

from __future__ import annotations

import time
from multiprocessing import get_context
from pathlib import Path

from PIL import Image

from bench.measure import Row, fresh_folder, in_turn, rate_row, run
from bench.peers import MOGRIFY, VIPSTHUMBNAIL, is_there
from bench.pictures import write_pictures
from media_pipeline.imaging.renditions.recipes import recipes_for, recipes_from
from media_pipeline.imaging.workers import FactsTask, RenditionTask, Workers, WorkFailure
from media_pipeline.settings import load_settings

FILES = 90
ROUNDS = 3
AIM = 1.5
AIM_OF_BARE = 0.85
WORKERS = 2
JPEG = "image/jpeg"


def rows() -> list[Row]:
    """Files a second, each with both renditions."""
    pictures = write_pictures(fresh_folder("pictures"), FILES)
    tools = {"vipsthumbnail, 2 passes": _vipsthumbnail} if is_there(VIPSTHUMBNAIL) else {}
    if is_there(MOGRIFY):
        tools["mogrify, 2 passes"] = _mogrify
    ours, with_facts, bare, *theirs = in_turn(
        ROUNDS,
        lambda: _ours(pictures, has_facts=False),
        lambda: _ours(pictures, has_facts=True),
        lambda: _bare(pictures),
        *(lambda tool=tool: tool(pictures) for tool in tools.values()),
    )
    found = [rate_row("renditions and thumbnails", FILES, ours, bare, "a bare loop", AIM_OF_BARE)]
    for name, seconds in zip(tools, theirs, strict=True):
        found.append(rate_row("renditions and thumbnails", FILES, ours, seconds, name, AIM))
        found.append(rate_row("facts, fingerprints and both", FILES, with_facts, seconds, name, AIM))
    return found


def _ours(pictures: list[Path], *, has_facts: bool) -> float:
    folder = fresh_folder("renditions")
    settings = load_settings(_env_file=None, media_image_workers=WORKERS)
    recipes = recipes_for(JPEG, recipes_from(settings))
    started = time.perf_counter()
    with Workers(settings) as workers:
        results: list[object] = []
        if has_facts:
            results += [facts for _, facts in workers.map_facts(FactsTask(p.name, p, JPEG) for p in pictures)]
        tasks = (RenditionTask(path.name, path, JPEG, recipes, folder) for path in pictures)
        results += [result for _, result in workers.map_renditions(tasks)]
    seconds = time.perf_counter() - started
    assert not any(isinstance(result, WorkFailure) for result in results)
    assert sum(1 for _ in folder.iterdir()) == 2 * FILES
    return seconds


def _bare(pictures: list[Path]) -> float:
    folder = fresh_folder("bare")
    started = time.perf_counter()
    with get_context("fork").Pool(WORKERS) as pool:
        pool.starmap(_convert, ((path, folder) for path in pictures), chunksize=1)
    seconds = time.perf_counter() - started
    assert sum(1 for _ in folder.iterdir()) == 2 * FILES
    return seconds


def _convert(path: Path, folder: Path) -> None:
    with Image.open(path) as image:
        share = min(1.0, 1920 / max(image.size))
        size = round(image.width * share), round(image.height * share)
        image.draft(None, size)
        picture = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0) if size != image.size else image
        picture.save(folder / f"{path.stem}.jpg", quality=85, progressive=True)
        side = min(size)
        left, top = (size[0] - side) // 2, (size[1] - side) // 2
        box = (left, top, left + side, top + side)
        small = picture.resize((300, 300), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
        small.save(folder / f"{path.stem}.webp", quality=80, method=4)


def _vipsthumbnail(pictures: list[Path]) -> float:
    folder = fresh_folder("vipsthumbnail")
    optimized = ["-s", "1920x1920>", "-o", f"{folder}/%s.jpg[Q=85,interlace,strip]"]
    thumbnail = ["-s", "300x300", "--smartcrop", "centre", "-o", f"{folder}/%s.webp[Q=80,strip]"]
    return _passes(folder, pictures, ["vipsthumbnail", *optimized], ["vipsthumbnail", *thumbnail])


def _mogrify(pictures: list[Path]) -> float:
    folder = fresh_folder("mogrify")
    common = ["mogrify", "-path", str(folder), "-auto-orient", "-strip"]
    optimized = ["-resize", "1920x1920>", "-quality", "85", "-interlace", "JPEG"]
    square = ["-thumbnail", "300x300^", "-gravity", "center", "-extent", "300x300", "-quality", "80"]
    return _passes(folder, pictures, [*common, *optimized], [*common, "-format", "webp", *square])


def _passes(folder: Path, pictures: list[Path], *commands: list[str]) -> float:
    seconds = sum(run([*command, *pictures]).seconds for command in commands)
    assert sum(1 for _ in folder.iterdir()) == 2 * FILES
    return seconds
