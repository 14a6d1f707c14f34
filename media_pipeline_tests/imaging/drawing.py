"""Renditions of a file, as the stage asks for them, and how alike two pictures are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from media_pipeline.imaging.renditions.recipes import recipes_for
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline.model import Recipe, RenderedFile
from media_pipeline_tests.imaging.samples import RECIPES


def drawn(
    path: Path,
    mime_type: str = "image/jpeg",
    recipes: tuple[Recipe, ...] = RECIPES,
    frames: int | None = None,
) -> dict[str, RenderedFile]:
    """By kind; of several of a kind the last."""
    folder = path.parent / "renditions"
    folder.mkdir(exist_ok=True)
    before = path.read_bytes()
    files: dict[str, RenderedFile] = {
        file.kind: file for file in render(path, mime_type, recipes_for(mime_type, recipes, frames), folder)
    }
    assert path.read_bytes() == before
    return files


def path_of(file: RenderedFile) -> Path:
    assert file.path is not None, "the original stands for it"
    return file.path


def pixels(file: RenderedFile) -> Image.Image:
    with Image.open(path_of(file)) as image:
        return image.convert("RGB")


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Mean structural similarity of brightness (Wang and others, 2004), in windows of 8 x 8."""
    x, y = (np.asarray(image.convert("L"), np.float64) for image in (one, other))
    mean_x, mean_y = _means(x), _means(y)
    var_x, var_y = _means(x * x) - mean_x**2, _means(y * y) - mean_y**2
    both = _means(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    alike = (2 * mean_x * mean_y + c1) * (2 * both + c2) / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    return float(alike.mean())


def _means(values: np.ndarray, side: int = 8) -> np.ndarray:
    sums = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / side**2
