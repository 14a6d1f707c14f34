"""What a worker's memory comes to for 100 megapixels: facts, and the rendition with its thumbnail, by format.

Each file is read in a process of its own that is held to the limits of a worker, MEDIA_IMAGE_MEMORY_MB at its default.
What counts against that limit is address space beyond what the process had at its start; the resident size, with the
interpreter and all libraries, is printed beside it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.measure import Row, fresh_folder, limit_row, run_module
from bench.pictures import SEED, texture
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.imaging.limits import Limits, keep_within
from media_pipeline.imaging.renditions.recipes import recipes_for, recipes_from
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline.settings import Settings, load_settings

SIDE = 10_000
FORMATS: dict[str, dict[str, Any]] = {
    "jpeg": {"quality": 90},
    "png": {"compress_level": 1},
    "webp": {"quality": 80, "method": 0},
}
KINDS = ("facts", "renditions")


@dataclass(frozen=True, slots=True)
class _Peak:
    """Of one process, in MB."""

    more: float
    """Address space above that of the start."""
    resident: float


def rows() -> list[Row]:
    """The most that any format takes, for each kind of work."""
    limit = Settings.model_fields["media_image_memory_mb"].default
    paths = _write_pictures(fresh_folder("large-pictures"))
    peaks = {(work, path.suffix[1:]): _peak(work, path) for work in KINDS for path in paths}
    for (work, name), peak in peaks.items():
        print(f"{work} of a {name} of 100 megapixels: {peak.more:,.0f} MB more, {peak.resident:,.0f} MB resident")
    found: list[Row] = []
    for work in KINDS:
        more, name = max((peaks[work, path.suffix[1:]].more, path.suffix[1:]) for path in paths)
        found.append(limit_row(f"memory of 100 megapixels, {work} ({name})", more, "MB", limit))
    return found


def _write_pictures(folder: Path) -> list[Path]:
    plane = Image.fromarray(np.clip(120 + texture(np.random.default_rng(SEED)), 0, 255).astype(np.uint8))
    grey = plane.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    picture = Image.merge("RGB", (grey, grey.rotate(90), grey.rotate(180)))
    paths = [folder / f"large.{name}" for name in FORMATS]
    for path, options in zip(paths, FORMATS.values(), strict=True):
        picture.save(path, **options)
    return paths


def _peak(work: str, path: Path) -> _Peak:
    return _Peak(*map(float, run_module("bench.large_pictures", work, path).output.split()))


def _work(work: str, path: Path) -> None:
    """As a worker does it. Raises UnreadableMedia when the memory isn't enough."""
    settings, mime_type = load_settings(_env_file=None), f"image/{path.suffix[1:]}"
    keep_within(Limits(settings.media_max_image_pixels, settings.image_memory_bytes))
    if work == "facts":
        assert read_facts(path, mime_type).pixel_sha256
    else:
        recipes = recipes_for(mime_type, recipes_from(settings))
        assert len(render(path, mime_type, recipes, path.parent)) == len(recipes)


def _megabytes(name: str) -> float:
    """A line of /proc/self/status, which is in kB (proc_pid_status(5))."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024 / 1e6


if __name__ == "__main__":
    before = _megabytes("VmSize")
    _work(sys.argv[1], Path(sys.argv[2]))
    print(_megabytes("VmPeak") - before, _megabytes("VmHWM"))
