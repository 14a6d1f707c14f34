"""What is broken in one place keeps its facts, and gets a rendition that is marked as partial."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.imaging.renditions.recipes import recipes_for, recipes_from
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline.model import RenderedFile
from media_pipeline.settings import Settings
from media_pipeline_tests.imaging import broken
from media_pipeline_tests.imaging.broken import animated_gif, animated_png
from media_pipeline_tests.imaging.formats import noise, saved

RECIPES = recipes_from(Settings())
LARGE, NO_SIZE = struct.pack(">II", 900, 900), bytes(8)


def made(path: Path, mime_type: str, frames: int | None) -> dict[str, RenderedFile]:
    return {file.kind: file for file in render(path, mime_type, recipes_for(mime_type, RECIPES, frames), path.parent)}


STILLS = {
    "its first frame control has another number": animated_png(0, b"fcTL", lambda body: b"\0\0\0\t" + body[4:]),
    "its first frame control is too short": animated_png(0, b"fcTL", lambda body: body[:10]),
    "its first frame is larger than the picture": animated_png(0, b"fcTL", lambda body: body[:4] + LARGE + body[12:]),
}
SHORTENED = {
    "its second frame control has another number": animated_png(1, b"fcTL", lambda body: b"\0\0\0\t" + body[4:]),
    "its third frame control is too short": animated_png(2, b"fcTL", lambda body: body[:10]),
    "its third frame has no size": animated_png(2, b"fcTL", lambda body: body[:4] + NO_SIZE + body[12:]),
    "its third frame is broken": animated_png(1, b"fdAT", lambda body: body[:4] + b"\xff" * 90 + body[94:]),
}


@pytest.mark.parametrize("name", STILLS)
def test_an_animated_png_without_a_readable_animation_is_a_still(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(STILLS[name])
    facts = read_facts(path, "image/png")
    assert (facts.width, facts.height, facts.frames, facts.truncated) == (160, 120, 1, None)
    assert any("its animation can't be read" in warning for warning in facts.warnings)
    files = made(path, "image/png", facts.frames)
    assert {kind: file.partial for kind, file in files.items()} == {"optimized": True, "thumbnail": True}
    assert not files["optimized"].stands_in


@pytest.mark.parametrize("name", SHORTENED)
def test_an_animated_png_is_shown_without_its_broken_frames(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SHORTENED[name])
    facts = read_facts(path, "image/png")
    assert facts.truncated is None
    assert facts.pixel_sha256
    assert any("frames can't be decoded" in warning for warning in facts.warnings)
    files = made(path, "image/png", facts.frames)
    assert {kind: file.partial for kind, file in files.items()} == {
        "optimized": False,
        "thumbnail": False,
        "animation": True,
    }, "its first frame is all there"


@pytest.mark.parametrize("numbers", [(2,), (1, 3), (0,), (0, 1, 2)])
def test_a_gif_is_shown_without_its_broken_frames(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(animated_gif(*numbers))
    facts = read_facts(path, "image/gif")
    assert (facts.width, facts.frames, facts.truncated) == (160, 4, None)
    assert any(f"{len(numbers)} of its frames can't be decoded" in warning for warning in facts.warnings)
    files = made(path, "image/gif", facts.frames)
    assert {kind: file.partial for kind, file in files.items()} == {
        "optimized": 0 in numbers,
        "thumbnail": 0 in numbers,
        "animation": True,
    }


def test_a_gif_without_a_frame_that_decodes_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    path.write_bytes(animated_gif(0, 1, 2, 3))
    with pytest.raises(UnreadableMedia):
        read_facts(path, "image/gif")


def test_a_png_whose_data_are_damaged_is_shown_as_far_as_they_go(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    content = bytearray(saved(noise(400, 300), "PNG"))
    content[len(content) * 8 // 10] ^= 0xFF
    path.write_bytes(content)
    facts = read_facts(path, "image/png")
    assert (facts.width, facts.truncated, facts.pixel_sha256) == (400, None, None)
    assert "only a part of it can be decoded" in facts.warnings[0]
    assert all(file.partial for file in made(path, "image/png", None).values())


def test_a_png_with_a_broken_chunk_of_text_is_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    text = struct.pack(">I4s", 5, b"tEXt") + b"a\0bcd" + b"\0\0\0\0"
    content = saved(noise(), "PNG")
    path.write_bytes(content[:33] + text + content[33:])
    facts = read_facts(path, "image/png")
    assert facts.width == 160
    assert facts.pixel_sha256
    assert any("tEXt chunk is broken" in warning for warning in facts.warnings)


def test_a_document_that_wants_a_password_is_kept_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(broken.locked_pdf())
    facts = read_facts(path, "application/pdf")
    assert (facts.frames, facts.truncated) == (None, None)
    assert "password" in facts.warnings[0]
