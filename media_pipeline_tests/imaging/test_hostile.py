"""Broken and hostile files: whatever they hold, each ends in facts or in a named failure, and costs itself alone."""

from __future__ import annotations

import json
import math
import socket
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from media_pipeline.imaging.workers import FactsTask, FailureKind, Workers, WorkFailure
from media_pipeline.model import FileFacts
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import samples
from media_pipeline_tests.imaging.formats import FORMATS
from media_pipeline_tests.imaging.mutations import mutated

MEMORY_MB = 1000
FEW, MANY = 12, 500
NAMED = {FailureKind.UNREADABLE, FailureKind.TRUNCATED, FailureKind.CRASH}
"""A crash is named too; a time-out is not expected of any of these."""


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    settings = Settings(media_image_workers=2, media_image_timeout_seconds=60, media_image_memory_mb=MEMORY_MB)
    with Workers(settings) as running:
        yield running


def read_mutations(workers: Workers, folder: Path, name: str, count: int) -> Counter[str]:
    """How so many mutations of a format end; the first seeds are the same for any count."""
    mime_type, content = FORMATS[name][0], FORMATS[name][1]()
    endings: Counter[str] = Counter()
    for task, result in workers.map_facts(tasks(folder, mime_type, content, count)):
        endings[check(task, result)] += 1
        task.path.unlink()
    return endings


def tasks(folder: Path, mime_type: str, content: bytes, count: int) -> Iterator[FactsTask]:
    for seed in range(count):
        path = folder / str(seed)
        path.write_bytes(mutated(content, seed))
        yield FactsTask(str(seed), path, mime_type)


def check(task: FactsTask, result: FileFacts | WorkFailure) -> str:
    """The word for how it ended."""
    if isinstance(result, WorkFailure):
        assert result.kind in NAMED, (task.key, result)
        assert 0 < len(result.error) <= 500, (task.key, result)
        return result.kind
    for name, value in values_of(asdict(result)):
        if isinstance(value, float):
            assert math.isfinite(value), (task.key, name, value)
        elif isinstance(value, int):
            assert -(2**31) <= value < 2**31, (task.key, name, value)
        elif isinstance(value, str):
            value.encode()
            assert "\0" not in value, (task.key, name, value)
    json.dumps(dict(result.exif or {}), allow_nan=False)
    return "truncated" if result.truncated else "facts"


def values_of(facts: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The columns' values; the tags of EXIF are JSON, where numbers may be large."""
    for name, value in facts.items():
        if name == "seconds":
            for second in value:
                yield from values_of(second)
        elif isinstance(value, tuple):
            for text in value:
                yield name, text
        elif name != "exif":
            yield name, value


def read(workers: Workers, path: Path, mime_type: str) -> FileFacts | WorkFailure:
    [(_, result)] = workers.map_facts([FactsTask("key", path, mime_type)])
    return result


def test_a_picture_of_100_megapixels_passes_with_the_default_limits(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.linear_gradient("L").resize((10_000, 10_000)).convert("LA").convert("RGBA").save(path, compress_level=1)
    with Workers(Settings(media_image_workers=1)) as workers:
        facts = read(workers, path, "image/png")
    assert isinstance(facts, FileFacts)
    assert (facts.width, facts.warnings) == (10_000, ())
    assert facts.pixel_sha256
    assert facts.pdq


def test_the_number_of_pixels_is_a_setting(tmp_path: Path) -> None:
    Image.new("L", (1001, 1000)).save(tmp_path / "a.png")
    Image.new("L", (1000, 1000)).save(tmp_path / "b.png")
    with Workers(Settings(media_image_workers=1, media_max_image_pixels=1_000_000)) as workers:
        refused, passed = (read(workers, tmp_path / name, "image/png") for name in ("a.png", "b.png"))
    assert isinstance(refused, WorkFailure)
    assert refused.kind is FailureKind.UNREADABLE
    assert "MEDIA_MAX_IMAGE_PIXELS" in refused.error
    assert isinstance(passed, FileFacts)


def test_a_picture_that_needs_more_memory_than_there_is_costs_itself(tmp_path: Path) -> None:
    Image.new("RGB", (13_000, 13_000)).save(tmp_path / "large.png", compress_level=1)
    Image.new("RGB", (130, 130)).save(tmp_path / "small.png")
    with Workers(Settings(media_image_workers=1, media_image_memory_mb=500)) as workers:
        refused, passed = (read(workers, tmp_path / name, "image/png") for name in ("large.png", "small.png"))
    assert isinstance(refused, WorkFailure)
    assert refused.blames_file
    assert "MEDIA_IMAGE_MEMORY_MB" in refused.error
    assert isinstance(passed, FileFacts)


@pytest.mark.parametrize("kind", ["text", "compressed text", "colour profile"])
def test_chunks_of_a_png_that_unfold_without_end_are_refused(workers: Workers, tmp_path: Path, kind: str) -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    chunk = {
        "text": (b"tEXt", b"Comment\0" + b"x" * 70_000_000),
        "compressed text": (b"zTXt", b"Comment\0\0" + bomb),
        "colour profile": (b"iCCP", b"name\0\0" + bomb),
    }[kind]
    content = FORMATS["png"][1]()
    path = tmp_path / "a.png"
    path.write_bytes(content[:33] + png_chunk(*chunk) + content[33:])
    result = read(workers, path, "image/png")
    assert isinstance(result, WorkFailure)
    assert result.kind is FailureKind.UNREADABLE
    assert isinstance(read(workers, written(tmp_path / "b.png", content), "image/png"), FileFacts)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


LISTS = {
    "concat": "ffconcat version 1.0\nfile '{secret}'\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{secret}\n#EXT-X-ENDLIST\n",
    "hls of an address": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{address}\n#EXT-X-ENDLIST\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1" bandwidth="1"><BaseURL>{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n",
}


@pytest.mark.parametrize("mime_type", ["video/mp4", "video/mp2t", "audio/mpeg"])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_in_the_guise_of_a_video_opens_nothing(
    workers: Workers, tmp_path: Path, name: str, mime_type: str
) -> None:
    secret = samples.save_video(tmp_path / "secret.mp4")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        text = LISTS[name].format(secret=secret, address=f"http://127.0.0.1:{port}/a.ts", port=port)
        result = read(workers, written(tmp_path / "a.mp4", text.encode()), mime_type)
        assert isinstance(result, WorkFailure)
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("name", FORMATS)
def test_mutations_end_in_facts_or_a_named_failure(workers: Workers, tmp_path: Path, name: str) -> None:
    endings = read_mutations(workers, tmp_path, name, FEW)
    assert endings.total() == FEW


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_many_mutations_end_in_facts_or_a_named_failure(workers: Workers, tmp_path: Path, name: str) -> None:
    endings = read_mutations(workers, tmp_path, name, MANY)
    assert endings.total() == MANY
    print(f"\n{name:30} {dict(endings)}")
