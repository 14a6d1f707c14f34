"""The same picture has the same fingerprint, however it is stored; others have others."""

from __future__ import annotations

import hashlib
import os
from dataclasses import astuple
from pathlib import Path
from typing import Any

import av
import numpy as np
import pdqhash
import pytest
from PIL import Image, ImageCms, ImageDraw

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.facts import fingerprint as module
from media_pipeline.imaging.facts import video_fingerprint as video_module
from media_pipeline.imaging.facts.fingerprint import fingerprint, pdq, pixel_sha256
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.imaging.facts.video_fingerprint import video_fingerprint
from media_pipeline.imaging.videos import bright_frame_at
from media_pipeline_tests.ids import telling
from media_pipeline_tests.imaging import samples
from media_pipeline_tests.imaging.copies import COPIES, grouped, photograph, score

CORPUS = Path(os.environ.get("MEDIA_TEST_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus") / "media"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS.parent}; set MEDIA_TEST_CORPUS")
RECALL = {
    "brightened by 30%": 0.8,  # what is clipped is lost
    "cropped by 2%": 0.9,
    "cropped by 5%": 0.0,  # moves half of what PDQ looks at: it isn't made for that
    "captioned": 0.8,
}
"""At least; all of any other kind of copy."""


def _transparent(picture: Image.Image) -> Image.Image:
    copy = picture.convert("RGBA")
    copy.putalpha(Image.linear_gradient("L").resize(picture.size))
    return copy


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA"])
def test_the_same_pixels_have_the_same_digest_in_every_lossless_format(mode: str, tmp_path: Path) -> None:
    picture = photograph(1, (123, 77))
    picture = _transparent(picture) if mode == "RGBA" else picture.convert(mode)
    formats = {"png": {}, "tiff": {"compression": "tiff_lzw"}, "bmp": {}, "webp": {"lossless": True, "exact": True}}
    digests = set()
    if mode == "RGBA":
        formats.pop("bmp")  # Pillow doesn't read the alpha that it writes
    for suffix, options in formats.items():
        saved = picture if suffix != "webp" or mode in ("RGB", "RGBA") else picture.convert("RGB")
        saved.save(tmp_path / f"a.{suffix}", **options)
        digests.add(read_facts(tmp_path / f"a.{suffix}", f"image/{suffix}").pixel_sha256)
    assert digests == {pixel_sha256(picture)}


def test_the_digest_is_what_its_description_says() -> None:
    picture = photograph(2, (50, 40))
    assert pixel_sha256(picture) == hashlib.sha256(b"50x40 RGB\n" + picture.tobytes()).hexdigest()
    clear = _transparent(picture)
    clear.putpixel((0, 0), (200, 100, 50, 0))
    pixels = np.array(clear)
    pixels[pixels[..., 3] == 0] = 0
    assert pixel_sha256(clear) == hashlib.sha256(b"50x40 RGBA\n" + pixels.tobytes()).hexdigest()


def test_an_alpha_channel_counts_only_when_something_shows_through() -> None:
    picture = photograph(3, (60, 60))
    opaque = picture.convert("RGBA")
    assert pixel_sha256(opaque) == pixel_sha256(picture)
    red, green, blue = np.asarray(picture)[59, 59].tolist()
    opaque.putpixel((59, 59), (red, green, blue, 254))
    assert pixel_sha256(opaque) != pixel_sha256(picture)


def test_what_cannot_be_seen_makes_no_difference() -> None:
    one, other = (Image.new("RGBA", (8, 8), (*colour, 0)) for colour in (samples.RED, samples.BLUE))
    assert pixel_sha256(one) == pixel_sha256(other)


