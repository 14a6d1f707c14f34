"""Which part of a picture a thumbnail shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media_pipeline.imaging.renditions.cropping import square
from media_pipeline.model import Crop, Recipe, RenditionKind
from media_pipeline_tests.imaging import formats
from media_pipeline_tests.imaging.drawing import drawn, pixels


def busy_at(size: tuple[int, int], place: tuple[int, int], side: int = 200) -> Image.Image:
    picture = Image.new("RGB", size, (90, 120, 150))
    picture.paste(formats.noise(side, side), place)
    return picture


@pytest.mark.parametrize("start", [0, 300, 800])
def test_attention_shows_what_is_busiest(start: int) -> None:
    for size, place in (((1000, 300), (start, 50)), ((300, 1000), (50, start))):
        left, top, right, bottom = square(busy_at(size, place), Crop.ATTENTION)
        first, last = (left, right) if size[0] > size[1] else (top, bottom)
        assert first <= start + 10
        assert last >= start + 190


@pytest.mark.parametrize("size", [(900, 300), (300, 900), (300, 300), (3000, 5), (1, 1)])
def test_a_picture_without_anything_busy_is_cropped_at_its_centre(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "white")
    centre, attention = square(picture, Crop.CENTRE), square(picture, Crop.ATTENTION)
    assert attention == pytest.approx(centre, abs=max(size) / 40)


def test_a_square_lies_within_the_picture() -> None:
    for size in ((997, 311), (311, 997), (64, 63), (2, 1)):
        left, top, right, bottom = square(formats.noise(*size), Crop.ATTENTION)
        assert (left >= 0, top >= 0, right <= size[0], bottom <= size[1]) == (True,) * 4
        assert right - left == bottom - top == min(size)


def test_the_setting_reaches_the_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    busy_at((1200, 300), (1000, 50)).save(path)
    thumbnails = {
        crop: pixels(drawn(path, "image/png", (Recipe(RenditionKind.THUMBNAIL, 150, 80, crop=crop),))["thumbnail"])
        for crop in Crop
    }
    contrast = {crop: np.ptp(np.asarray(picture.convert("L"), int)) for crop, picture in thumbnails.items()}
    assert contrast[Crop.ATTENTION] > 100 > contrast[Crop.CENTRE]
