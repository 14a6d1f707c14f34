"""Which square of a picture its thumbnail shows.

What belongs here: choosing the square. What does not: drawing it, and finding faces
(:mod:`media_pipeline.imaging.renditions.faces`).

With faces, the square holds the largest one, then the next that fits beside it, and so on, and has those that it holds
in its middle, as far as the picture goes. Without any it is where most edges are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from media_pipeline.imaging.pictures import UPRIGHT, upright
from media_pipeline.imaging.renditions.faces import faces_in
from media_pipeline.model import Crop

LOOKED_AT = 48
"""Pixels of the shorter side at which edges are weighed: enough for where they are, in 1 ms for 3 megapixels."""
AS_GOOD = 0.97
"""Of all squares that hold this share of what the busiest holds, the one nearest to the centre is taken."""

Box = tuple[int, int, int, int]


_REVERSED_WIDE = (2, 3, 7, 8)
_REVERSED_TALL = (3, 4, 6, 7)
"""EXIF orientations in which a stored picture's longer side runs the other way when it is upright."""

Stretch = tuple[float, float]
"""From where to where a face reaches along the longer side, in shares of it."""


def square(image: Image.Image, crop: Crop, orientation: int = UPRIGHT) -> Box:
    """Left, top, right and bottom of the largest square of a stored picture that shows what the crop is to show."""
    width, height = image.size
    side = min(width, height)
    share = 0.5 if crop is Crop.CENTRE or width == height else _most(image, crop, orientation)
    # Whole pixels, so that it is square to the last digit.
    left, top = round((width - side) * share), round((height - side) * share)
    return left, top, left + side, top + side


def _most(image: Image.Image, crop: Crop, orientation: int) -> float:
    """How far along the longer side the square lies that shows most: 0 at the start, 1 at the end."""
    faces = _along(image, orientation) if crop is Crop.FACES else []
    return _with_faces(faces, min(image.size) / max(image.size)) if faces else _busiest(image)


def _along(image: Image.Image, orientation: int) -> list[Stretch]:
    """Faces along the longer side as it is stored, the largest first."""
    seen = upright(image, orientation)
    faces = faces_in(seen)
    found = [(face.left, face.right) if seen.width > seen.height else (face.top, face.bottom) for face in faces]
    if orientation in (_REVERSED_WIDE if image.width > image.height else _REVERSED_TALL):
        return [(1 - end, 1 - start) for start, end in found]
    return found


def _with_faces(faces: Sequence[Stretch], window: float) -> float:
    """Where a window of this share of the longer side lies."""
    first, last = 0.0, 1.0 - window
    held: list[Stretch] = []
    for start, end in faces:
        if max(first, end - window) <= min(last, start):
            first, last = max(first, end - window), min(last, start)
            held.append((start, end))
    # None fits where the largest one takes all of the shorter side and more: then its middle.
    held = held or [faces[0]]
    middle = (min(start for start, _ in held) + max(end for _, end in held)) / 2
    return min(max((middle - window / 2) / (1 - window), 0.0), 1.0)


def _busiest(image: Image.Image) -> float:
    """How far along the longer side the square lies that holds most edges: 0 at the start, 1 at the end."""
    energy = _along_longer_side(image)
    window = min(LOOKED_AT, len(energy))
    held = np.convolve(energy, np.ones(window), "valid")
    places = np.flatnonzero(held >= AS_GOOD * held.max())
    last = len(held) - 1
    nearest = int(places[np.argmin(np.abs(places - last / 2))])
    return nearest / last if last else 0.5


def _along_longer_side(image: Image.Image) -> npt.NDArray[np.float64]:
    """The sum of the gradients of brightness across each pixel of the longer side."""
    width, height = image.size
    scale = LOOKED_AT / min(width, height)
    size = (max(LOOKED_AT, round(width * scale)), max(LOOKED_AT, round(height * scale)))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=1.0).convert("L")
    brightness = np.asarray(small, np.float64)
    energy = sum(np.abs(gradient) for gradient in np.gradient(brightness))
    return np.asarray(energy).sum(axis=0 if width > height else 1)
