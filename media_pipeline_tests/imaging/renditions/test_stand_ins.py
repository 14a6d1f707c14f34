"""A rendition is never larger than an original of the same size: then the original stands for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from media_pipeline.model import PictureFormat, Recipe, RenditionKind
from media_pipeline_tests.imaging import formats, samples
from media_pipeline_tests.imaging.drawing import drawn, pixels
from media_pipeline_tests.imaging.samples import OPTIMIZED, RED, near


@pytest.mark.parametrize("quality", [20, 50, 80, 95])
@pytest.mark.parametrize("chosen", list(PictureFormat))
def test_what_is_shown_is_never_larger_than_the_original(tmp_path: Path, quality: int, chosen: PictureFormat) -> None:
    path = tmp_path / "a.jpg"
    formats.noise(320, 240).save(path, quality=quality)
    file = drawn(path, recipes=(Recipe(RenditionKind.OPTIMIZED, 1920, 85, format=chosen),))["optimized"]
    assert file.file_size <= path.stat().st_size
    assert file.stands_in == (file.path is None)
    assert file.stands_in or file.file_size == file.path.stat().st_size


def test_what_is_said_of_an_original_that_stands_in_is_true(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    formats.noise(320, 240).save(path, quality=30)
    files = drawn(path)
    file = files["optimized"]
    assert file.stands_in
    assert (file.width, file.height, file.mime_type) == (320, 240, "image/jpeg")
    assert (file.file_size, file.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert not files["thumbnail"].stands_in


def test_a_picture_that_is_turned_is_made(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / "a.jpg"
    samples.stored_turned(formats.noise(320, 240), 6).save(path, quality=10, exif=exif)
    assert pixels(drawn(path)["optimized"]).size == (320, 240)


def test_a_picture_that_is_scaled_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    formats.noise(2400, 1200).save(path, quality=10)
    assert pixels(drawn(path, recipes=(OPTIMIZED,))["optimized"]).size == (1920, 960)


def test_what_browsers_do_not_show_or_show_otherwise_is_made(tmp_path: Path) -> None:
    flat = Image.new("RGB", (200, 200), RED)
    makers = {
        "image/tiff": lambda path: flat.save(path, "TIFF", compression="tiff_deflate"),
        "image/jp2": lambda path: flat.save(path, "JPEG2000"),
        "image/png": lambda path: Image.new("RGBA", (200, 200), (*RED, 255)).save(path, "PNG"),
        "image/jpeg": lambda path: Image.new("CMYK", (200, 200), (0, 255, 255, 0)).save(path, "JPEG", quality=10),
        "image/gif": lambda path: flat.save(
            path, "GIF", save_all=True, append_images=[Image.new("RGB", (200, 200), "blue")]
        ),
    }
    for mime_type, save in makers.items():
        path = tmp_path / "original"
        save(path)
        file = drawn(path, mime_type, (OPTIMIZED,))["optimized"]
        assert not file.stands_in, mime_type
        assert near(pixels(file).getpixel((100, 100)), RED)
