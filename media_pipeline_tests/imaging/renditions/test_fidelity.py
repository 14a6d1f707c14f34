"""Renditions against Pillow's plain path: everything decoded at full size, converted and scaled by Lanczos."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageFilter, ImageOps

from media_pipeline.imaging.renditions.drawing import decoded, draw
from media_pipeline.model import PictureFormat, Recipe, RenditionKind
from media_pipeline_tests.imaging import formats, samples
from media_pipeline_tests.imaging.drawing import drawn, path_of, pixels, ssim
from media_pipeline_tests.imaging.samples import RED, near


def scene(width: int, height: int) -> Image.Image:
    """Soft shapes of several sizes with some grain, as photographs have."""
    coarse = formats.noise(40, 30, 1).resize((width, height), Image.Resampling.BICUBIC)
    fine = formats.noise(width // 8, height // 8, 2).resize((width, height), Image.Resampling.BICUBIC)
    return Image.blend(coarse, fine, 0.3).filter(ImageFilter.GaussianBlur(0.7))


WRITTEN = {
    PictureFormat.JPEG: {"quality": 85, "progressive": True},
    PictureFormat.WEBP: {"quality": 85, "method": 4},
    PictureFormat.AVIF: {"quality": 85},
}


def written(picture: Image.Image, chosen: PictureFormat, **options: object) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, chosen.upper(), **(options or WRITTEN[chosen]))
    with Image.open(out) as image:
        return image.convert("RGB")


LARGE = [pytest.param(size, marks=pytest.mark.slow) for size in ((4000, 3000), (3000, 4000))]


@pytest.mark.parametrize("size", [(1440, 1080), (2400, 1800), *LARGE])
def test_a_rendition_looks_like_the_plain_path(tmp_path: Path, size: tuple[int, int]) -> None:
    """As drawn, then as written by each format: what a format loses, it loses of the plain path too."""
    path = tmp_path / "a.jpg"
    scene(*size).save(path, quality=95)
    with Image.open(path) as image:
        share = 960 / max(size)
        plain = image.resize((round(size[0] * share), round(size[1] * share)), Image.Resampling.LANCZOS)
        square = ImageOps.fit(image, (300, 300), Image.Resampling.LANCZOS)
    thumbnail = Recipe(RenditionKind.THUMBNAIL, 300, 80)
    for chosen in PictureFormat:
        recipe = Recipe(RenditionKind.OPTIMIZED, 960, 85, format=chosen)
        pictures = {
            made.recipe: made.picture
            for made in draw(decoded(path, "image/jpeg", (recipe, thumbnail)), (recipe, thumbnail))
        }
        assert ssim(pictures[recipe], plain) >= 0.99
        assert ssim(pictures[thumbnail], square) >= 0.99
        files = drawn(path, recipes=(recipe, thumbnail))
        if chosen is PictureFormat.JPEG:
            assert ssim(pixels(files["optimized"]), written(plain, chosen)) >= 0.98
        assert ssim(pixels(files["optimized"]), plain) >= ssim(written(plain, chosen), plain) - 0.01
        as_webp = written(square, PictureFormat.WEBP, quality=80, method=4)
        assert ssim(pixels(files["thumbnail"]), square) >= ssim(as_webp, square) - 0.01


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_picture_looks_like_the_plain_path(tmp_path: Path, orientation: int) -> None:
    path = samples.save_jpeg(
        tmp_path / "a.jpg", samples.stored_turned(scene(2000, 1500), orientation), orientation, subsampling=0
    )
    file = drawn(path, recipes=(Recipe(RenditionKind.OPTIMIZED, 800, 85),))["optimized"]
    assert ssim(pixels(file), scene(2000, 1500).resize((800, 600), Image.Resampling.LANCZOS)) >= 0.98


def display_p3() -> bytes:
    """A profile with the primaries of Display P3 (SMPTE EG 432-1, white D65) in place of sRGB's."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {b"rXYZ": (0.51512, 0.2412, -0.00105), b"gXYZ": (0.29198, 0.69225, 0.04189)}
    primaries[b"bXYZ"] = (0.1571, 0.06657, 0.78407)
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        name, start = bytes(profile[at : at + 4]), int.from_bytes(profile[at + 4 : at + 8], "big")
        if name in primaries:
            values = b"".join(round(value * 65536).to_bytes(4, "big", signed=True) for value in primaries[name])
            profile[start + 8 : start + 20] = values
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "P3P3".encode("utf-16-be"))


def test_display_p3_becomes_srgb(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    # The P3 values of sRGB's (200, 60, 40).
    Image.new("RGB", (64, 64), (185, 72, 51)).save(path, icc_profile=display_p3(), compress_level=0)
    for file in drawn(path, "image/png").values():
        assert near(pixels(file).getpixel((32, 32)), (200, 60, 40), 5)


def test_grey_with_alpha_lies_on_white(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.merge("LA", (Image.new("L", (64, 64), 100), Image.new("L", (64, 64), 128))).save(path)
    for file in drawn(path, "image/png").values():
        assert near(pixels(file).getpixel((32, 32)), (177, 177, 177), 3)


def test_cmyk_goes_through_its_inks(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (64, 64), (0, 255, 255, 0)).save(path, quality=95)
    for file in drawn(path).values():
        assert near(pixels(file).getpixel((32, 32)), RED)


@pytest.mark.parametrize("chosen", list(PictureFormat))
def test_every_format_keeps_colours_and_drops_metadata(tmp_path: Path, chosen: PictureFormat) -> None:
    path = tmp_path / "a.jpg"
    samples.corner_picture(2000, 1000).save(path, exif=samples.camera_exif(), quality=95)
    file = drawn(path, recipes=(Recipe(RenditionKind.OPTIMIZED, 640, 85, format=chosen),))["optimized"]
    assert (file.mime_type, path_of(file).suffix) == (f"image/{chosen}", ".jpg" if chosen == "jpeg" else f".{chosen}")
    with Image.open(path_of(file)) as image:
        assert image.format.lower() == chosen
        assert not {"exif", "icc_profile", "xmp"} & set(image.info)
    assert near(pixels(file).getpixel((20, 20)), RED, 16)
