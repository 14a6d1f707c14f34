"""What files say about themselves, and that broken ones say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageCms

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.facts import picture_facts
from media_pipeline.imaging.facts.fingerprint import fingerprint
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.imaging.videos import bright_frame_at
from media_pipeline_tests.imaging import samples
from media_pipeline_tests.imaging.copies import photograph
from media_pipeline_tests.imaging.formats import FORMATS, video, video_with_sound


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_the_size_as_seen(tmp_path: Path, orientation: int) -> None:
    stored = samples.stored_turned(samples.corner_picture(400, 300), orientation)
    facts = read_facts(samples.save_jpeg(tmp_path / "a.jpg", stored, orientation), "image/jpeg")
    assert (facts.width, facts.height, facts.frames) == (400, 300, 1)
    assert facts.warnings == ()


@pytest.mark.parametrize(("kind", "mime_type"), [("TIFF", "image/tiff"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_turned_picture_of_any_format_has_its_size_as_seen(tmp_path: Path, kind: str, mime_type: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / "a"
    Image.new("RGB", (40, 30)).save(path, kind, exif=exif)
    facts = read_facts(path, mime_type)
    assert (facts.width, facts.height) == (30, 40)


@pytest.mark.parametrize(("suffix", "mime_type"), [("gif", "image/gif"), ("webp", "image/webp"), ("png", "image/png")])
def test_frames_of_an_animation_are_counted(tmp_path: Path, suffix: str, mime_type: str) -> None:
    pictures = [Image.new("RGB", (40, 30), (shade, 0, 0)) for shade in (0, 100, 200)]
    path = tmp_path / f"a.{suffix}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    facts = read_facts(path, mime_type)
    assert (facts.width, facts.height, facts.frames) == (40, 30, 3)
    assert facts.duration == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("suffix", "mime_type", "place"), [("png", "image/png", 60), ("png", "image/png", 2000), ("webp", "image/webp", 20)]
)
def test_a_picture_whose_data_is_broken_is_unreadable(tmp_path: Path, suffix: str, mime_type: str, place: int) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.effect_noise((300, 300), 80).convert("RGB").save(path)
    content = bytearray(path.read_bytes())
    content[place : place + 20] = b"\xff" * 20
    path.write_bytes(content)
    with pytest.raises(UnreadableMedia, match=r"\w"):
        read_facts(path, mime_type)


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match="pixels"):
        read_facts(samples.png_bomb(tmp_path / "bomb.png"), "image/png")
    with pytest.raises(UnreadableMedia, match="pixels"):
        read_facts(samples.png_bomb(tmp_path / "just.png", 17_901, 10_000), "image/png")


@pytest.mark.parametrize("mime_type", ["image/jpeg", "image/heic", "video/mp4", "audio/mpeg", "application/pdf"])
def test_text_under_any_type_is_unreadable(tmp_path: Path, mime_type: str) -> None:
    path = tmp_path / "page"
    path.write_text("<html>please log in</html>" * 50)
    with pytest.raises(UnreadableMedia) as caught:
        read_facts(path, mime_type)
    assert "\n" not in str(caught.value)


def test_a_playlist_that_calls_itself_a_video_opens_nothing(tmp_path: Path) -> None:
    samples.save_video(tmp_path / "secret.mp4")
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{tmp_path / 'secret.mp4'}\n#EXT-X-ENDLIST\n")
    with pytest.raises(UnreadableMedia):
        read_facts(path, "video/mp4")


def test_a_missing_file_is_no_fault_of_the_file(tmp_path: Path) -> None:
    for mime_type in ("image/jpeg", "video/mp4", "application/pdf"):
        with pytest.raises(FileNotFoundError):
            read_facts(tmp_path / "absent", mime_type)


def test_video_has_size_duration_and_frames(tmp_path: Path) -> None:
    facts = read_facts(samples.save_video(tmp_path / "a.mp4"), "video/mp4")
    assert (facts.width, facts.height, facts.frames) == (160, 96, 40)
    assert facts.duration == pytest.approx(4.0, abs=0.11)


def test_a_video_names_its_codecs_and_whether_it_has_sound(tmp_path: Path) -> None:
    facts = read_facts(samples.save_video(tmp_path / "a.mp4"), "video/mp4")
    assert (facts.video_codec, facts.audio_codec, facts.frame_rate, facts.orientation) == ("h264", None, 10.0, 1)
    (tmp_path / "b.mkv").write_bytes(video_with_sound())
    facts = read_facts(tmp_path / "b.mkv", "video/x-matroska")
    assert (facts.video_codec, facts.audio_codec) == ("mpeg4", "aac")


def test_a_turned_video_has_its_size_as_seen(tmp_path: Path) -> None:
    path = samples.save_video(tmp_path / "a.mp4")
    samples.turn_video(path)
    facts = read_facts(path, "video/mp4")
    assert (facts.width, facts.height, facts.orientation) == (96, 160, 6)


def test_what_a_decoder_complains_about_is_kept_with_the_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    content = bytearray(video("mp4", movflags="faststart"))
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(content)
    facts = read_facts(path, "video/mp4")
    assert any("h264" in warning for warning in facts.warnings)
    assert all("\n" not in warning for warning in facts.warnings)


def test_sound_has_a_duration_and_no_size(tmp_path: Path) -> None:
    facts = read_facts(samples.save_sound(tmp_path / "a.wav", seconds=2), "audio/wav")
    assert facts.duration == pytest.approx(2.0)
    assert (facts.width, facts.height, facts.frames) == (None, None, None)


def test_the_frames_of_a_pdf_are_its_pages(tmp_path: Path) -> None:
    facts = read_facts(samples.save_pdf(tmp_path / "a.pdf", pages=3), "application/pdf")
    assert (facts.frames, facts.width, facts.height) == (3, None, None)


def test_a_picture_is_known_by_its_pixels_and_by_pdq(tmp_path: Path) -> None:
    picture = photograph(1)
    turned = samples.stored_turned(picture, 6)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    turned.save(tmp_path / "a.png", exif=exif)
    facts = read_facts(tmp_path / "a.png", "image/png")
    expected = fingerprint(picture)
    assert (facts.pixel_sha256, facts.pdq, facts.pdq_quality) == (
        expected.pixel_sha256,
        expected.pdq,
        expected.pdq_quality,
    )


def test_a_video_is_known_by_its_poster_and_its_seconds(tmp_path: Path) -> None:
    facts = read_facts(samples.save_video(tmp_path / "a.mp4"), "video/mp4")
    assert [found.second for found in facts.seconds] == [0, 1, 2, 3]
    poster = fingerprint(bright_frame_at(tmp_path / "a.mp4", 0.25))
    assert (facts.pixel_sha256, facts.pdq) == (poster.pixel_sha256, poster.pdq)


def test_a_document_is_known_by_its_first_page(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in "abc")
    photograph(1, (300, 400)).save(one, "PDF")
    photograph(1, (300, 400)).save(same, "PDF", save_all=True, append_images=[photograph(2, (300, 400))])
    photograph(3, (300, 400)).save(other, "PDF")
    found = [read_facts(path, "application/pdf") for path in (one, same, other)]
    assert found[0].pixel_sha256 == found[1].pixel_sha256 != found[2].pixel_sha256
    assert found[0].pdq == found[1].pdq != found[2].pdq


@pytest.mark.parametrize(
    ("profile", "name"), [(ImageCms.createProfile("sRGB"), "sRGB"), (ImageCms.createProfile("XYZ"), "XYZ")]
)
def test_a_colour_profile_is_named(tmp_path: Path, profile: Any, name: str) -> None:
    content = ImageCms.ImageCmsProfile(profile).tobytes()
    samples.corner_picture().save(tmp_path / "a.jpg", icc_profile=content)
    assert name in str(read_facts(tmp_path / "a.jpg", "image/jpeg").colour_profile)


@pytest.mark.parametrize("profile", [b"no profile", bytes(9_000_000)])
def test_a_colour_profile_that_cannot_be_read_is_a_warning(tmp_path: Path, profile: bytes) -> None:
    path = tmp_path / "a.webp"
    samples.corner_picture().save(path, lossless=True, icc_profile=profile)
    facts = read_facts(path, "image/webp")
    assert facts.colour_profile is None
    assert "colour profile" in facts.warnings[0]
    assert facts.pixel_sha256 == fingerprint(samples.corner_picture()).pixel_sha256


@pytest.mark.parametrize(
    ("frame_header", "bits", "reason"),
    [(0xC1, 12, "a JPEG of 12 bits a channel"), (0xC3, 14, "lossless JPEG of 14 bits")],
)
def test_a_jpeg_that_no_browser_shows_is_refused_by_its_name(
    tmp_path: Path, frame_header: int, bits: int, reason: str
) -> None:
    samples.corner_picture().save(tmp_path / "a.jpg")
    content = bytearray((tmp_path / "a.jpg").read_bytes())
    at = content.index(b"\xff\xc0")
    content[at + 1], content[at + 4] = frame_header, bits
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UnreadableMedia, match=f"{reason}.* can't be decoded"):
        read_facts(tmp_path / "a.jpg", "image/jpeg")


def test_a_gain_map_does_not_hide_the_picture(tmp_path: Path) -> None:
    for name in ("mpo", "ultra hdr jpeg"):
        (tmp_path / "a.jpg").write_bytes(FORMATS[name][1]())
        facts = read_facts(tmp_path / "a.jpg", "image/jpeg")
        assert (facts.width, facts.height, facts.warnings) == (160, 120, ())


def test_a_picture_without_a_decoder_is_kept_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.jxl").write_bytes(b"\xff\x0a" + bytes(100))
    assert "image/jxl" in read_facts(tmp_path / "a.jxl", "image/jxl").warnings[0]


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_of_a_very_long_animation_the_first_frames_are_decoded(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_facts, "MAX_FRAMES", 4)
    pictures = [Image.new("L", (8, 8), 20 * number) for number in range(8)]
    path = tmp_path / f"a.{suffix}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    facts = read_facts(path, f"image/{suffix}")
    assert facts.frames == (None if suffix == "gif" else 8)
    assert "first 4 frames" in facts.warnings[0]


def test_a_type_without_a_reader_is_kept_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    assert "application/zip" in read_facts(tmp_path / "a.bin", "application/zip").warnings[0]


def test_broken_exif_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    broken = b"Exif\0\0II*\0\x08\0\0\0" + b"\xff\xff" + b"\xde\xad\xbe\xef" * 40
    samples.corner_picture().save(path, exif=broken)
    facts = read_facts(path, "image/jpeg")
    assert (facts.width, facts.height) == (400, 300)
    assert facts.warnings
    json.dumps(dict(facts.exif or {}))


def test_sound_in_the_container_of_a_video_is_readable(tmp_path: Path) -> None:
    facts = read_facts(samples.save_sound(tmp_path / "a.mp4"), "video/mp4")
    assert (facts.duration, facts.width) == (pytest.approx(1.0), None)
