"""Videos for browsers: the original where they play it, else one that they play."""

from __future__ import annotations

import contextlib
import os
import signal
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from media_pipeline.imaging import workers as workers_module
from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.workers import FailureKind, RenditionTask, Workers, WorkFailure
from media_pipeline.model import Recipe, RenderedFile, RenditionKind
from media_pipeline.settings import Settings
from media_pipeline_tests.ids import telling
from media_pipeline_tests.imaging import formats, pools, samples
from media_pipeline_tests.imaging.drawing import drawn, path_of
from media_pipeline_tests.imaging.playing import boxes_of, colour_at, frame_times, frames
from media_pipeline_tests.imaging.samples import BLUE, RED, WHITE, near
from media_pipeline_tests.patience import PATIENCE_SECONDS

WEB = Recipe(RenditionKind.WEB, 1280, 23, preset="veryfast")
FAST_START: dict[str, Any] = {"movflags": "+faststart"}


def made(path: Path, recipe: Recipe = WEB, mime_type: str = "video/mp4") -> RenderedFile:
    return drawn(path, mime_type, (recipe,))["web"]


def colours(size: tuple[int, int] = (160, 96)) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in (RED, BLUE, WHITE) for _ in range(5)]


def save_av(
    path: Path, video: str = "libx264", audio: str | None = "aac", pix_fmt: str = "yuv420p", **options: str
) -> Path:
    """Ten pictures and a second of a tone at 440 Hz."""
    with av.open(str(path), "w", options=options) as container:
        pictures: Any = container.add_stream(video, rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 160, 96, pix_fmt
        sound: Any = container.add_stream(audio, rate=48000) if audio else None
        for number in range(10):
            frame = av.VideoFrame.from_image(Image.new("RGB", (160, 96), RED))
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if sound is not None:
            tone = (np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000) * 12000).astype("int16")[None]
            frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


def heard(path: Path) -> tuple[float, float]:
    """The seconds of the sound, and the frequency that is loudest in it."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        parts = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(parts)
    loudest = np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound)))))
    return len(sound) / rate, float(loudest * rate / len(sound))


def assert_browsers_play(file: RenderedFile) -> None:
    assert (file.mime_type, path_of(file).suffix) == ("video/mp4", ".mp4")
    assert boxes_of(path_of(file)).index(b"moov") < boxes_of(path_of(file)).index(b"mdat")
    with av.open(str(file.path)) as container:
        video = container.streams.video[0].codec_context
        assert (video.name, video.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == (file.width, file.height)
        assert [stream.codec_context.name for stream in container.streams.audio] in ([], ["aac"])


@pytest.mark.parametrize("audio", [None, "aac"])
def test_what_browsers_play_stays_as_it_is(tmp_path: Path, audio: str | None) -> None:
    path = save_av(tmp_path / "a.mp4", audio=audio, **FAST_START)
    file = made(path)
    assert file.stands_in
    assert (file.width, file.height, file.file_size) == (160, 96, path.stat().st_size)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("index-at-the-end.mp4", {}),
        ("container.mkv", {}),
        ("container.mov", FAST_START),
        ("codec.mp4", {"video": "mpeg4", **FAST_START}),
        ("sampling.mp4", {"pix_fmt": "yuv444p", **FAST_START}),
        ("sound.mp4", {"audio": "mp3", **FAST_START}),
        ("vp9.webm", {"video": "libvpx-vp9", "audio": "libopus"}),
    ],
    ids=telling,
)
def test_a_video_that_not_every_browser_plays_is_made_anew(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    file = made(save_av(tmp_path / name, **options))
    assert_browsers_play(file)
    assert frame_times(path_of(file)) == pytest.approx([n / 10 for n in range(10)], abs=0.01)
    assert near(colour_at(path_of(file), 5), RED, 10)
    seconds, frequency = heard(path_of(file))
    assert seconds == pytest.approx(1, abs=0.1)
    assert frequency == pytest.approx(440, abs=5)


def test_a_bitrate_over_the_setting_is_brought_down(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(formats.video("mp4", **FAST_START))
    bits = path.stat().st_size * 8 / 4
    assert made(path, Recipe(RenditionKind.WEB, 1280, 23, max_bitrate=round(bits * 1.1))).stands_in
    smaller = made(path, Recipe(RenditionKind.WEB, 1280, 40, max_bitrate=round(bits * 0.9)))
    assert_browsers_play(smaller)
    assert smaller.file_size < path.stat().st_size


def test_pictures_come_in_their_order_and_size(tmp_path: Path) -> None:
    path = samples.save_frames(tmp_path / "a.mkv", colours((1922, 1082)))
    file = made(path)
    assert_browsers_play(file)
    assert (file.width, file.height) == (1280, 720)
    assert all(near(colour_at(path_of(file), n), colour, 50) for n, colour in ((2, RED), (7, BLUE), (12, WHITE)))
    assert len(frames(path_of(file))) == 15


@pytest.mark.parametrize("size", [(1280, 720), (640, 480)])
def test_a_video_that_does_not_name_its_colours_keeps_them(tmp_path: Path, size: tuple[int, int]) -> None:
    """What isn't named is BT.709 in high definition and BT.601 below, to players; what is made names BT.709."""
    width, height = size
    values = np.full((height * 3 // 2, width), 90, np.uint8)
    values[:height] = 120
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(values, format="yuv420p")))
        container.mux(stream.encode(None))
    with av.open(str(made(path).path)) as container:
        assert container.streams.video[0].codec_context.colorspace == 1
        shown = next(container.decode(video=0)).to_ndarray()
    luma, chroma = int(shown[10, 10]), int(shown[height + 5, 10])
    expected = (120, 90) if height == 720 else (132, 85)
    assert (luma, chroma) == pytest.approx(expected, abs=3)


