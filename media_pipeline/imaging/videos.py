"""Videos and sound through PyAV (ffmpeg): size, duration, one frame.

What belongs here: everything that touches ffmpeg. What does not: recipes and files written.
"""

from __future__ import annotations

import errno
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from media_pipeline.imaging.errors import UnreadableMedia, decoding, reason_of

OPTIONS = {
    # A playlist that calls itself a video must not make ffmpeg open further files or addresses.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,matroska,webm,avi,flv,asf,mpeg,mpegts,mpegvideo,m4v,h264,hevc,"
    "mp3,aac,ogg,flac,wav,amr,aiff,caf,w64,au,mp4,m4a,3gp,3g2,mj2",
}
LAST_PACKETS = 300
"""Packets that are decoded at most to see whether a video plays to its end: those behind its last key frame, mostly."""
_CHUNK_BYTES = 1 << 20
_ROTATE = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
"""From counter-clockwise degrees of the display matrix."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What a container says. Pixels as seen, seconds; None where it doesn't say."""

    duration: float | None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    ends: bool = True
    """False for a video whose last frame can't be decoded."""


def video_facts(path: Path) -> StreamFacts:
    """Facts of the first video stream, whose first frame must decode; of a container with sound alone, the duration.

    Raises UnreadableMedia.
    """
    with _opened(path) as container:
        if not container.streams.video and container.streams.audio:
            return _sound(container)
        stream = _video_stream(container)
        frame = next(_frames(container, stream), None)
        if frame is None:
            raise UnreadableMedia("no frame of the video can be decoded")
        width, height = frame.width, frame.height
        if frame.rotation % 180:
            width, height = height, width
        ends = _plays_to_its_end(container, stream)
        return StreamFacts(_duration(container), width, height, stream.frames or None, ends)


def audio_facts(path: Path) -> StreamFacts:
    """Facts of the first audio stream, whose first samples must decode. Raises UnreadableMedia."""
    with _opened(path) as container:
        return _sound(container)


def frame_at(path: Path, share: float) -> Image.Image:
    """The upright frame at ``share`` (0 to 1) of the duration, or the nearest before it that decodes.

    Raises UnreadableMedia when no frame decodes.
    """
    with _opened(path) as container:
        frame = _nearest_frame(container, (_duration(container) or 0.0) * share)
        image: Image.Image = cast("Any", frame).to_image()
        rotation = _ROTATE.get(frame.rotation % 360)
        return image.transpose(rotation) if rotation is not None else image


@contextmanager
def _opened(path: Path) -> Generator[InputContainer]:
    with decoding(), _container(path) as container:
        yield container


def _container(path: Path) -> InputContainer:
    try:
        return av.open(str(path), options=OPTIONS)
    except FFmpegError as error:
        if error.errno != errno.EIO:
            raise
        # Matroska's reader says so of a file that ends too soon; a disk at fault can't read it here either.
        with path.open("rb") as file:
            while file.read(_CHUNK_BYTES):
                pass
        raise UnreadableMedia(reason_of(error)) from error


def _sound(container: InputContainer) -> StreamFacts:
    if not container.streams.audio:
        raise UnreadableMedia("there is no sound in it")
    if next(container.decode(container.streams.audio[0]), None) is None:
        raise UnreadableMedia("no sound in it can be decoded")
    return StreamFacts(_duration(container))


def _video_stream(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise UnreadableMedia("there is no video in it")
    return container.streams.video[0]


def _duration(container: InputContainer) -> float | None:
    return container.duration / av.time_base if container.duration else None


def _plays_to_its_end(container: InputContainer, stream: VideoStream) -> bool:
    """Decode from the last key frame on. What can't be sought in is taken on trust.

    This finds what the container's sizes don't show: a file that has its full length, and zeros at its end.
    """
    try:
        container.seek((container.start_time or 0) + (container.duration or 0))
    except FFmpegError:
        return True
    last_decoded = False
    try:
        for packet in islice(container.demux(stream), LAST_PACKETS):
            if packet.size:
                last_decoded = _decodes(packet)
    except FFmpegError:
        return False
    return last_decoded


def _decodes(packet: Packet[VideoStream]) -> bool:
    try:
        packet.decode()
    except FFmpegError:
        return False
    return True


def _nearest_frame(container: InputContainer, seconds: float) -> VideoFrame:
    stream = _video_stream(container)
    start = (container.start_time or 0) / av.time_base
    for target in (start + seconds, start):
        container.seek(int(target * av.time_base))
        nearest = None
        for nearest in _frames(container, stream):
            if nearest.pts is None or nearest.time >= target:
                break
        if nearest is not None:
            return nearest
    raise UnreadableMedia("no frame of the video can be decoded")


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames up to the first one that can't be decoded."""
    try:
        yield from container.decode(stream)
    except FFmpegError:
        return
