"""Thumbnails by ``attention`` keep faces first, where the detector is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from PIL import ExifTags, Image, ImageDraw, ImageFilter

from media_pipeline.imaging.pictures import upright
from media_pipeline.imaging.renditions import faces
from media_pipeline.imaging.renditions.cropping import Box, square
from media_pipeline.imaging.renditions.recipes import recipes_for, recipes_from
from media_pipeline.imaging.workers import RenditionTask, Workers
from media_pipeline.model import Crop, Recipe, RenditionKind
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import formats
from media_pipeline_tests.imaging.drawing import drawn, pixels

SKY = (110, 110, 110)
SIZE = (1200, 400)


def a_face(side: int) -> Image.Image:
    """From the front, in grey, as a child would shade it."""
    picture = Image.new("L", (side, side), SKY[0])
    draw = ImageDraw.Draw(picture)

    def oval(x: float, y: float, width: float, height: float, tone: int) -> None:
        corners = (x - width, y - height, x + width, y + height)
        draw.ellipse(tuple(side * corner / 100 for corner in corners), fill=tone)

    oval(50, 52, 33, 44, 205)
    draw.chord(tuple(side * corner / 100 for corner in (17, 4, 83, 70)), 200, 340, fill=50)
    for x in (36, 64):
        oval(x, 41, 10, 3, 70)
        oval(x, 48, 9, 5, 120)
        oval(x, 48, 4, 4, 30)
    draw.polygon([(side * x / 100, side * y / 100) for x, y in ((50, 48), (44, 66), (56, 66))], fill=225)
    oval(46, 66, 2.5, 1.5, 120)
    oval(54, 66, 2.5, 1.5, 120)
    oval(50, 78, 13, 4, 110)
    return picture.filter(ImageFilter.GaussianBlur(side / 77)).convert("RGB")


def scene(*places: tuple[int, int, int]) -> Image.Image:
    """Faces (left, top, side) before a sky, and at the left something much busier."""
    picture = Image.new("RGB", SIZE, SKY)
    picture.paste(formats.noise(8, 12).resize((250, 400), Image.Resampling.NEAREST), (0, 0))
    for left, top, side in places:
        picture.paste(a_face(side), (left, top))
    return picture


def holds(box: Box, left: int, side: int) -> bool:
    return box[0] <= left + side * 0.15 and left + side * 0.85 <= box[2]


@pytest.mark.parametrize("left", [300, 600, 950])
def test_a_face_is_kept_rather_than_what_is_busier(left: int) -> None:
    picture = scene((left, 100, 200))
    assert holds(square(picture, Crop.FACES), left, 200)
    assert not holds(square(picture, Crop.ATTENTION), left, 200)


def test_a_face_is_in_the_middle_of_the_square_where_the_picture_goes_on() -> None:
    left, _, right, _ = square(scene((600, 100, 200)), Crop.FACES)
    assert (left + right) / 2 == pytest.approx(700, abs=20)


def test_of_two_faces_that_do_not_fit_together_the_larger_one_is_kept() -> None:
    assert holds(square(scene((300, 150, 120), (950, 100, 200)), Crop.FACES), 950, 200)
    assert holds(square(scene((300, 100, 200), (1000, 150, 120)), Crop.FACES), 300, 200)


def test_two_faces_that_fit_are_both_kept() -> None:
    box = square(scene((600, 120, 160), (790, 120, 160)), Crop.FACES)
    assert holds(box, 600, 160)
    assert holds(box, 790, 160)


def busy(picture: Image.Image, left: int) -> Image.Image:
    """A strip of something busy above and below what may be a face."""
    for top in (0, 350):
        picture.paste(formats.noise(40, 10).resize((200, 50), Image.Resampling.NEAREST), (left, top))
    return picture


@pytest.mark.parametrize("busier", [100, 900])
def test_of_two_faces_of_a_size_the_one_in_the_busier_part_is_kept(busier: int) -> None:
    picture = Image.new("RGB", SIZE, SKY)
    for left in (100, 900):
        picture.paste(a_face(200), (left, 100))
    assert holds(square(busy(picture, busier), Crop.FACES), busier, 200)


@pytest.mark.parametrize("alone", [20, 1020])
def test_two_faces_together_are_kept_rather_than_one_alone_that_is_hardly_larger(alone: int) -> None:
    picture = Image.new("RGB", SIZE, SKY)
    for left, side in ((alone, 172), (430, 160), (610, 160)):
        picture.paste(a_face(side), (left, 110))
    box = square(busy(picture, alone - 20), Crop.FACES)
    assert holds(box, 430, 160)
    assert holds(box, 610, 160)


def test_without_a_face_the_busiest_part_is_kept() -> None:
    picture = scene()
    assert square(picture, Crop.FACES) == square(picture, Crop.ATTENTION)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("turned", [False, True], ids=["wide", "tall"])
def test_a_face_is_found_whichever_way_the_picture_is_stored(orientation: int, turned: bool) -> None:
    seen = Image.new("RGB", (400, 1200) if turned else SIZE, SKY)
    place = (100, 800) if turned else (800, 100)
    seen.paste(a_face(200), place)
    stored = (
        next(
            candidate
            for candidate in (seen.transpose(way) for way in Image.Transpose)
            if upright(candidate, orientation) == seen
        )
        if orientation > 1
        else seen
    )
    shown = upright(stored.crop(square(stored, Crop.FACES, orientation)), orientation)
    assert shown.size == (400, 400)
    (face,) = faces.faces_in(shown)
    assert face.right - face.left == pytest.approx(0.45, abs=0.1)


def test_a_camera_held_on_its_side_does_not_hide_a_face(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    scene((900, 100, 200)).transpose(Image.Transpose.ROTATE_90).save(path, quality=95, exif=exif)
    recipe = Recipe(RenditionKind.THUMBNAIL, 300, 80, crop=Crop.FACES)
    assert len(faces.faces_in(pixels(drawn(path, recipes=(recipe,))["thumbnail"]))) == 1


@pytest.mark.parametrize("size", [(2000, 1), (1, 3000), (5000, 20), (2, 1)])
def test_strips_too_thin_for_a_face_are_cropped_as_before(size: tuple[int, int]) -> None:
    picture = formats.noise(*size)
    assert square(picture, Crop.FACES) == square(picture, Crop.ATTENTION)


@pytest.mark.parametrize("error", [MemoryError(), cv2.error("Insufficient memory")], ids=["memory", "opencv"])
def test_a_detector_that_fails_costs_only_the_face(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def detectMultiScale(self, *_: object, **__: object) -> None:
            raise error

    monkeypatch.setattr(faces, "detector", Failing)
    picture = scene((900, 100, 200))
    assert square(picture, Crop.FACES) == square(picture, Crop.ATTENTION)


def test_a_worker_with_little_memory_left_sees_faces(tmp_path: Path) -> None:
    """Importing OpenCV within 50 MB fails, within 250 MB it ends the process."""
    path = tmp_path / "a.png"
    picture = scene((900, 100, 200))
    picture.save(path)
    code = f"""
