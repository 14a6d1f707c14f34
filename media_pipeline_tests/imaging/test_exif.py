"""Camera, time and place from EXIF, and the dump of every tag."""

from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.facts.exif import MAX_TOTAL_CHARACTERS, MAX_VALUE_CHARACTERS
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.model import FileFacts
from media_pipeline_tests.imaging import samples

NOT_A_NUMBER = IFDRational(33, 0)
"""As some telephones write a place that they don't know."""


def facts_of(folder: Path, exif: Image.Exif, suffix: str = "jpg") -> FileFacts:
    pillow_heif.register_heif_opener()
    path = folder / f"a.{suffix}"
    samples.corner_picture().save(path, exif=exif)
    return read_facts(path, {"jpg": "image/jpeg"}.get(suffix, f"image/{suffix}"))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "heic"])
def test_camera_time_and_place_are_read(tmp_path: Path, suffix: str) -> None:
    facts = facts_of(tmp_path, samples.camera_exif(), suffix)
    assert (facts.camera_make, facts.camera_model) == ("Maker", "Model 7")
    assert facts.taken_at == "2024-05-06T07:08:09"
    assert facts.latitude == pytest.approx(-33.51)
    assert facts.longitude == pytest.approx(-70.25)
    assert facts.warnings == ()
    tags = json.loads(json.dumps(dict(facts.exif or {})))
    assert tags["Image Make"] == "Maker"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif", "heic"])
def test_lens_software_and_altitude_are_read(tmp_path: Path, suffix: str) -> None:
    exif = samples.camera_exif(lens="50mm f/1.8", software="1.2.3", altitude=(12.5, b"\x00"), colour_space=1)
    facts = facts_of(tmp_path, exif, suffix)
    assert (facts.lens, facts.software, facts.altitude) == ("50mm f/1.8", "1.2.3", 12.5)
    assert facts.colour_profile in ("sRGB", "BT.709")


@pytest.mark.parametrize(
    ("ratio", "reference", "metres"),
    [(3.5, b"\x01", -3.5), (8848.0, b"\x00", 8848.0), (1e9, b"\x00", None), (NOT_A_NUMBER, b"\x00", None)],
)
def test_altitude_has_the_sign_of_its_reference(
    tmp_path: Path, ratio: Any, reference: bytes, metres: float | None
) -> None:
    assert facts_of(tmp_path, samples.camera_exif(altitude=(ratio, reference))).altitude == metres


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_the_orientation_is_kept_beside_the_size_as_seen(tmp_path: Path, orientation: int) -> None:
    exif = samples.camera_exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert facts_of(tmp_path, exif).orientation == orientation
    assert facts_of(tmp_path, samples.camera_exif()).orientation is None


def test_text_that_is_not_utf_8_is_read_as_windows_writes_it(tmp_path: Path) -> None:
    exif = samples.camera_exif()
    exif[ExifTags.Base.Model] = b"Mod\xe8le"
    assert facts_of(tmp_path, exif).camera_model == "Modèle"


def test_forged_counts_and_chains_of_directories_come_to_an_end(tmp_path: Path) -> None:
    entries = b"".join(struct.pack("<HHII", 0x010F + n, 2, 0xFFFFFFF0, 8) for n in range(200))
    for following in (8, 9, 10):
        block = b"II*\0" + struct.pack("<IH", 8, 200) + entries + struct.pack("<I", following)
        path = tmp_path / "a.jpg"
        samples.corner_picture().save(path, exif=b"Exif\0\0" + block)
        assert read_facts(path, "image/jpeg").width == 400
    tiff = tmp_path / "a.tif"
    samples.corner_picture().save(tiff)
    content = bytearray(tiff.read_bytes())
    chain = b"".join(struct.pack("<HI", 0, len(content) + 6 * (n + 1)) for n in range(200_000))
    (directory,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, directory)
    struct.pack_into("<I", content, directory + 2 + 12 * count, len(content))
    tiff.write_bytes(content + chain)
    with contextlib.suppress(UnreadableMedia):
        read_facts(tiff, "image/tiff")


def test_a_huge_block_is_read_in_its_beginning_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    samples.corner_picture().save(path, exif=samples.camera_exif().tobytes() + bytes(5_000_000))
    facts = read_facts(path, "image/png")
    assert facts.camera_make == "Maker"
    assert "5,000," in facts.warnings[0]


def test_a_tiff_is_its_own_exif(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, samples.camera_exif(), "tiff")
    assert (facts.camera_make, facts.taken_at) == ("Maker", "2024-05-06T09:00:00")


