"""Truncated pictures: what there is of them, if that is half."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.workers import RenditionTask, Workers
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import formats
from media_pipeline_tests.imaging.drawing import drawn, pixels, ssim
from media_pipeline_tests.imaging.samples import OPTIMIZED, RECIPES

FORMATS = {
    "image/jpeg": {"format": "JPEG", "quality": 90},
    "image/png": {"format": "PNG"},
    "image/tiff": {"format": "TIFF"},
    "image/bmp": {"format": "BMP"},
    "image/gif": {"format": "GIF"},
}


def cut(path: Path, mime_type: str, share: float, **options: object) -> Path:
    formats.noise(400, 400).save(path, **{**FORMATS[mime_type], **options})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("mime_type", FORMATS)
def test_most_of_a_picture_becomes_a_partial_rendition(tmp_path: Path, mime_type: str) -> None:
    files = drawn(cut(tmp_path / "a", mime_type, 0.8), mime_type)
    assert set(files) == {"optimized", "thumbnail"}
    for file in files.values():
        assert file.partial
        assert not file.stands_in
    there = (0, 100, 400, 400) if mime_type == "image/bmp" else (0, 0, 400, 300)
    assert ssim(pixels(files["optimized"]).crop(there), formats.noise(400, 400).crop(there)) > 0.6


@pytest.mark.parametrize("mime_type", FORMATS)
def test_less_than_half_of_a_picture_becomes_no_rendition(tmp_path: Path, mime_type: str) -> None:
    with pytest.raises(UnreadableMedia, match=r"(?i)truncated"):
        drawn(cut(tmp_path / "a", mime_type, 0.3), mime_type)
    assert list((tmp_path / "renditions").iterdir()) == []


def test_a_progressive_jpeg_shows_all_of_itself_with_less_detail(tmp_path: Path) -> None:
    file = drawn(cut(tmp_path / "a.jpg", "image/jpeg", 0.6, progressive=True), recipes=(OPTIMIZED,))["optimized"]
    assert file.partial
    assert np.asarray(pixels(file).crop((0, 380, 400, 400)).convert("L")).max() > 100


@pytest.mark.parametrize(("share", "is_shown"), [(0.9, True), (0.4, False)])
def test_of_an_interlaced_picture_its_pixels_count(tmp_path: Path, share: float, is_shown: bool) -> None:
    path = cut(tmp_path / "a.gif", "image/gif", share, interlace=1)
    if is_shown:
        assert drawn(path, "image/gif", (OPTIMIZED,))["optimized"].partial
    else:
        with pytest.raises(UnreadableMedia):
            drawn(path, "image/gif")


def test_a_whole_picture_is_not_partial(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    formats.noise(400, 400).save(path, quality=95)
    assert not any(file.partial for file in drawn(path).values())


def test_the_next_file_of_the_same_worker_is_held_to_its_end_again(tmp_path: Path) -> None:
    partial, refused = cut(tmp_path / "a.jpg", "image/jpeg", 0.8), cut(tmp_path / "b.jpg", "image/jpeg", 0.2)
    with Workers(Settings(media_image_workers=1)) as workers:
        tasks = [RenditionTask(str(n), p, "image/jpeg", RECIPES, tmp_path) for n, p in enumerate((partial, refused))]
        results = {task.key: result for task, result in workers.map_renditions(tasks)}
    assert isinstance(results["0"], list)
    assert not isinstance(results["1"], list)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_picture_of_one_colour_says_nothing_of_where_it_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    Image.new("RGB", (100, 100), "red").save(path)
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(UnreadableMedia):
        drawn(path, "image/bmp")