from PIL import Image
from media_pipeline.imaging.limits import Limits
from media_pipeline.imaging.processes import begin
from media_pipeline.imaging.renditions.cropping import square
from media_pipeline.model import Crop
begin(Limits(10**8, 50_000_000), looks_for_faces=True)
print(square(Image.open({str(path)!r}), Crop.FACES))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, str(square(picture, Crop.FACES))), ended.stderr


def test_a_worker_draws_the_thumbnail_of_a_face_within_its_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    scene((900, 100, 200)).save(path, quality=95)
    settings = Settings(media_thumbnail_crop="attention", media_image_memory_mb=500, media_image_workers=1)
    recipes = recipes_for("image/jpeg", recipes_from(settings))
    with Workers(settings) as workers:
        ((_, made),) = workers.map_renditions([RenditionTask("a", path, "image/jpeg", recipes, tmp_path)])
    assert isinstance(made, list)
    (thumbnail,) = (file for file in made if file.kind is RenditionKind.THUMBNAIL)
    assert "faces" in thumbnail.recipe
    assert len(faces.faces_in(pixels(thumbnail))) == 1


def test_without_opencv_attention_is_the_busiest_part_under_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(media_thumbnail_crop="attention")
    crops = {recipe.crop for recipe in recipes_from(settings) if recipe.kind is RenditionKind.THUMBNAIL}
    monkeypatch.setitem(sys.modules, "cv2", None)
    without = {recipe.crop for recipe in recipes_from(settings) if recipe.kind is RenditionKind.THUMBNAIL}
    assert (crops, without) == ({Crop.FACES}, {Crop.ATTENTION})


def test_an_opencv_without_the_detector_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cv2" / "data").mkdir(parents=True)
    (tmp_path / "cv2" / "__init__.py").write_text("")
    monkeypatch.delitem(sys.modules, "cv2")
    assert faces.can_be_seen()
    monkeypatch.syspath_prepend(tmp_path)
    assert not faces.can_be_seen()


def test_no_opencv_is_imported_for_centred_thumbnails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert square(scene((900, 100, 200)), Crop.CENTRE) == (400, 0, 800, 400)
    assert square(scene((900, 100, 200)), Crop.ATTENTION)[0] < 100
