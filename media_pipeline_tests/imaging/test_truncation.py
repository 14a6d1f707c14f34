"""A file whose end is missing is found, in every format; a whole one, whatever hangs on its end, is not."""

from __future__ import annotations

import io
import random
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from media_pipeline.imaging.facts import read_facts
from media_pipeline_tests.imaging import samples

pillow_heif.register_heif_opener()


def _noise(width: int = 160, height: int = 120) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((width, height), 60 + 20 * channel) for channel in range(3)])


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _animation(kind: str) -> bytes:
    frames = [_noise() for _ in range(4)]
    return _saved(frames[0], kind, save_all=True, append_images=frames[1:])


def _tiles(compression: str | None) -> bytes:
    return _saved(_noise(), "TIFF", compression=compression, dpi=(72, 72), software="tests")


def _video(container: str, codec: str = "libx264", **options: str) -> bytes:
    # By name: to put its index in front, ffmpeg opens the file a second time.
    with tempfile.NamedTemporaryFile() as file, av.open(file.name, "w", format=container, options=options) as target:
        stream = target.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for _ in range(40):
            target.mux(stream.encode(av.VideoFrame.from_image(_noise(160, 96))))
        target.mux(stream.encode(None))
        target.close()
        return Path(file.name).read_bytes()


def _sound(container: str, codec: str, rate: int = 44100, **options: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options) as target:
        stream = target.add_stream(codec, rate=rate)
        for _ in range(60):
            tones = (np.random.default_rng(1).random((1, 4410)) * 20000 - 10000).astype("int16")
            frame = av.AudioFrame.from_ndarray(tones, format="s16", layout="mono")
            frame.sample_rate = rate
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def _pdf() -> bytes:
    return _saved(_noise(), "PDF", save_all=True, append_images=[_noise()])


WHOLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", lambda: _saved(_noise(), "JPEG")),
    "progressive jpeg": ("image/jpeg", lambda: _saved(_noise(), "JPEG", progressive=True)),
    "jpeg with restarts": ("image/jpeg", lambda: _saved(_noise(), "JPEG", restart_marker_rows=1)),
    "large jpeg": ("image/jpeg", lambda: _saved(_noise(900, 700), "JPEG", quality=97)),
    "jpeg of one colour": ("image/jpeg", lambda: _saved(Image.new("RGB", (64, 48), "red"), "JPEG")),
    "png": ("image/png", lambda: _saved(_noise(), "PNG")),
    "animated png": ("image/png", lambda: _animation("PNG")),
    "gif": ("image/gif", lambda: _saved(_noise(), "GIF")),
    "animated gif": ("image/gif", lambda: _animation("GIF")),
    "webp": ("image/webp", lambda: _saved(_noise(), "WEBP")),
    "lossless webp": ("image/webp", lambda: _saved(_noise(), "WEBP", lossless=True)),
    "animated webp": ("image/webp", lambda: _animation("WEBP")),
    "avif": ("image/avif", lambda: _saved(_noise(), "AVIF")),
    "animated avif": ("image/avif", lambda: _animation("AVIF")),
    "heic": ("image/heic", lambda: _saved(_noise(), "HEIF")),
    "tiff": ("image/tiff", lambda: _tiles(None)),
    "lzw tiff": ("image/tiff", lambda: _tiles("tiff_lzw")),
    "tiff of two pages": ("image/tiff", lambda: _animation("TIFF")),
    "bmp": ("image/bmp", lambda: _saved(_noise(), "BMP")),
    "ppm": ("image/x-portable-pixmap", lambda: _saved(_noise(), "PPM")),
    "mp4": ("video/mp4", lambda: _video("mp4")),
    "mp4 with its index in front": ("video/mp4", lambda: _video("mp4", movflags="faststart")),
    "fragmented mp4": ("video/mp4", lambda: _video("mp4", movflags="frag_keyframe+empty_moov", min_frag_duration="1")),
    "fragmented mp4 with an index": (
        "video/mp4",
        lambda: _video("mp4", movflags="frag_every_frame+empty_moov+default_base_moof+global_sidx"),
    ),
    "mov": ("video/quicktime", lambda: _video("mov")),
    "3gp": ("video/3gpp", lambda: _video("3gp", "mpeg4")),
    "webm": ("video/webm", lambda: _video("webm", "libvpx")),
    "live webm": ("video/webm", lambda: _video("webm", "libvpx", live="1")),
    "mkv": ("video/x-matroska", lambda: _video("matroska")),
    "avi": ("video/x-msvideo", lambda: _video("avi", "mpeg4")),
    "m4a": ("audio/mp4", lambda: _sound("ipod", "aac")),
    "mp3": ("audio/mpeg", lambda: _sound("mp3", "libmp3lame")),
    "mp3 without a count": ("audio/mpeg", lambda: _sound("mp3", "libmp3lame", write_xing="0", id3v2_version="0")),
    "ogg": ("audio/ogg", lambda: _sound("ogg", "libopus", 48000)),
    "wav": ("audio/wav", lambda: _sound("wav", "pcm_s16le")),
    "pdf": ("application/pdf", _pdf),
}
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
    path = folder / "a"
    path.write_bytes(content)
    return read_facts(path, mime_type).truncated


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_whole(tmp_path: Path, contents: dict[str, bytes], name: str) -> None:
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
    gain_map = _saved(_noise(), "MPO", save_all=True, append_images=[_noise(80, 60)])
    assert _truncated(tmp_path, gain_map, "image/jpeg") is None
    assert _truncated(tmp_path, gain_map[:-500], "image/jpeg") is None, "platforms cut it off on purpose"
    for name in ("png", "gif", "webp", "mp4", "mp3", "pdf"):
        for appended in (bytes(100), b"\r\n", b"SEFHe\0\0\0 and a trailer of a telephone"):
            assert _truncated(tmp_path, _content(contents, name) + appended, WHOLE[name][0]) is None, name


def test_a_thumbnail_in_the_exif_is_not_taken_for_the_picture(tmp_path: Path, contents: dict[str, bytes]) -> None:
    exif = samples.camera_exif().tobytes() + _saved(_noise(80, 60), "JPEG")
    picture = _saved(_noise(), "JPEG", exif=exif)
    assert _truncated(tmp_path, picture, "image/jpeg") is None
    assert _truncated(tmp_path, picture[:-20], "image/jpeg")


def test_a_video_of_full_length_with_zeros_at_its_end_is_truncated(tmp_path: Path, contents: dict[str, bytes]) -> None:
    content = _content(contents, "mp4 with its index in front")
    lost = len(content) // 4
    assert "last frame" in str(_truncated(tmp_path, content[:-lost] + bytes(lost), "video/mp4"))


def test_half_a_picture_still_says_what_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    samples.save_jpeg(path, _noise(400, 300), orientation=6)
    path.write_bytes(path.read_bytes()[:-2000])
    facts = read_facts(path, "image/jpeg")
    assert (facts.width, facts.height) == (300, 400)
    assert facts.truncated
    assert "Image Orientation" in (facts.exif or {})


def test_a_file_of_which_nothing_can_be_read_says_so(tmp_path: Path, contents: dict[str, bytes]) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(_content(contents, "mp4")[:2000])
    facts = read_facts(path, "video/mp4")
    assert (facts.width, facts.duration) == (None, None)
    assert "nothing can be read" in facts.warnings[0]


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