def test_size_and_every_single_pixel_count() -> None:
    blue = Image.new("RGB", (20, 10), samples.BLUE)
    touched = blue.copy()
    touched.putpixel((19, 9), (0, 0, 254))
    digests = {pixel_sha256(picture) for picture in (blue, blue.transpose(Image.Transpose.ROTATE_90), touched)}
    assert len(digests) == 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_the_upright_one(orientation: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRIP_PIXELS", 700)
    picture = photograph(4, (230, 170))
    exif = Image.Exif()
    exif[274] = orientation
    samples.stored_turned(picture, orientation).save(tmp_path / "a.png", exif=exif)
    found = read_facts(tmp_path / "a.png", "image/png")
    expected = pdq(picture)
    assert found.pixel_sha256 == pixel_sha256(picture)
    assert (int(found.pdq or "", 16) ^ int(expected.hash, 16)).bit_count() <= 8


def test_the_digest_does_not_depend_on_the_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, profile = _transparent(photograph(5, (200, 301))), samples.swapped_profile()
    whole = pixel_sha256(picture, 6), pixel_sha256(picture, 1, profile)
    monkeypatch.setattr(module, "STRIP_PIXELS", 1)
    monkeypatch.setattr(module, "PROFILED_STRIP_PIXELS", 3000)
    assert (pixel_sha256(picture, 6), pixel_sha256(picture, 1, profile)) == whole


def test_colours_are_compared_in_srgb() -> None:
    red = Image.new("RGB", (30, 30), samples.RED)
    swapped = Image.new("RGB", (30, 30), samples.BLUE)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert pixel_sha256(red, profile=srgb) == pixel_sha256(red)
    assert pixel_sha256(swapped, profile=samples.swapped_profile()) != pixel_sha256(swapped)
    assert pixel_sha256(red, profile=b"no profile") == pixel_sha256(red)


@pytest.mark.parametrize("mode", ["I;16", "I", "F", "CMYK", "YCbCr", "LA", "PA", "HSV", "LAB"])
def test_every_mode_has_a_fingerprint(mode: str) -> None:
    source = photograph(6, (90, 60))
    picture = source.convert("L").convert(mode) if mode in ("I;16", "I", "F") else source.convert(mode)
    found = fingerprint(picture)
    assert len(found.pixel_sha256) == len(found.pdq) == 64


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    frames = [photograph(seed, (64, 48)) for seed in (7, 8)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    found = read_facts(tmp_path / "a.png", "image/png")
    assert (found.pixel_sha256, found.pdq, found.pdq_quality) == astuple(fingerprint(frames[0]))


def test_what_is_no_picture_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no picture")
    with pytest.raises(UnreadableMedia):
        read_facts(tmp_path / "a", "image/png")
    with pytest.raises(UnreadableMedia):
        video_fingerprint(tmp_path / "a")


def test_pdq_is_near_the_reference_librarys_of_the_full_picture() -> None:
    for seed in range(8):
        picture = photograph(seed)
        bits, quality = pdqhash.compute(np.asarray(picture))
        found = pdq(picture)
        reference = int("".join(str(bit) for bit in bits), 2)
        assert (int(found.hash, 16) ^ reference).bit_count() <= 24
        assert abs(found.quality - quality) <= 5


def test_a_picture_with_nothing_in_it_has_no_quality() -> None:
    blank = pdq(Image.new("RGB", (300, 200), "white"))
    assert blank.quality < 50
    assert len(blank.hash) == 64
    assert pdq(photograph(1)).quality == 100


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 2), (64, 64)])
def test_pictures_of_any_shape_have_a_fingerprint(size: tuple[int, int]) -> None:
    assert 0 <= fingerprint(Image.new("RGB", size, "red")).pdq_quality <= 100


def test_copies_are_grouped_and_others_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    originals = [photograph(seed, (400, 300)) for seed in range(24)]
    scores = [score(kind, originals) for kind in COPIES]
    with capsys.disabled():
        print("\npictures made here:", *scores, sep="\n  ")
    assert all(found.recall >= RECALL.get(found.kind, 1.0) for found in scores)
    assert all(found.precision == 1.0 for found in scores)


def test_different_pictures_are_never_grouped() -> None:
    assert grouped([pdq(photograph(seed, (160, 120))) for seed in range(150)]) == []


