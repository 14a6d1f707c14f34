"""Which square of a picture its thumbnail shows.

What belongs here: choosing the square. What does not: drawing it, and finding faces
(:mod:`media_pipeline.imaging.renditions.faces`).

With faces, the square holds the largest one, then the next that fits beside it, and so on, and has those that it holds
in its middle, as far as the picture goes. Where several are as large as the largest, it is the one of them with most
faces beside it, and where that leaves more than one, the one about which the picture is busiest. Without any face the
square is where most edges are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from media_pipeline.imaging.pictures import UPRIGHT, upright_size
from media_pipeline.imaging.renditions.faces import STEP, faces_in
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
    return _with_faces(faces, image) if faces else _busiest(image)


def _along(image: Image.Image, orientation: int) -> list[Stretch]:
    """Faces along the longer side as it is stored, the largest first."""
    width, height = upright_size(image.size, orientation)
    faces = faces_in(image, orientation)
    found = [(face.left, face.right) if width > height else (face.top, face.bottom) for face in faces]
    if orientation in (_REVERSED_WIDE if image.width > image.height else _REVERSED_TALL):
        return [(1 - end, 1 - start) for start, end in found]
    return found


def _with_faces(faces: Sequence[Stretch], image: Image.Image) -> float:
    """How far along the longer side the square lies that shows most of the faces, of which there is one at least."""
    window = min(image.size) / max(image.size)
    largest = _length(faces[0])
    groups = [_beside(face, faces, window) for face in faces if _length(face) * STEP >= largest]
    most = max(count for count, _ in groups)
    places = [_about(stretch, window) for count, stretch in groups if count == most]
    if len(places) == 1:
        return places[0]
    held = _edges_held(image)
    return max(places, key=lambda place: held[round(place * (len(held) - 1))])


def _beside(face: Stretch, faces: Sequence[Stretch], window: float) -> tuple[int, Stretch]:
    """How many faces fit into a window of this length that holds this one, larger ones first, and how far they reach.

    The face itself is always in, also if it is longer than the window by a rounding.
    """
    count, (first, last) = 0, face
    for start, end in faces:
        if max(last, end) - min(first, start) <= window:
            count, first, last = count + 1, min(first, start), max(last, end)
    return count, (first, last)


def _about(stretch: Stretch, window: float) -> float:
    """How far along a window of this length lies that has the stretch in its middle, as far as the picture goes."""
    middle = sum(stretch) / 2
    return min(max((middle - window / 2) / (1 - window), 0.0), 1.0)


def _length(stretch: Stretch) -> float:
    return stretch[1] - stretch[0]


def _busiest(image: Image.Image) -> float:
    """How far along the longer side the square lies that holds most edges: 0 at the start, 1 at the end."""
    held = _edges_held(image)
    places = np.flatnonzero(held >= AS_GOOD * held.max())
    last = len(held) - 1
    nearest = int(places[np.argmin(np.abs(places - last / 2))])
    return nearest / last if last else 0.5


def _edges_held(image: Image.Image) -> npt.NDArray[np.float64]:
    """What the square holds of the edges, at each place from the start of the longer side to its end."""
    energy = _along_longer_side(image)
    return np.convolve(energy, np.ones(min(LOOKED_AT, len(energy))), "valid")


def _along_longer_side(image: Image.Image) -> npt.NDArray[np.float64]:
    """The sum of the gradients of brightness across each pixel of the longer side."""
    width, height = image.size
    scale = LOOKED_AT / min(width, height)
    size = (max(LOOKED_AT, round(width * scale)), max(LOOKED_AT, round(height * scale)))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=1.0).convert("L")
    brightness = np.asarray(small, np.float64)
    energy = sum(np.abs(gradient) for gradient in np.gradient(brightness))
    return np.asarray(energy).sum(axis=0 if width > height else 1)
