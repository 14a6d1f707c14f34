"""A file whose end is missing is found, in every format; a whole one, whatever hangs on its end, is not."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from media_pipeline.imaging.errors import TooManyPixels, TruncatedMedia
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline_tests.imaging import samples
from media_pipeline_tests.imaging.formats import WHOLE, noise, saved

MEASURES: dict[str, Callable[[int], int]] = {
    "30%": lambda size: size * 30 // 100,
    "60%": lambda size: size * 60 // 100,
    "95%": lambda size: size * 95 // 100,
    "all but 20 bytes": lambda size: size - 20,
}


@pytest.fixture(scope="module")
def contents() -> dict[str, bytes]:
    """What was made by now: each once."""
    return {}


def _content(contents: dict[str, bytes], name: str) -> bytes:
    if name not in contents:
        contents[name] = WHOLE[name][1]()
    return contents[name]


def _truncated(folder: Path, content: bytes, mime_type: str) -> str | None:
    """How its end is missing, also where nothing can be decoded for that."""
    path = folder / "a"
    path.write_bytes(content)
    try:
        return read_facts(path, mime_type).truncated
    except TruncatedMedia as error:
        return str(error)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_not_called_truncated(tmp_path: Path, contents: dict[str, bytes], name: str) -> None:
    assert _truncated(tmp_path, _content(contents, name), WHOLE[name][0]) is None


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_was_cut_is_truncated(tmp_path: Path, contents: dict[str, bytes], name: str, measure: str) -> None:
    content = _content(contents, name)
    found = _truncated(tmp_path, content[: MEASURES[measure](len(content))], WHOLE[name][0])
    assert found
    assert "\n" not in found


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg", "large jpeg", "png", "gif", "animated gif", "mkv"])
def test_a_cut_is_found_wherever_it_is(tmp_path: Path, contents: dict[str, bytes], name: str) -> None:
    content = _content(contents, name)
    chosen = random.Random(7)
    for cut in [*range(16, 60), *(chosen.randrange(60, len(content)) for _ in range(40)), len(content) - 1]:
        assert _truncated(tmp_path, content[:cut], WHOLE[name][0]), cut


def test_what_hangs_on_the_end_of_a_picture_does_not_make_it_truncated(
    tmp_path: Path, contents: dict[str, bytes]
) -> None:
    motion = _content(contents, "jpeg") + _content(contents, "mp4")
    assert _truncated(tmp_path, motion, "image/jpeg") is None
    assert _truncated(tmp_path, motion[:-500], "image/jpeg") is None
    gain_map = saved(noise(), "MPO", save_all=True, append_images=[noise(80, 60)])
    assert _truncated(tmp_path, gain_map, "image/jpeg") is None
    assert _truncated(tmp_path, gain_map[:-500], "image/jpeg") is None, "platforms cut it off on purpose"
    for name in ("png", "gif", "webp", "mp4", "mp3", "pdf"):
        for appended in (bytes(100), b"\r\n", b"SEFHe\0\0\0 and a trailer of a telephone"):
            assert _truncated(tmp_path, _content(contents, name) + appended, WHOLE[name][0]) is None, name


def test_a_thumbnail_in_the_exif_is_not_taken_for_the_picture(tmp_path: Path, contents: dict[str, bytes]) -> None:
    exif = samples.camera_exif().tobytes() + saved(noise(80, 60), "JPEG")
    picture = saved(noise(), "JPEG", exif=exif)
    assert _truncated(tmp_path, picture, "image/jpeg") is None
    assert _truncated(tmp_path, picture[:-20], "image/jpeg")


def test_a_video_of_full_length_with_zeros_at_its_end_is_truncated(tmp_path: Path, contents: dict[str, bytes]) -> None:
    content = _content(contents, "mp4 with its index in front")
    lost = len(content) // 4
    assert "last frame" in str(_truncated(tmp_path, content[:-lost] + bytes(lost), "video/mp4"))


def test_half_a_picture_still_says_what_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    samples.save_jpeg(path, noise(400, 300), orientation=6)
    path.write_bytes(path.read_bytes()[:-2000])
    facts = read_facts(path, "image/jpeg")
    assert (facts.width, facts.height) == (300, 400)
    assert facts.truncated
    assert "Image Orientation" in (facts.exif or {})


@pytest.mark.parametrize(
    ("name", "share"), [("mp4", 0.5), ("heic", 0.5), ("avif", 0.9), ("webp", 0.5), ("jpeg", 0.03), ("png", 0.001)]
)
def test_a_truncated_file_of_which_nothing_can_be_decoded_has_no_facts(
    tmp_path: Path, contents: dict[str, bytes], name: str, share: float
) -> None:
    path = tmp_path / "a"
    content = _content(contents, name)
    path.write_bytes(content[: max(60, int(len(content) * share))])
    with pytest.raises(TruncatedMedia, match="nothing of what there is can be decoded"):
        read_facts(path, WHOLE[name][0])


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "JPEG", "TIFF"])
def test_too_many_pixels_are_refused_also_where_the_end_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 80 * 60 // 2 - 1)
    path = tmp_path / "a"
    content = saved(noise(80, 60), kind)
    for length in (len(content), len(content) * 9 // 10):
        path.write_bytes(content[:length])
        with pytest.raises(TooManyPixels):
            read_facts(path, f"image/{kind.lower()}")


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\xff\xff\xff\xff",
        b"II*\0" + b"\xff" * 40,
        b"II*\0" + struct.pack("<IHHHII", 8, 1, 273, 4, 2**32 - 1, 8),
        b"\x1a\x45\xdf\xa3" + b"\xff" * 40,
        b"OggS" + bytes(23),
        b"ID3\4\0\0\x7f\x7f\x7f\x7f",
        struct.pack(">I4sI4s", 1, b"moov", 0, b"\xff\xff\xff\xff"),
        struct.pack(">I4s", 8, b"sidx"),
        struct.pack(">I4sQ", 1, b"mdat", 2**63 + 5),
        b"GIF89a" + b"\xff" * 8,
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 8,
        b"\xff\xd8\xff",
        b"",
    ],
)
def test_no_bytes_make_the_look_at_the_end_fail(tmp_path: Path, content: bytes) -> None:
    from media_pipeline.imaging.endings.structure import missing_end

    path = tmp_path / "a"
    path.write_bytes(content)
    for mime_type in {mime_type for mime_type, _ in WHOLE.values()}:
        assert missing_end(path, mime_type) is None or content