def test_a_turned_video_is_made_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (160, 96), BLUE)
    picture.paste(RED, (0, 0, 40, 40))
    path = samples.save_frames(tmp_path / "a.mp4", [picture] * 5)
    samples.turn_video(path)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        turns = frame.rotation % 360 // 90
    file = made(path)
    assert (file.width, file.height) == (96, 160)
    expected = picture.rotate(90 * turns, expand=True)
    shown = frames(path_of(file))[2]
    for place in ((10, 10), (85, 10), (10, 150), (85, 150)):
        assert near(shown.getpixel(place), expected.getpixel(place), 25)


def test_a_video_without_pictures_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    content = samples.save_frames(path, colours()).read_bytes()
    at = content.index(b"mdat") + 4
    path.write_bytes(content[:at] + bytes(len(content) - at))
    with pytest.raises(UnreadableMedia):
        made(path)
    assert list((tmp_path / "renditions").iterdir()) == []


def test_a_task_may_take_its_own_time_and_no_more(tmp_path: Path) -> None:
    path = samples.save_frames(tmp_path / "a.mkv", [formats.noise(640, 360, n) for n in range(20)])
    recipe = Recipe(RenditionKind.WEB, 1280, 18, preset="veryslow")
    with Workers(Settings(media_image_workers=1, media_image_timeout_seconds=60)) as workers:
        task = RenditionTask("key", path, "video/x-matroska", (recipe,), tmp_path, seconds=0.1)
        [(_, failure)] = workers.map_renditions([task])
    assert isinstance(failure, WorkFailure)
    assert (failure.kind, "0.1 s" in failure.error) == (FailureKind.TIMEOUT, True)


def test_a_worker_that_is_ended_in_mid_video_leaves_no_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers_module, "SECONDS_BETWEEN_LOOKS", 0.01)
    made_pools = pools.remembered(monkeypatch)
    # More pictures than the encoder takes before it begins: the first second is noted long before the last.
    path = samples.save_frames(tmp_path / "a.mkv", [formats.noise(200, 120, n) for n in range(120)])
    recipe = Recipe(RenditionKind.WEB, 1280, 18, preset="veryslow")
    told: list[int] = []

    def end_it(task: RenditionTask, seconds: int) -> None:
        """Twice, since a file whose worker died gets another one, which is ended when it has noted something itself."""
        told.append(seconds)
        for pid in pools.process_ids(made_pools[-1]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if len(told) == 1:
            task.note.unlink()

    with Workers(Settings(media_image_workers=1, media_image_timeout_seconds=PATIENCE_SECONDS)) as workers:
        task = RenditionTask("key", path, "video/x-matroska", (recipe,), tmp_path)
        [(_, failure)] = workers.map_renditions([task], end_it)
    assert isinstance(failure, WorkFailure)
    assert failure.kind == FailureKind.CRASH
    assert len(told) >= 2
    assert not task.note.exists()


def test_a_video_with_a_latin_1_title_is_made_playable(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w", metadata_encoding="latin-1") as container:
        container.metadata["title"] = "Caf\xe9"
        stream: Any = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.metadata["title"] = "\xe9t\xe9"
        container.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (160, 96), RED))))
        container.mux(stream.encode(None))
    assert near(colour_at(path_of(made(path, mime_type="video/x-matroska")), 0), RED)