@needs_corpus
def test_copies_of_real_photographs_are_grouped_and_others_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    originals = [Image.open(path).convert("RGB") for path in sorted((CORPUS / "dup_base").glob("*.jpg"))]
    scores = [score(kind, originals) for kind in COPIES]
    with capsys.disabled():
        print("\nreal photographs:", *scores, sep="\n  ")
    assert all(found.recall >= RECALL.get(found.kind, 1.0) for found in scores)
    assert all(found.precision == 1.0 for found in scores)


@needs_corpus
def test_all_orientations_of_the_corpus_are_the_same_upright_picture() -> None:
    # Each was encoded by itself, so that pixels differ a little.
    prints = [read_facts(path, "image/jpeg") for path in sorted(CORPUS.glob("orientation/Landscape_*.jpg"))]
    assert len(prints) == 9
    hashes = [int(found.pdq or "", 16) for found in prints]
    assert max((one ^ other).bit_count() for one in hashes for other in hashes) <= 12


def _film(path: Path, seconds: int, rate: int = 10, **options: str) -> Path:
    """Another photograph each second, and a spot that moves."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(seconds * rate):
            container.mux(stream.encode(av.VideoFrame.from_image(_scene(number / rate))))
        container.mux(stream.encode(None))
    return path


def _scene(seconds: float) -> Image.Image:
    picture = photograph(int(seconds), (160, 120))
    x = round(seconds % 1 * 120)
    ImageDraw.Draw(picture).ellipse((x, 50, x + 8, 58), "yellow")
    return picture


def test_a_video_of_a_frame_a_second_has_as_many_hashes(tmp_path: Path) -> None:
    found = video_fingerprint(_film(tmp_path / "a.mp4", 8, rate=1, bf="3")).seconds
    assert [hashed.second for hashed in found] == list(range(8))


@pytest.mark.parametrize("options", [{}, {"g": "7"}, {"g": "1000", "bf": "3"}, {"g": "1", "bf": "0"}], ids=telling)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_video_has_a_hash_for_each_second(suffix: str, options: dict[str, Any], tmp_path: Path) -> None:
    found = video_fingerprint(_film(tmp_path / f"a.{suffix}", 6, **options)).seconds
    assert [hashed.second for hashed in found] == list(range(6))
    for hashed in found:
        expected = pdq(_scene(hashed.second))
        assert (int(hashed.pdq, 16) ^ int(expected.hash, 16)).bit_count() <= 31
        assert hashed.pdq_quality >= 50


def test_a_turned_video_is_seen_upright(tmp_path: Path) -> None:
    path = _film(tmp_path / "a.mp4", 1)
    samples.turn_video(path)
    expected = pdq(bright_frame_at(path, 0.0))
    assert (int(video_fingerprint(path).seconds[0].pdq, 16) ^ int(expected.hash, 16)).bit_count() <= 12


def test_only_the_first_ten_minutes_of_a_video_count(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(620):
            container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    found = video_fingerprint(path).seconds
    assert [hashed.second for hashed in found] == list(range(600))


def test_of_a_video_that_is_cut_what_can_be_decoded_counts(tmp_path: Path) -> None:
    whole = _film(tmp_path / "a.mkv", 6, g="10")
    cut = tmp_path / "b.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found = video_fingerprint(cut).seconds
    assert 1 <= len(found) < 6
    assert found == video_fingerprint(whole).seconds[: len(found)]


def test_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match="no video"):
        video_fingerprint(samples.save_sound(tmp_path / "a.wav"))


def test_of_a_video_of_great_size_only_key_frames_are_decoded_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_module, "MAX_DECODED_PIXELS", 1)
    found = video_fingerprint(_film(tmp_path / "a.mp4", 6, g="20", sc_threshold="0")).seconds
    assert [hashed.second for hashed in found] == [0, 2, 4]
    for hashed in found:
        expected = pdq(_scene(hashed.second))
        assert (int(hashed.pdq, 16) ^ int(expected.hash, 16)).bit_count() <= 31
