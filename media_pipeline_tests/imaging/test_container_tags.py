"""Camera, time and place of videos and sound, from the tags of their containers."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from media_pipeline.imaging.facts.container_tags import tags_of
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.model import FileFacts

TAGS = {"location": "-27.5916+086.5640+8850.5/", "creation_time": "2024-05-06T07:08:09Z", "comment": "A comment"}
APPLE = {
    "com.apple.quicktime.location.ISO6709": "+33.5000-070.2500-012.5/",
    "com.apple.quicktime.creationdate": "2024-05-06T09:08:09+0200",
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.model": "iPhone 15",
    "com.apple.quicktime.software": "17.4",
    "com.apple.quicktime.description": "What is seen",
}
TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "3gp": "video/3gpp", "mkv": "video/x-matroska"}


def facts_of(folder: Path, suffix: str, tags: dict[str, str], **options: str) -> FileFacts:
    path = folder / f"a.{suffix}"
    with av.open(str(path), "w", options=options) as container:
        container.metadata.update(tags)
        stream = container.add_stream("mpeg4" if suffix == "3gp" else "libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (176, 144)))))
        container.mux(stream.encode(None))
    return read_facts(path, TYPES[suffix])


@pytest.mark.parametrize("suffix", TYPES)
def test_place_and_time_are_read(tmp_path: Path, suffix: str) -> None:
    facts = facts_of(tmp_path, suffix, TAGS)
    assert (facts.latitude, facts.longitude, facts.altitude) == pytest.approx((-27.5916, 86.564, 8850.5))
    assert facts.taken_at == "2024-05-06T07:08:09+00:00"
    assert facts.exif


def test_what_an_iphone_writes_comes_first_and_in_local_time(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, "mov", TAGS | APPLE, movflags="use_metadata_tags")
    assert (facts.latitude, facts.longitude, facts.altitude) == (33.5, -70.25, -12.5)
    assert facts.taken_at == "2024-05-06T09:08:09+02:00"
    assert (facts.camera_make, facts.camera_model, facts.software) == ("Apple", "iPhone 15", "17.4")
    assert facts.caption == "What is seen"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("+48.8577+002.295/", (48.8577, 2.295, None)),
        ("+4851.46+00217.7/", (48.8576667, 2.295, None)),
        ("-485127.72-0021742.0+35/", (-48.8577, -2.295, 35.0)),
        ("+90.0+180.0/", (90.0, 180.0, None)),
        ("+91.0+010.0/", (None, None, None)),
        ("+00.0000+000.0000+012/", (None, None, None)),
        ("+00.0000+006.0000/", (0.0, 6.0, None)),
        ("+10.0+010.0+99999999/", (10.0, 10.0, None)),
        ("somewhere", (None, None, None)),
        ("", (None, None, None)),
    ],
)
def test_places_are_read_as_iso_6709_writes_them(written: str, place: tuple[float | None, ...]) -> None:
    found = tags_of({"location": written}, {})
    assert (found.latitude, found.longitude, found.altitude) == pytest.approx(place)
    assert bool(found.warnings) == (place[0] is None and written[:1] == "+"), "a place that is none says why"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-05-06T07:08:09.000000Z", "2024-05-06T07:08:09+00:00"),
        ("2024-05-06 07:08:09", "2024-05-06T07:08:09"),
        ("2024-05-06T07:08:09-0530", "2024-05-06T07:08:09-05:30"),
        ("1904-01-01T00:00:00.000000Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("2024-13-06T07:08:09Z", None),
        ("2024", None),
    ],
)
def test_a_clock_that_nobody_set_says_nothing(written: str, moment: str | None) -> None:
    assert tags_of({"creation_time": written}, {}).taken_at == moment


def test_tags_are_bounded_and_clean() -> None:
    found = tags_of({f"tag-{number}": "x\0" * 1000 for number in range(1000)}, {})
    assert sum(len(name) + len(value) for name, value in found.tags.items()) <= 32_000
    assert not any("\0" in value for value in found.tags.values())


def test_sound_has_its_words_too(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="ipod") as container:
        container.metadata.update({"title": "A song", "date": "2024"})
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4410), "int16"), format="s16", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    facts = read_facts(path, "audio/mp4")
    assert (facts.caption, facts.taken_at, facts.audio_codec) == ("A song", None, "aac")


WORDS = {
    "cp1252": "Café à Zürich, été 2024",
    "cp1251": "Привет из Москвы",
    "shift_jis": "東京タワーからのながめ",
    "euc_kr": "서울에서 보낸 여름",
    "gb18030": "北京的春天很美丽",
}


def tagged(path: Path, encoding: str, where: str = "container") -> Path:
    """A video, or sound, whose title is written in this encoding."""
    with av.open(str(path), "w", metadata_encoding=encoding) as container:
        if path.suffix == ".mp3":
            stream: Any = container.add_stream("mp3", rate=44100)
            tone = av.AudioFrame.from_ndarray(np.zeros((1, 44100), "int16"), format="s16p", layout="mono")
            tone.sample_rate = 44100
            written = tone
        else:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
            written = av.VideoFrame.from_image(Image.new("RGB", (176, 144)))
        (container if where == "container" else stream).metadata["title"] = WORDS[encoding]
        container.mux(stream.encode(written))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("encoding", WORDS)
def test_a_title_that_is_no_utf_8_is_read_by_a_guess_and_a_warning_says_so(tmp_path: Path, encoding: str) -> None:
    facts = read_facts(tagged(tmp_path / "a.mp4", encoding), "video/mp4")
    assert facts.caption == WORDS[encoding]
    assert facts.pdq
    assert [warning for warning in facts.warnings if encoding in warning]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "mp3"])
def test_a_latin_1_title_costs_no_playable_file(tmp_path: Path, suffix: str) -> None:
    types = {"mp4": "video/mp4", "mkv": "video/x-matroska", "avi": "video/x-msvideo", "mp3": "audio/mpeg"}
    facts = read_facts(tagged(tmp_path / f"a.{suffix}", "cp1252"), types[suffix])
    assert facts.caption == WORDS["cp1252"]


def test_a_tag_of_a_stream_that_is_no_utf_8_costs_no_playable_file(tmp_path: Path) -> None:
    facts = read_facts(tagged(tmp_path / "a.mkv", "cp1252", "stream"), "video/x-matroska")
    assert facts.caption == WORDS["cp1252"]


def test_tags_in_utf_8_are_no_guess(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, "mp4", {"title": WORDS["cp1251"]})
    assert (facts.caption, [text for text in facts.warnings if "guess" in text]) == (WORDS["cp1251"], [])


def test_any_bytes_in_tags_are_read_as_something() -> None:
    chance = random.Random(1)
    for _ in range(500):
        text = chance.randbytes(chance.randrange(1, 60)).decode("utf-8", "surrogateescape")
        found = tags_of({"title": text}, {text: "x"})
        assert not any("\ud800" <= letter <= "\udfff" for letter in f"{found.caption}{found.tags}")
