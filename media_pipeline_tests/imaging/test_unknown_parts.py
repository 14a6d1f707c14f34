"""A part that no reader knows makes no whole file a truncated or an unreadable one, and hides no cut."""

from __future__ import annotations

import functools
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from media_pipeline.fetch.sniff import SniffedType, sniff
from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline_tests.imaging.formats import noise, pdf, saved, sound, video
from media_pipeline_tests.imaging.unknown_parts import PARTS, Part, box_at

WHOLE_FILES, CUT_FILES = 300, 150
FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"


def _animation(kind: str) -> bytes:
    frames = [noise(48, 36, seed) for seed in range(3)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:])


def _picture(kind: str) -> bytes:
    return saved(noise(64, 48), kind)


_BASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", lambda: _picture("JPEG")),
    "png": ("image/png", lambda: _picture("PNG")),
    "animated png": ("image/png", lambda: _animation("PNG")),
    "animated gif": ("image/gif", lambda: _animation("GIF")),
    "webp": ("image/webp", lambda: _picture("WEBP")),
    "animated webp": ("image/webp", lambda: _animation("WEBP")),
    "tiff": ("image/tiff", lambda: _picture("TIFF")),
    "heic": ("image/heic", lambda: _picture("HEIF")),
    "avif": ("image/avif", lambda: _picture("AVIF")),
    "mp4": ("video/mp4", lambda: video("mp4", seconds=1)),
    "mp4 with its index in front": ("video/mp4", lambda: video("mp4", seconds=1, movflags="faststart")),
    "fragmented mp4": ("video/mp4", lambda: video("mp4", seconds=1, movflags=FRAGMENTED)),
    "mov": ("video/quicktime", lambda: video("mov", seconds=1)),
    "m4a": ("audio/mp4", lambda: sound("ipod", "aac")),
    "mkv": ("video/x-matroska", lambda: video("matroska", seconds=1)),
    "webm": ("video/webm", lambda: video("webm", "libvpx", seconds=1)),
    "mpeg-ts": ("video/mp2t", lambda: video("mpegts", seconds=1)),
    "mpeg-ts of 192 bytes": ("video/mp2t", lambda: video("mpegts", seconds=1, mpegts_m2ts_mode="1")),
    "mp3": ("audio/mpeg", lambda: sound("mp3", "libmp3lame")),
    "ogg": ("audio/ogg", lambda: sound("ogg", "libopus", 48000)),
    "flac": ("audio/flac", lambda: sound("flac", "flac")),
    "wav": ("audio/wav", lambda: sound("wav", "pcm_s16le")),
    "avi": ("video/x-msvideo", lambda: video("avi", "mpeg4", seconds=1)),
    "pdf": ("application/pdf", pdf),
}
BASES = {name: (mime_type, functools.cache(make)) for name, (mime_type, make) in _BASES.items()}


def chosen_files(count: int) -> list[tuple[str, int, int]]:
    """Container, number of its part, and seed: every part of every container, in turn."""
    every = [(name, number) for name, parts in PARTS.items() for number in range(len(parts))]
    return [(*every[seed % len(every)], seed) for seed in range(count)]


def _made(name: str, number: int, seed: int) -> tuple[Part, str, bytes, bytes]:
    part, (mime_type, make) = PARTS[name][number], BASES[name]
    return part, mime_type, make(), part.insert(make(), random.Random(seed))


def _ending(path: Path, content: bytes, mime_type: str) -> str | None:
    """How it is truncated, or why it can't be read; None for a whole file."""
    path.write_bytes(content)
    try:
        return read_facts(path, mime_type).truncated
    except UnreadableMedia as error:
        return f"unreadable: {error}"


@pytest.mark.parametrize("name", PARTS)
def test_a_whole_file_with_an_unknown_part_is_neither_truncated_nor_quarantined(tmp_path: Path, name: str) -> None:
    faults: dict[str, str] = {}
    for one, number, seed in chosen_files(WHOLE_FILES):
        if one != name:
            continue
        part, mime_type, _, content = _made(name, number, seed)
        found = sniff(content[:65536])
        assert isinstance(found, SniffedType)
        assert found.mime_type == mime_type, (part.insert.__name__, seed)
        if ending := _ending(tmp_path / "a", content, mime_type):
            faults[f"{part.insert.__name__} {seed}"] = ending
    assert faults == {}


@pytest.mark.parametrize("name", PARTS)
def test_a_cut_is_found_whatever_unknown_part_is_in_the_file(tmp_path: Path, name: str) -> None:
    missed: list[tuple[str, int, int]] = []
    for one, number, seed in chosen_files(CUT_FILES):
        if one != name:
            continue
        part, mime_type, base, content = _made(name, number, seed)
        # What stands behind all that the medium needs takes nothing with it.
        end = len(base) if part.is_behind else len(content)
        cut = random.Random(seed).randrange(16, end)
        if not _ending(tmp_path / "a", content[:cut], mime_type):
            missed.append((part.insert.__name__, seed, cut))
    assert missed == []


@pytest.mark.parametrize("name", ["heic", "avif"])
@pytest.mark.parametrize("kind", [b"beam", b"pdin", b"free"])
def test_a_picture_behind_an_unknown_box_is_a_picture(tmp_path: Path, name: str, kind: bytes) -> None:
    mime_type, make = BASES[name]
    content = box_at(make(), 0, struct.pack(">I4s", 20, kind) + b"of a writer!")
    found = sniff(content)
    assert isinstance(found, SniffedType)
    assert found.mime_type == mime_type
    assert _ending(tmp_path / "a", content, mime_type) is None


@pytest.mark.parametrize("name", ["heic", "avif"])
def test_a_picture_of_an_unknown_brand_is_a_picture(tmp_path: Path, name: str) -> None:
    mime_type, make = BASES[name]
    content = make()[:8] + b"wxyz" + make()[12:]
    found = sniff(content)
    assert isinstance(found, SniffedType)
    assert found.mime_type == mime_type
    assert _ending(tmp_path / "a", content, mime_type) is None
