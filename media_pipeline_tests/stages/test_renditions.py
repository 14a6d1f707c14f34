"""Renditions: made once for each content and recipe, originals untouched."""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from media_pipeline.imaging import workers
from media_pipeline.stages.integrity.stored_files import verify_files
from media_pipeline.stages.progress import Progress
from media_pipeline.stages.renditions.drawing import make_renditions, render_missing
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.imaging import formats, motion_photos
from media_pipeline_tests.library import STAGES, TWITTER, picture, tweet
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    """A library whose catalogue is on either database."""
    return make_either()


def grainy(seed: int, side: int = 80, quality: int = 95) -> bytes:
    """A JPEG with so much to it that a rendition of lower quality is smaller."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def rows(library: EitherLibrary, query: str) -> list[tuple[Any, ...]]:
    with library.catalogue() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def execute(library: EitherLibrary, statement: str) -> None:
    with library.catalogue() as connection:
        connection.execute(sa.text(statement))


def places(library: EitherLibrary, kind: str) -> list[str]:
    return sorted(row["local_path"] for row in library.table("renditions", kind=kind) if row["local_path"])


def recipes(library: EitherLibrary, kind: str) -> list[str]:
    return sorted(row["recipe"] for row in library.table("renditions", kind=kind))


def as_of_before(library: EitherLibrary) -> None:
    """Rows and files as the versions before made them."""
    for place in (*places(library, "optimized"), *places(library, "thumbnail")):
        (library.storage / place).rename(library.storage / place.replace("-v3", "-v2"))
    execute(
        library,
        "UPDATE renditions SET recipe = replace(recipe, '-v3', '-v2'), local_path = replace(local_path, '-v3', '-v2')",
    )


def test_each_picture_gets_an_optimized_rendition_and_a_thumbnail(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1, 2400, 1200)))])
    report = library.run()["make_renditions"]
    made = rows(library, "SELECT kind, width, height, mime_type, local_path, file_size FROM renditions ORDER BY kind")
    assert [row[:4] for row in made] == [
        ("optimized", 1920, 960, "image/jpeg"),
        ("thumbnail", 300, 300, "image/webp"),
    ]
    for _kind, width, height, _mime, path, size in made:
        with Image.open(library.storage / path) as image:
            assert image.size == (width, height)
        assert (library.storage / path).stat().st_size == size
    assert report.numbers["optimized"] == report.numbers["thumbnails"] == 1
    assert report.numbers["bytes_saved"] == len(picture(1, 2400, 1200)) - made[0][5]
    assert "data:image/" in report.markdown["contact_sheet"]


def test_the_same_content_is_rendered_once(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(0))) for n in range(4)])
    library.run()
    assert len(rows(library, "SELECT * FROM renditions")) == 2


def test_originals_are_never_touched(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", picture(1)))])
    library.run()
    (original,) = library.files()
    assert original.read_bytes() == picture(1)


def test_nothing_is_drawn_from_an_original_whose_bits_have_flipped(library: EitherLibrary, host: FaultyHost) -> None:
    """A wrong rendition stayed for ever, also after the original was healed."""
    library.land("a.json", [tweet(1, host.serve("/a.jpg", grainy(1)))])
    library.run()
    (drawn,), (original,) = library.files("optimized"), library.files()
    right = drawn.read_bytes()
    drawn.unlink()
    body = bytearray(original.read_bytes())
    body[-200] ^= 0x55
    times = original.stat()
    original.write_bytes(body)
    os.utime(original, ns=(times.st_atime_ns, times.st_mtime_ns))
    with library.open() as context:
        render_missing(context)
        assert library.files("optimized") == []
        verify_files(context)
    library.run()
    assert [path.read_bytes() for path in library.files("optimized")] == [right]


def test_another_recipe_takes_the_place_of_the_old(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", grainy(1)))])
    library.run()
    (old,) = places(library, "optimized")
    (thumbnail,) = places(library, "thumbnail")
    library.with_settings(media_jpeg_quality=70).run()
    assert recipes(library, "optimized") == ["optimized-1920-q70-v3"]
    assert not (library.storage / old).exists()
    assert places(library, "thumbnail") == [thumbnail]
    assert all((library.storage / place).is_file() for place in (*places(library, "optimized"), thumbnail))


def test_a_raised_version_is_made_by_an_ordinary_run_before_the_old_one_goes(
    library: EitherLibrary, host: FaultyHost
) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", grainy(n))) for n in range(3)])
    library.run()
    old = places(library, "thumbnail")
    as_of_before(library)
    # A picture that can't be drawn again keeps what it has.
    broken, *_ = library.files()
    broken.write_bytes(b"no picture")
    library.run(stages=[make_renditions])
    found = rows(library, "SELECT recipe, count(*) FROM renditions WHERE error IS NULL GROUP BY recipe ORDER BY 1")
    assert found == [
        ("optimized-1920-q85-v2", 1),
        ("optimized-1920-q85-v3", 2),
        ("thumbnail-300-q80-v2", 1),
        ("thumbnail-300-q80-v3", 2),
    ]
    assert len(places(library, "thumbnail")) == len(old)
    assert all((library.storage / place).is_file() for place in places(library, "thumbnail"))


def test_what_a_killed_run_did_not_remove_the_next_one_does(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", grainy(1)))])
    library.run()
    left = library.storage / "thumbnails" / "left.webp"
    left.write_bytes(b"old")
    execute(
        library,
        "INSERT INTO renditions (sha256, kind, recipe, local_path, generated_at) "
        "SELECT sha256, kind, 'thumbnail-300-q80-v2', 'thumbnails/left.webp', generated_at FROM renditions "
        "WHERE kind = 'thumbnail'",
    )
    library.run()
    assert recipes(library, "thumbnail") == ["thumbnail-300-q80-v3"]
    assert not left.exists()


def test_a_size_that_is_no_longer_wanted_goes(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/a.jpg", grainy(1)))])
    library.with_settings(media_thumbnail_sizes="64 128").run()
    assert len(places(library, "thumbnail")) == 3
    library.run()
    assert recipes(library, "thumbnail") == ["thumbnail-300-q80-v3"]
    assert len(list((library.storage / "thumbnails").rglob("*.webp"))) == 1


def test_an_original_that_is_no_larger_stands_for_its_rendition(library: EitherLibrary, host: FaultyHost) -> None:
    original = grainy(1, quality=20)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", original))])
    report = library.run()["make_renditions"]
    assert rows(
        library,
        "SELECT stands_in, local_path, file_size, rendition_sha256 = sha256 FROM renditions WHERE kind = 'optimized'",
    ) == [(1, None, len(original), 1)]
    assert not (library.storage / "optimized").exists()
    assert (report.numbers["optimized"], report.numbers["originals_stand_in"]) == (1, 1)
    assert report.numbers["bytes_saved"] == 0
    # It is known, and not tried again.
    before = rows(library, "SELECT * FROM renditions ORDER BY recipe")
    library.run()
    assert rows(library, "SELECT * FROM renditions ORDER BY recipe") == before


def test_an_animation_gets_a_video_and_a_still(library: EitherLibrary, host: FaultyHost) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)
    library.land("a.json", [tweet(1, host.serve("/a.gif", out.getvalue()))])
    report = library.run()["make_renditions"]
    (video,) = places(library, "animation")
    assert video.startswith("animations/")
    assert (library.storage / video).is_file()
    assert len(places(library, "optimized")) == len(places(library, "thumbnail")) == 1
    assert report.numbers["animations"] == 1


def test_the_video_of_a_motion_photo_is_a_rendition_and_made_once(library: EitherLibrary, host: FaultyHost) -> None:
    video = formats.video("mp4", seconds=1, movflags="faststart")
    whole, cut = motion_photos.google(video), motion_photos.google(video)[:-400]
    library.land("a.json", [tweet(1, host.serve("/1.jpg", whole)), tweet(2, host.serve("/2.jpg", cut))])
    report = library.run()["make_renditions"]
    assert {row["status"] for row in library.table("post_media")} == {"stored"}, "the picture itself is all there"
    facts = {row["file_size"]: row["motion_photo"] for row in library.table("media_files")}
    offset = whole.index(video)
    assert facts[len(whole)] == {"offset": offset, "length": len(video), "is_there": True}
    assert facts[len(cut)] == {"offset": offset, "length": len(video), "is_there": False}
    (place,) = places(library, "motion")
    assert (library.storage / place).read_bytes() == video, "browsers play it as it is"
    assert (report.numbers["motion_videos"], report.numbers["failed"]) == (1, 0)
    (library.storage / place).unlink()
    library.run()
    assert (library.storage / place).read_bytes() == video, "made once more when it is gone"


def test_a_truncated_picture_gets_partial_renditions(library: EitherLibrary, host: FaultyHost) -> None:
    content = grainy(1, 400)
    library.land("a.json", [tweet(1, host.serve("/a.jpg", content[: len(content) * 3 // 4]))])
    # It is asked for once more before it is kept as it is.
    library.run()
    library.make_due()
    library.run()
    report = library.run()["make_renditions"]
    assert rows(library, "SELECT kind, partial FROM renditions ORDER BY kind") == [("optimized", 1), ("thumbnail", 1)]
    assert report.numbers["partial"] == 2


def test_batches_of_any_size_render_everything_once(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(11)])
    library.with_settings(media_batch_size=2).run()
    assert rows(library, "SELECT kind, count(*) FROM renditions GROUP BY kind ORDER BY kind") == [
        ("optimized", 11),
        ("thumbnail", 11),
    ]


def test_a_video_that_browsers_do_not_play_gets_one_that_they_do(library: EitherLibrary, host: FaultyHost) -> None:
    playable, other = formats.video("mp4", movflags="+faststart"), formats.video("matroska")
    urls = [host.serve("/a.mp4", playable), host.serve("/b.mkv", other)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls)])
    report = library.run()["make_renditions"]
    found = rows(
        library,
        "SELECT stands_in, local_path, mime_type FROM renditions WHERE kind = 'web' ORDER BY stands_in IS NOT NULL",
    )
    assert [(stands_in, mime_type) for stands_in, _, mime_type in found] == [(None, "video/mp4"), (1, "video/mp4")]
    assert (library.storage / found[0][1]).is_file()
    assert report.numbers["web_videos"] == 2
    library.with_settings(media_web_videos=False).run()
    assert rows(library, "SELECT * FROM renditions WHERE kind = 'web'") == []
    assert library.files("web") == []


class Listening(Progress):
    """Keeps what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, int]] = []

    def show(self, what: str, done: int, *_: object, **__: object) -> None:
        self.heard.append((what, done))


def test_the_progress_of_videos_is_told_in_their_seconds(library: EitherLibrary, host: FaultyHost) -> None:
    library.land("a.json", [tweet(1, host.serve("/b.mkv", formats.video("matroska")))])
    library.run(stages=STAGES[:3])
    progress = Listening()
    with library.open(progress=progress) as context:
        make_renditions(context, [TWITTER])
    assert ("renditions", 1) in progress.heard
    assert progress.heard[-1] == ("seconds of video", 4)


def test_the_progress_goes_on_within_a_long_video(
    library: EitherLibrary, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This video takes half a second to encode, in which it is to be looked at more than once.
    monkeypatch.setattr(workers, "SECONDS_BETWEEN_LOOKS", 0.01)
    library.land("a.json", [tweet(1, host.serve("/b.mkv", formats.video("matroska", seconds=20)))])
    library.run(stages=STAGES[:3])
    progress = Listening()
    with library.open(progress=progress) as context:
        make_renditions(context, [TWITTER])
        assert not list(library.storage.rglob("*.seconds"))
    told = [done for what, done in progress.heard if what == "seconds of video"]
    assert told == sorted(told)
    assert told[-1] == 20
    assert len({done for done in told if 0 < done < 20}) >= 2
