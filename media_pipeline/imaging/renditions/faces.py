"""Where faces are in a picture, as far as the detector sees any that comes with OpenCV.

What belongs here: finding them. What does not: what a thumbnail shows of them
(:mod:`media_pipeline.imaging.renditions.cropping`).

OpenCV is an extra, ``media-pipeline[faces]``: its wheel has 60 MB. It is imported when the first face is looked for.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import cv2

LOOKED_AT = 480
"""Pixels of the longer side at which faces are looked for: 10 ms a picture."""
LEAST_SIDE = 24
"""Pixels of the smallest face that is looked for, a twentieth of the longer side: little more than the detector
needs. Smaller ones are mostly patterns that look like one."""
STEP = 1.2
"""Between two sizes that are looked for."""
AGREEING = 5
"""Overlapping finds that make a face; of fewer more are none."""
CASCADE = "haarcascade_frontalface_alt2.xml"
"""Of the three for whole faces that come with OpenCV the fastest, and it saw the same."""


@dataclass(frozen=True, slots=True)
class Face:
    """A square that holds a face, in shares of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


def can_be_seen() -> bool:
    """Whether there is a detector."""
    return find_spec("cv2") is not None


def faces_in(picture: Image.Image) -> list[Face]:
    """Frontal faces of an upright picture, the largest first; none where the detector fails."""
    import cv2

    small = picture.copy() if max(picture.size) <= LOOKED_AT else picture.resize(_small_size(picture.size))
    try:
        found = _detector().detectMultiScale(
            np.asarray(small.convert("L")), STEP, AGREEING, minSize=(LEAST_SIDE, LEAST_SIDE)
        )
    except (cv2.error, MemoryError):
        # A thumbnail of the busiest part is better than none.
        return []
    width, height = small.size
    faces = [Face(x / width, y / height, (x + side) / width, (y + side) / height) for x, y, side, _ in found]
    return sorted(faces, key=lambda face: face.area, reverse=True)


def _small_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = LOOKED_AT / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


@functools.cache
def _detector() -> cv2.CascadeClassifier:
    import cv2
    from cv2 import data

    # Workers are as many as there are cores.
    cv2.setNumThreads(1)
    return cv2.CascadeClassifier(str(Path(data.haarcascades) / CASCADE))