def test_an_offset_is_appended_only_where_the_file_names_one(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, samples.camera_exif(offset="+02:00"))
    assert facts.taken_at == "2024-05-06T07:08:09+02:00"
    facts = facts_of(tmp_path, samples.camera_exif(offset="   :  "))
    assert facts.taken_at == "2024-05-06T07:08:09"


@pytest.mark.parametrize("unset", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2024:13:45 07:08:09", "yesterday"])
def test_an_unset_time_gives_way_to_the_next_tag(tmp_path: Path, unset: str) -> None:
    assert facts_of(tmp_path, samples.camera_exif(original=unset)).taken_at == "2024-05-06T09:00:00"
    exif = samples.camera_exif(original=unset)
    exif[ExifTags.Base.DateTime] = unset
    assert facts_of(tmp_path, exif).taken_at is None


@pytest.mark.parametrize("place", [(95.0, 0.0, 0.0), (NOT_A_NUMBER, 0.0, 0.0), (33.0, NOT_A_NUMBER, 1.0)])
def test_an_impossible_place_is_none(tmp_path: Path, place: tuple[Any, Any, Any]) -> None:
    facts = facts_of(tmp_path, samples.camera_exif(latitude=place))
    assert (facts.latitude, facts.longitude) == (None, None), "half a place is none"
    assert any(warning.startswith("GPS: ") for warning in facts.warnings)


_PLACE = {
    ExifTags.GPS.GPSLatitudeRef: "S",
    ExifTags.GPS.GPSLatitude: (33.0, 30.0, 36.0),
    ExifTags.GPS.GPSLongitudeRef: "W",
    ExifTags.GPS.GPSLongitude: (70.0, 15.0, 0.0),
}
_ZEROS = {ExifTags.GPS.GPSLatitude: (0.0, 0.0, 0.0), ExifTags.GPS.GPSLongitude: (0.0, 0.0, 0.0)}


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (_PLACE | _ZEROS, "0° 0°"),
        (_ZEROS, "0° 0°"),
        ({tag: value for tag, value in _PLACE.items() if tag != ExifTags.GPS.GPSLatitudeRef}, "which side"),
        ({tag: value for tag, value in _PLACE.items() if tag != ExifTags.GPS.GPSLongitudeRef}, "which side"),
        (_PLACE | {ExifTags.GPS.GPSLatitudeRef: " "}, "which side"),
        (_PLACE | {ExifTags.GPS.GPSLongitudeRef: "N"}, "which side"),
        ({tag: value for tag, value in _PLACE.items() if tag != ExifTags.GPS.GPSLatitude}, "no latitude or no"),
    ],
)
def test_gps_that_names_no_place_is_none_and_a_warning_says_why(
    tmp_path: Path, place: dict[ExifTags.GPS, Any], why: str
) -> None:
    exif = samples.camera_exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps.clear()
    gps.update({int(tag): value for tag, value in place.items()})
    facts = facts_of(tmp_path, exif)
    assert (facts.latitude, facts.longitude) == (None, None)
    (warning,) = (warning for warning in facts.warnings if warning.startswith("GPS: "))
    assert why in warning


@pytest.mark.parametrize(
    ("latitude", "longitude"), [((0.0, 0.0, 0.0), (6.0, 0.0, 0.0)), ((51.0, 0.0, 0.0), (0.0, 0.0, 0.0))]
)
def test_places_on_the_equator_and_on_greenwich_are_places(
    tmp_path: Path, latitude: tuple[float, ...], longitude: tuple[float, ...]
) -> None:
    facts = facts_of(tmp_path, samples.camera_exif(latitude=latitude, longitude=longitude))
    assert (facts.latitude, facts.longitude) == (-latitude[0], -longitude[0])
    assert facts.warnings == ()


def test_the_dump_is_bounded(tmp_path: Path) -> None:
    exif = samples.camera_exif()
    exif[ExifTags.Base.ImageDescription] = "x" * 20_000
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"\x01" * 10_000
    facts = facts_of(tmp_path, exif)
    tags = dict(facts.exif or {})
    assert len(str(tags["Image ImageDescription"])) <= MAX_VALUE_CHARACTERS
    assert not any("MakerNote" in name for name in tags)
    assert len(json.dumps(tags)) < MAX_TOTAL_CHARACTERS


def test_nul_and_controls_never_reach_the_catalogue(tmp_path: Path) -> None:
    exif = samples.camera_exif()
    exif[ExifTags.Base.Make] = "Ma\x01ker\0\0"
    facts = facts_of(tmp_path, exif)
    assert facts.camera_make == "Maker"
    assert "\\u0000" not in json.dumps(dict(facts.exif or {}))


def test_a_picture_without_exif_has_none_and_no_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    samples.corner_picture().save(path)
    facts = read_facts(path, "image/png")
    assert (facts.exif, facts.taken_at, facts.warnings) == (None, None, ())
