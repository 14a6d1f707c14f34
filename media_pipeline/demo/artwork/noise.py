"""Seeded noise and colour ramps, the material of every generated picture.

What belongs here: arrays in, arrays out, values from 0 to 1. What does not: what they are used to draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor

Array = npt.NDArray[np.floating[Any]]
Size = tuple[int, int]
"""Width and height, pixels."""


def field(rng: np.random.Generator, size: Size, cells: tuple[int, int], octaves: int = 5) -> Array:
    """Smooth noise of shape (height, width): octaves of random grids, each twice as fine and half as strong."""
    width, height = size
    total: Array = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        columns, rows = (max(2, count * 2**octave) for count in cells)
        grid = Image.fromarray(rng.random((rows, columns), np.float32))
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC), np.float32) / 2**octave
    return stretched(total)


def profile(rng: np.random.Generator, length: int, cells: int, octaves: int = 6, roughness: float = 0.5) -> Array:
    """Noise along a line: the outline of a range of hills, or with more roughness, of mountains."""
    at = np.linspace(0, 1, length, dtype=np.float32)
    total: Array = np.zeros(length, np.float32)
    for octave in range(octaves):
        knots: int = cells * 2**octave + 1
        steps: Array = np.interp(at, np.linspace(0, 1, knots), rng.random(knots))
        total += steps * roughness**octave
    return stretched(total)


def stretched(values: Array) -> Array:
    """The same values, from 0 to 1."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / max(high - low, 1e-6)


def ramp(values: Array, colours: Sequence[str]) -> Array:
    """Colours for values from 0 to 1, evenly spaced along them: shape (…, 3), from 0 to 255."""
    stops = np.linspace(0, 1, len(colours))
    channels = np.array([ImageColor.getrgb(colour)[:3] for colour in colours], np.float32).T
    colour: Array = np.empty((*values.shape, 3), np.float32)
    for channel, levels in enumerate(channels):
        colour[..., channel] = np.interp(values, stops, levels)
    return colour


def plane(size: Size) -> tuple[Array, Array]:
    """x and y of every pixel, from 0 to 1, each of shape (height, width)."""
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
    return x, y


def picture(values: Array) -> Image.Image:
    """Colours of shape (height, width, 3) as an RGB picture."""
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "RGB")
