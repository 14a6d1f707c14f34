"""What renditions and thumbnails look like, pixel by pixel."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from media_pipeline.imaging.renditions.recipes import recipes_for, recipes_from
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline.model import Crop, PictureFormat, Recipe, RenditionKind
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import samples
from media_pipeline_tests.imaging.drawing import drawn, path_of, pixels
from media_pipeline_tests.imaging.samples import BLUE, OPTIMIZED, RECIPES, RED, THUMBNAIL, WHITE, near


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    stored = samples.stored_turned(samples.corner_picture(2600, 1800), orientation)
    files = drawn(
        samples.save_jpeg(tmp_path / "a.jpg", stored, orientation),
        recipes=(Recipe(RenditionKind.OPTIMIZED, 650, 85), THUMBNAIL),
    )
    rendition, thumbnail = pixels(files["optimized"]), pixels(files["thumbnail"])
    assert rendition.size == (650, 450)
    assert thumbnail.size == (300, 300)
    assert near(rendition.getpixel((10, 10)), RED)
    assert all(near(rendition.getpixel(place), BLUE) for place in ((640, 10), (10, 440), (640, 440)))
    assert near(thumbnail.getpixel((10, 10)), RED)
    assert all(near(thumbnail.getpixel(place), BLUE) for place in ((290, 10), (10, 290), (290, 290)))


@pytest.mark.parametrize(
    "size", [(4000, 3000), (3000, 4000), (3999, 2661), (1921, 1081), (9000, 700), (1440, 1800), (40, 20)]
)
def test_the_longest_side_is_the_recipes_and_never_enlarged(tmp_path: Path, size: tuple[int, int]) -> None:
    path = samples.save_jpeg(tmp_path / "a.jpg", samples.corner_picture(*size))
    file = drawn(path, recipes=(OPTIMIZED,))["optimized"]
    share = min(1, 1920 / max(size))
    assert (file.width, file.height) == pixels(file).size == (round(size[0] * share), round(size[1] * share))


def test_a_rendition_is_a_progressive_jpeg_without_metadata(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    samples.corner_picture().save(
        path, exif=samples.camera_exif(), comment=b"secret", icc_profile=samples.swapped_profile()
    )
    files = drawn(path)
    with Image.open(path_of(files["optimized"])) as image:
        assert image.format == "JPEG"
        assert image.info.get("progressive")
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(image.info)
    with Image.open(path_of(files["thumbnail"])) as image:
        assert image.format == "WEBP"
        assert not {"exif", "icc_profile", "xmp"} & set(image.info)


def test_what_is_said_of_a_file_is_true(tmp_path: Path) -> None:
    for file in drawn(samples.save_jpeg(tmp_path / "a.jpg", samples.corner_picture())).values():
        content = path_of(file).read_bytes()
        assert file.sha256 == hashlib.sha256(content).hexdigest()
        assert file.file_size == len(content)
        assert pixels(file).size == (file.width, file.height)
    assert file.recipe == THUMBNAIL.name


def test_the_thumbnail_is_cropped_at_the_centre(tmp_path: Path) -> None:
    picture = Image.new("RGB", (1200, 400), BLUE)
    picture.paste(RED, (400, 0, 800, 400))
    thumbnail = pixels(drawn(samples.save_jpeg(tmp_path / "a.jpg", picture))["thumbnail"])
    assert thumbnail.size == (300, 300)
    assert all(near(thumbnail.getpixel(place), RED) for place in ((5, 5), (294, 5), (5, 294), (294, 294)))


def test_a_thumbnail_alone_looks_like_the_one_beside_a_rendition(tmp_path: Path) -> None:
    path = samples.save_jpeg(tmp_path / "a.jpg", samples.corner_picture(4000, 3000))
    alone, beside = drawn(path, recipes=(THUMBNAIL,))["thumbnail"], drawn(path)["thumbnail"]
    for place in ((5, 5), (20, 100), (150, 150), (290, 290)):
        assert near(pixels(alone).getpixel(place), pixels(beside).getpixel(place))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 50, 100))
    path = tmp_path / "a.png"
    (picture.quantize(4) if mode == "P" else picture.convert(mode)).save(path)
    for file in drawn(path, "image/png").values():
        image = pixels(file)
        assert near(image.getpixel((image.width - 10, 50)), WHITE)
        assert near(image.getpixel((10, 50)), (0, 0, 0))


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (100, 100), (0, 255, 255, 0)).save(path, quality=95)
    for file in drawn(path).values():
        assert near(pixels(file).getpixel((50, 50)), RED)


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("I;16", (100, 100), 128 * 257).save(path)
    for file in drawn(path, "image/png").values():
        assert near(pixels(file).getpixel((50, 50)), (128, 128, 128), 2)


@pytest.mark.parametrize("mode", ["1", "L", "P", "F", "I"])
def test_every_grey_keeps_white_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("L", (64, 64), 0)
    picture.paste(255, (32, 0, 64, 64))
    values = picture.convert("I").point(lambda value: value * 257) if mode == "I" else picture.convert(mode)
    path = tmp_path / "a.tiff"
    values.save(path)
    image = pixels(drawn(path, "image/tiff")["optimized"])
    assert near(image.getpixel((60, 32)), WHITE)
    assert near(image.getpixel((4, 32)), (0, 0, 0))


def test_colours_go_through_the_embedded_profile(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    # Uncompressed, so that a rendition is smaller.
    Image.new("RGB", (100, 100), RED).save(path, icc_profile=samples.swapped_profile(), compress_level=0)
    for file in drawn(path, "image/png").values():
        assert near(pixels(file).getpixel((50, 50)), BLUE)


@pytest.mark.parametrize("profile", [b"not a profile", samples.swapped_profile()[:200], b"\0" * 500])
def test_a_broken_profile_is_ignored(tmp_path: Path, profile: bytes) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (100, 100), RED).save(path, icc_profile=profile, compress_level=0)
    for file in drawn(path, "image/png").values():
        assert near(pixels(file).getpixel((50, 50)), RED)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_an_animation_is_shown_by_its_first_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (40, 40), RED).save(path, save_all=True, append_images=[Image.new("RGB", (40, 40), BLUE)])
    for file in drawn(path, f"image/{suffix}").values():
        assert near(pixels(file).getpixel((20, 20)), RED)


def test_a_video_gets_a_thumbnail_from_a_quarter_of_its_time(tmp_path: Path) -> None:
    files = drawn(samples.save_video(tmp_path / "a.mp4"), "video/mp4")
    assert list(files) == ["thumbnail"]
    assert near(pixels(files["thumbnail"]).getpixel((150, 150)), RED, 25)


def test_a_black_frame_gives_way_to_the_next_brighter_one(tmp_path: Path) -> None:
    black, red = Image.new("RGB", (160, 96)), Image.new("RGB", (160, 96), RED)
    path = samples.save_frames(tmp_path / "a.mp4", [black] * 30 + [red] * 10)
    assert near(pixels(drawn(path, "video/mp4")["thumbnail"]).getpixel((150, 150)), RED, 25)
    path = samples.save_frames(tmp_path / "b.mp4", [black] * 40)
    assert near(pixels(drawn(path, "video/mp4")["thumbnail"]).getpixel((150, 150)), (0, 0, 0))


def test_a_pdf_gets_a_thumbnail_and_its_whole_first_page(tmp_path: Path) -> None:
    page = Recipe(RenditionKind.PAGE, 1024, 85)
    files = drawn(samples.save_pdf(tmp_path / "a.pdf"), "application/pdf", (*RECIPES, page))
    assert set(files) == {"thumbnail", "page"}
    assert pixels(files["page"]).size == (768, 1024)
    assert near(pixels(files["page"]).getpixel((700, 1000)), RED, 25)
    assert near(pixels(files["thumbnail"]).getpixel((150, 150)), RED, 25)


def test_sound_gets_no_rendition(tmp_path: Path) -> None:
    assert drawn(samples.save_sound(tmp_path / "a.wav"), "audio/wav") == {}
    assert recipes_for("audio/wav", RECIPES) == ()
    assert recipes_for("video/mp4", RECIPES) == (THUMBNAIL,)
    assert recipes_for("image/png", RECIPES) == RECIPES


def test_every_further_size_is_made_from_the_same_decoding(tmp_path: Path) -> None:
    sizes = tuple(Recipe(RenditionKind.THUMBNAIL, size, 80) for size in (64, 300, 700))
    path = samples.save_jpeg(tmp_path / "a.jpg", samples.corner_picture(1600, 1200))
    made = render(path, "image/jpeg", sizes, tmp_path)
    assert sorted(pixels(file).size for file in made) == [(64, 64), (300, 300), (700, 700)]
    assert all(near(pixels(file).getpixel((5, 5)), RED) for file in made)


def test_recipes_come_from_the_settings() -> None:
    settings = Settings(
        media_rendition_longest_side=1000,
        media_rendition_format="webp",
        media_webp_quality=70,
        media_thumbnail_size=200,
        media_thumbnail_sizes="64, 200 512",
        media_thumbnail_crop="attention",
        media_web_videos=False,
    )
    assert recipes_from(settings) == (
        Recipe(RenditionKind.OPTIMIZED, 1000, 70, 3, PictureFormat.WEBP),
        *(Recipe(RenditionKind.THUMBNAIL, size, 80, 3, crop=Crop.FACES) for size in (64, 200, 512)),
        Recipe(RenditionKind.PAGE, 1024, 85, 2),
        Recipe(RenditionKind.ANIMATION, 1280, 23, preset="veryfast"),
        Recipe(RenditionKind.MOTION, 1280, 23, preset="veryfast", max_bitrate=8_000_000),
    )


def test_every_choice_changes_the_name_of_the_recipe() -> None:
    plain = Settings()
    choices = {
        "media_rendition_longest_side": 1000,
        "media_rendition_format": "avif",
        "media_jpeg_quality": 70,
        "media_thumbnail_size": 200,
        "media_thumbnail_crop": "attention",
        "media_web_video_longest_side": 720,
        "media_web_video_crf": 30,
        "media_web_video_preset": "slow",
        "media_web_video_max_kbit": 500,
    }
    names = {recipe.name for recipe in recipes_from(plain)}
    assert len(names) == len(recipes_from(plain))
    for name, value in choices.items():
        changed = {recipe.name for recipe in recipes_from(Settings(**{name: value}))}
        assert changed - names, name
        assert all(len(recipe) <= 64 for recipe in changed)
