"""Where faces are in a picture, as far as the detector sees any that comes with OpenCV.

What belongs here: finding them. What does not: what a thumbnail shows of them
(:mod:`media_pipeline.imaging.renditions.cropping`).

OpenCV is an extra, ``media-pipeline[faces]``: its wheel has 60 MB, and importing it takes 240 ms.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from media_pipeline.imaging.pictures import UPRIGHT, upright

if TYPE_CHECKING:
    import cv2

LOOKED_AT = 320
"""Pixels of the longer side at which faces are looked for: 14 ms a picture (median of 14 photos; at most 27), at 480
pixels twice that."""
LEAST_SIDE = 24
"""Pixels of the smallest face that is looked for: little more than the 20 that the detector needs."""
STEP = 1.2
"""Between two sizes that are looked for: no finer can faces be told apart by size."""
AGREEING = 5
"""Finds of much the same place that it takes to make a face. A single one is often a pattern that looks like one."""
CASCADE = Path("data", "haarcascade_frontalface_alt2.xml")
"""In OpenCV's own folder. As fast as the default one, which sees faces in photos of things."""


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
    """Whether there is a detector. OpenCV 5 comes without."""
    return _cascade() is not None


def load_detector() -> None:
    """Do now what the first picture would have to wait for; nothing where there is no detector.

    For a process before its memory is limited: with 180 to 300 MB left (measured on two cores), the
    import ends in SIGINT from OpenBLAS or in SIGSEGV. Looking for faces then takes less than 4 MB.
    """
    if can_be_seen():
        detector()


@functools.cache
def detector() -> cv2.CascadeClassifier:
    """OpenCV's detector, made once for each process. Raises ImportError as :func:`faces_in` does."""
    import cv2

    # Workers are as many as there are cores.
    cv2.setNumThreads(1)
    return cv2.CascadeClassifier(str(_cascade()))


def faces_in(image: Image.Image, orientation: int = UPRIGHT) -> list[Face]:
    """Frontal faces of a stored picture as seen, the largest first; none where OpenCV or memory fails.

    Raises ImportError where OpenCV is installed and broken, or not installed.
    """
    import cv2

    try:
        seen = upright(_small(image), orientation)
        found = detector().detectMultiScale(np.asarray(seen), STEP, AGREEING, minSize=(LEAST_SIDE, LEAST_SIDE))
    except (cv2.error, MemoryError):
        # A thumbnail of the busiest part is better than none.
        return []
    width, height = seen.size
    faces = [Face(x / width, y / height, (x + side) / width, (y + side) / height) for x, y, side, _ in found]
    return sorted(faces, key=lambda face: face.area, reverse=True)


def _small(image: Image.Image) -> Image.Image:
    """In grey, never enlarged."""
    scale = min(1.0, LOOKED_AT / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # From 4000x3000 10 ms; without the gap 58, and turning it first 42.
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0).convert("L")


def _cascade() -> Path | None:
    spec = find_spec("cv2")
    folders = (spec.submodule_search_locations if spec else None) or ()
    return next((path for folder in folders if (path := Path(folder, CASCADE)).is_file()), None)
