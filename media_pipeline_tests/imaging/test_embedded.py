"""A video or a gain map inside a picture's file is a fact, there or cut off, and a whole video can be played."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.imaging.renditions.recipes import recipes_for, recipes_from
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline.model import EmbeddedFile, FileFacts, RenditionKind
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import motion_photos, samples
from media_pipeline_tests.imaging.formats import noise, saved, video
from media_pipeline_tests.imaging.playing import boxes_of, frames

RECIPES = recipes_from(Settings())
KINDS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "google": ("image/jpeg", motion_photos.google),
    "google in elements": ("image/jpeg", motion_photos.google_in_elements),
    "micro video": ("image/jpeg", motion_photos.micro_video),
    "with a gain map": ("image/jpeg", motion_photos.with_gain_map),
    "samsung": ("image/jpeg", motion_photos.samsung),
    "heic": ("image/heic", motion_photos.heic),
    "heic with the video behind it": ("image/heic", motion_photos.heic_with_video_behind),
}


@functools.cache
def footage(container: str = "mp4") -> bytes:
    return video(container, seconds=1)


def facts_of(folder: Path, content: bytes, mime_type: str) -> FileFacts:
    path = folder / "a"
    path.write_bytes(content)
    return read_facts(path, mime_type)


@pytest.mark.parametrize("name", KINDS)
def test_the_video_of_a_motion_photo_is_found_and_plays(tmp_path: Path, name: str) -> None:
    mime_type, make = KINDS[name]
    content = make(footage())
    facts = facts_of(tmp_path, content, mime_type)
    assert facts.motion_photo == EmbeddedFile(content.index(footage()), len(footage()), is_there=True)
    assert (facts.width, facts.truncated, facts.warnings) == (160, None, ())
    (recipe,) = (recipe for recipe in recipes_for(mime_type, RECIPES, 1, True) if recipe.kind == RenditionKind.MOTION)
    (made,) = render(tmp_path / "a", mime_type, (recipe,), tmp_path)
    assert (made.mime_type, made.width, made.height, made.stands_in) == ("video/mp4", 160, 96, False)
    assert made.path is not None
    assert len(frames(made.path)) == 10
    assert boxes_of(made.path).index(b"moov") < boxes_of(made.path).index(b"mdat"), "browsers begin before the end"
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a", made.path])


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("lost", [0.3, 0.9, 1])
def test_a_motion_photo_whose_video_is_cut_off_is_whole_and_says_so(tmp_path: Path, name: str, lost: float) -> None:
    mime_type, make = KINDS[name]
    content, start = make(footage()), make(footage()).index(footage())
    facts = facts_of(tmp_path, content[: start + round(len(footage()) * (1 - lost))], mime_type)
    assert (facts.width, facts.truncated) == (160, None)
    assert facts.pixel_sha256
    if name == "samsung" and lost == 1:
        assert facts.motion_photo is None, "the trailer is gone, and nothing else knows of a video"
        return
    assert facts.motion_photo is not None
    assert not facts.motion_photo.is_there
    assert facts.motion_photo.offset == (start if lost < 1 or name == "heic" else None)
    assert any("cut off" in warning for warning in facts.warnings)


def test_a_picture_without_a_video_is_no_motion_photo(tmp_path: Path) -> None:
    for content in (
        saved(noise(), "JPEG"),
        saved(noise(), "JPEG") + b"\0\0\0\x18ftypheic" + bytes(16),
        saved(noise(), "JPEG", xmp=motion_photos.xmp('GCamera:MotionPhoto="0"')),
        saved(noise(), "JPEG", xmp=b"<!DOCTYPE a><a/>"),
        saved(noise(), "JPEG", comment=b"\0\0\0\x18ftypisom" + bytes(12)),
    ):
        assert facts_of(tmp_path, content, "image/jpeg").motion_photo is None


def test_a_gain_map_is_a_fact_there_or_cut_off(tmp_path: Path) -> None:
    content = samples.ultra_hdr(noise(), noise(80, 60))
    found = facts_of(tmp_path, content, "image/jpeg").gain_map
    assert found is not None
    assert found.offset is not None
    assert (found.is_there, content[found.offset : found.offset + 2]) == (True, b"\xff\xd8")
    assert found.offset + (found.length or 0) == len(content)
    cut = facts_of(tmp_path, content[: found.offset + 100], "image/jpeg")
    assert cut.gain_map == EmbeddedFile(found.offset, None, is_there=False)
    assert cut.truncated is None
    assert facts_of(tmp_path, content[: found.offset], "image/jpeg").gain_map == EmbeddedFile(None, None, False)
    with_both = facts_of(tmp_path, motion_photos.with_gain_map(footage()), "image/jpeg")
    assert with_both.gain_map is not None
    assert with_both.gain_map.is_there
    assert with_both.motion_photo is not None


def test_the_halves_of_a_live_photo_have_the_same_identifier(tmp_path: Path) -> None:
    picture = facts_of(tmp_path, motion_photos.live_picture(), "image/jpeg")
    movie = facts_of(tmp_path, motion_photos.live_video(footage("mov")), "video/quicktime")
    assert picture.content_identifier == movie.content_identifier == motion_photos.IDENTIFIER
    assert facts_of(tmp_path, saved(noise(), "JPEG"), "image/jpeg").content_identifier is None
