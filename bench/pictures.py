"""JPEGs of a fixed seed that compress and scale like photos: noise of all scales, gradients and hard edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

SEED = 20261120
PORTRAIT, LARGE = (1440, 1800), (4000, 3000)
QUALITY = 90
_TEXTURE = 4200
_OCTAVES = ((6, 60), (12, 40), (25, 30), (50, 20), (100, 14), (200, 9), (400, 6), (800, 4))
"""Waves across the texture and their weight: about the 1/f spectrum of natural pictures."""

Pixels = npt.NDArray[np.float32]


def write_pictures(folder: Path, count: int) -> list[Path]:
    """Write ``count`` JPEGs, of which each fifth is large."""
    rng = np.random.default_rng(SEED)
    plane = texture(rng)
    paths = [folder / f"{number:04}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        _picture(rng, plane, LARGE if number % 5 == 4 else PORTRAIT).save(path, quality=QUALITY)
    return paths


def texture(rng: np.random.Generator) -> Pixels:
    """One large plane that every picture is cut from, since making it takes a second."""
    plane = rng.normal(0, 2.5, (_TEXTURE, _TEXTURE)).astype(np.float32)
    for waves, weight in _OCTAVES:
        coarse = Image.fromarray(rng.normal(0, weight, (waves, waves)).astype(np.float32))
        plane += np.asarray(coarse.resize(plane.shape, Image.Resampling.BICUBIC))
    return plane


def _picture(rng: np.random.Generator, texture: Pixels, size: tuple[int, int]) -> Image.Image:
    width, height = size
    pixels = np.empty((height, width, 3), np.float32)
    luma, *chroma = (_cut(rng, texture, size) for _ in range(4))
    for channel, tint in enumerate(chroma):
        pixels[..., channel] = 120 + luma + tint / 4
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    _draw_shapes(rng, ImageDraw.Draw(picture), size)
    return picture


def _cut(rng: np.random.Generator, texture: Pixels, size: tuple[int, int]) -> Pixels:
    left, top = (int(rng.integers(0, _TEXTURE - side)) for side in size)
    return texture[top : top + size[1], left : left + size[0]]


def _draw_shapes(rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    width, height = size
    for _ in range(25):
        x, y, radius = int(rng.integers(width)), int(rng.integers(height)), int(rng.integers(width // 60, width // 8))
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        box = (x - radius, y - radius, x + radius, y + radius)
        if rng.random() < 0.5:
            draw.ellipse(box, outline=colour, width=int(rng.integers(2, 12)))
        else:
            draw.rectangle(box, fill=colour)
