"""Web renditions against the ``ffmpeg`` command line with the same settings.

Four Matroska videos of 4 s, 1920x1080, 25 pictures a second, with a tone, become H.264 of 1280x720 (veryfast, CRF 23)
and AAC in MP4. Ours are made by two workers with a thread each; ``ffmpeg`` makes one after the other and has a thread
for each core.
"""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from bench.measure import Row, fresh_folder, in_turn, rate_row, run
from bench.peers import FFMPEG, is_there
from bench.pictures import SEED, texture
from media_pipeline.imaging.renditions.recipes import MOVING, recipes_for, recipes_from
from media_pipeline.imaging.workers import RenditionTask, Workers, WorkFailure
from media_pipeline.settings import load_settings

VIDEOS, SECONDS, RATE = 4, 4, 25
SIZE = (1920, 1080)
ROUNDS = 3
WORKERS = 2
MATROSKA = "video/x-matroska"


def rows() -> list[Row]:
    """Seconds of video a second."""
    folder = fresh_folder("videos")
    videos = [_write_video(folder / f"{number}.mkv", number) for number in range(VIDEOS)]
    sides = [lambda: _ours(videos)]
    if is_there(FFMPEG):
        sides.append(lambda: _ffmpeg(videos))
    ours, *peer = in_turn(ROUNDS, *sides)
    theirs = peer[0] if peer else None
    return [rate_row("web renditions", VIDEOS * SECONDS, ours, theirs, "ffmpeg", None, "s of video/s")]


def _ours(videos: list[Path]) -> float:
    folder = fresh_folder("web")
    settings = load_settings(_env_file=None, media_image_workers=WORKERS)
    recipes = tuple(recipe for recipe in recipes_for(MATROSKA, recipes_from(settings)) if recipe.kind in MOVING)
    started = time.perf_counter()
    with Workers(settings) as workers:
        tasks = (RenditionTask(path.name, path, MATROSKA, recipes, folder) for path in videos)
        results = [result for _, result in workers.map_renditions(tasks)]
    seconds = time.perf_counter() - started
    assert not any(isinstance(result, WorkFailure) for result in results)
    return seconds


def _ffmpeg(videos: list[Path]) -> float:
    folder = fresh_folder("ffmpeg")
    quiet = ["ffmpeg", "-nostdin", "-loglevel", "error"]
    picture = ["-vf", "scale=1280:720", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"]
    sound = ["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"]
    return sum(run([*quiet, "-i", p, *picture, *sound, folder / f"{p.stem}.mp4"]).seconds for p in videos)


def _write_video(path: Path, number: int) -> Path:
    """A camera that moves across a texture, which is as hard to encode as a hand-held one."""
    rng = np.random.default_rng(SEED + number)
    plane = np.clip(120 + texture(rng), 0, 255).astype(np.uint8)
    width, height = SIZE
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE, options={"crf": "20", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound: Any = container.add_stream("aac", rate=48000)
        for frame in range(SECONDS * RATE):
            grey = np.ascontiguousarray(plane[frame * 7 : frame * 7 + height, frame * 11 : frame * 11 + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="gray")))
        container.mux(stream.encode(None))
        tone = (np.sin(np.arange(48000 * SECONDS) * 0.06) * 8000).astype(np.int16)[None]
        heard: Any = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = 48000, 0, Fraction(1, 48000)
        container.mux(sound.encode(heard))
        container.mux(sound.encode(None))
    return path
