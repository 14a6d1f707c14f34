"""Animated pictures as videos, and their stills."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from PIL import Image

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.renditions.recipes import recipes_for
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline.model import Recipe, RenditionKind
from media_pipeline_tests.ids import telling
from media_pipeline_tests.imaging.drawing import drawn, path_of, pixels
from media_pipeline_tests.imaging.playing import boxes_of, colour_at, frame_times
from media_pipeline_tests.imaging.samples import BLUE, RECIPES, RED, WHITE, near

ANIMATION = Recipe(RenditionKind.ANIMATION, 1280, 23, preset="veryfast")
KINDS = {"image/gif": "GIF", "image/webp": "WEBP", "image/png": "PNG", "image/avif": "AVIF"}


def save(path: Path, mime_type: str, size: tuple[int, int] = (61, 41), **options: object) -> Path:
    """Red for 200 ms, blue for 500, white for 300."""
    frames = [Image.new("RGB", size, colour) for colour in (RED, BLUE, WHITE)]
    frames[0].save(
        path,
        KINDS[mime_type],
        save_all=True,
        append_images=frames[1:],
        **{"duration": [200, 500, 300], "lossless": mime_type == "image/webp", **options},
    )
    return path


@pytest.mark.parametrize("mime_type", KINDS)
def test_an_animation_becomes_a_silent_video_and_a_still(tmp_path: Path, mime_type: str) -> None:
    files = drawn(save(tmp_path / "a", mime_type), mime_type, (*RECIPES, ANIMATION), frames=3)
    assert set(files) == {"optimized", "thumbnail", "animation"}
    assert near(pixels(files["optimized"]).getpixel((20, 20)), RED)
    file = files["animation"]
    assert (file.mime_type, path_of(file).suffix) == ("video/mp4", ".mp4")
    with av.open(str(file.path)) as container:
        assert len(container.streams.audio) == 0
        video = container.streams.video[0].codec_context
        assert (video.name, video.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == (file.width, file.height)
        assert file.width % 2 == file.height % 2 == 0
    assert frame_times(path_of(file)) == pytest.approx([0, 0.2, 0.7], abs=0.005)
    assert all(near(colour_at(path_of(file), n), colour, 10) for n, colour in enumerate((RED, BLUE, WHITE)))


def test_the_last_frame_is_shown_as_long_as_it_asks_for(tmp_path: Path) -> None:
    file = drawn(save(tmp_path / "a.gif", "image/gif"), "image/gif", (ANIMATION,), frames=3)["animation"]
    with av.open(str(file.path)) as container:
        assert container.duration == pytest.approx(1_000_000, abs=20_000)


def test_the_index_of_the_video_stands_in_front(tmp_path: Path) -> None:
    file = drawn(save(tmp_path / "a.gif", "image/gif"), "image/gif", (ANIMATION,), frames=3)["animation"]
    boxes = boxes_of(path_of(file))
    assert boxes.index(b"moov") < boxes.index(b"mdat")


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1, 1), (2, 2)), ((2561, 300), (1280, 150)), ((300, 1281), (300, 1280)), ((63, 64), (64, 64))],
    ids=telling,
)
def test_sides_are_even_and_within_the_recipe(tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]) -> None:
    file = drawn(save(tmp_path / "a.png", "image/png", size), "image/png", (ANIMATION,), frames=3)["animation"]
    assert (file.width, file.height) == expected


def test_frames_in_a_hurry_are_shown_as_browsers_show_them(tmp_path: Path) -> None:
    path = save(tmp_path / "a.gif", "image/gif", duration=[0, 10, 20])
    times = frame_times(path_of(drawn(path, "image/gif", (ANIMATION,), frames=3)["animation"]))
    assert times == pytest.approx([0, 0.1, 0.2], abs=0.005)


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    dotted = clear.copy()
    dotted.paste((255, 0, 0, 255), (0, 0, 32, 64))
    path = tmp_path / "a.webp"
    clear.save(path, save_all=True, append_images=[dotted], duration=100, lossless=True)
    file = drawn(path, "image/webp", (ANIMATION,), frames=2)["animation"]
    assert near(colour_at(path_of(file), 0), WHITE, 4)
    assert near(colour_at(path_of(file), 1, (50, 30)), WHITE, 8)


def test_a_still_picture_is_no_animation(tmp_path: Path) -> None:
    recipes = (*RECIPES, ANIMATION)
    assert recipes_for("image/gif", recipes, 1) == recipes_for("image/gif", recipes) == RECIPES
    assert recipes_for("image/tiff", recipes, 5) == recipes_for("image/jpeg", recipes, 2) == RECIPES
    path = tmp_path / "a.gif"
    Image.new("RGB", (40, 40), RED).save(path)
    with pytest.raises(UnreadableMedia, match="one frame"):
        render(path, "image/gif", (ANIMATION,), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.gif"]
