"""Videos and sound through PyAV (ffmpeg): opening, frames, the end.

What belongs here: how ffmpeg is held to the file at hand, and getting frames. What does not: facts, fingerprints,
recipes, files written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, cast

import av
import av.logging
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from media_pipeline.imaging.errors import MACHINE_FAULTS, UnreadableMedia, decoding, reason_of

OPTIONS = {
    # A playlist that calls itself a video must not make ffmpeg open further files or addresses, nor a movie whose
    # samples lie in another file.
    "protocol_whitelist": "file",
    "enable_drefs": "0",
    "format_whitelist": "mov,matroska,webm,avi,flv,asf,mpeg,mpegts,mpegvideo,m4v,h264,hevc,"
    "mp3,aac,ogg,flac,wav,amr,aiff,caf,w64,au,mp4,m4a,3gp,3g2,mj2",
}
TAG_ERRORS = "surrogateescape"
"""What becomes of tags that are no UTF-8: for them PyAV would refuse the whole file."""
LAST_PACKETS = 300
"""Packets that are decoded at most to see whether a video plays to its end: those behind its last key frame, mostly."""
MAX_COMPLAINTS = 10
BLACK = 12.0
"""Mean brightness, of 255, below which a picture shows nothing: compressed black has up to 3, a street at night 20."""
MAX_BLACK_FRAMES = 900
"""That are looked at for a brighter one: half a minute of most videos."""
_LOOKED_AT = 32
"""Pixels each way."""
_CHUNK_BYTES = 1 << 20
_ROTATE = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
"""From counter-clockwise degrees of the display matrix."""


def bright_frame_at(path: Path, share: float) -> Image.Image:
    """The upright frame at ``share`` (0 to 1) of the duration, or the nearest before it that decodes.

    Where that is black, the next brighter one; the brightest of them if there is none. Raises UnreadableMedia when no
    frame decodes.
    """
    with opened_media(path) as container:
        nearest = _nearest_frame(container, (duration_of(container) or 0.0) * share)
        if _brightness(nearest) >= BLACK:
            return upright_frame(nearest)
        # Decoding goes on where it stopped.
        later = islice(frames_of(container, video_stream(container)), MAX_BLACK_FRAMES)
        brightest = nearest
        for frame in later:
            if _brightness(frame) > _brightness(brightest):
                brightest = frame
            if _brightness(brightest) >= BLACK:
                break
        return upright_frame(brightest)


def _brightness(frame: VideoFrame) -> float:
    """The mean of the picture, 0 to 255."""
    small: Any = frame.reformat(_LOOKED_AT, _LOOKED_AT, format="gray")
    return float(small.to_ndarray().mean())


def upright_frame(frame: VideoFrame) -> Image.Image:
    """The frame as seen, as a picture."""
    image: Image.Image = cast("Any", frame).to_image()
    rotation = _ROTATE.get(frame.rotation % 360)
    return image.transpose(rotation) if rotation is not None else image


@contextmanager
def opened_media(path: Path) -> Generator[InputContainer]:
    """The container, which opens nothing else. Raises UnreadableMedia, also for what decoding raises inside."""
    with (
        decoding(),
        _faults_of_the_file(path),
        av.open(str(path), options=OPTIONS, metadata_errors=TAG_ERRORS) as container,
    ):
        for stream in (*container.streams.video, *container.streams.audio):
            # Every core has a worker of its own; threads of the decoder would only add to the work and the memory.
            context: Any = stream.codec_context
            if context:  # no decoder, no context
                context.thread_count = 1
        yield container


@contextmanager
def logged() -> Generator[list[str]]:
    """What ffmpeg complains about meanwhile, each complaint once and complete only after the ``with`` block."""
    complaints: list[str] = []
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture() as logs:
            yield complaints
    finally:
        av.logging.set_level(level)
    complaints += list(dict.fromkeys(f"{source}: {text.strip()}" for _, source, text in logs))[:MAX_COMPLAINTS]


@contextmanager
def _faults_of_the_file(path: Path) -> Generator[None]:
    """Readers of some containers say of broken files what the system says of broken disks (EIO, mostly).

    If the file can be read to its end, it is the file; else the error of reading it passes.
    """
    try:
        yield
    except FFmpegError as error:
        if error.errno not in MACHINE_FAULTS:
            raise
        with path.open("rb") as file:
            while file.read(_CHUNK_BYTES):
                pass
        raise UnreadableMedia(reason_of(error)) from error


def video_stream(container: InputContainer) -> VideoStream:
    """The first video stream. Raises UnreadableMedia."""
    if not container.streams.video:
        raise UnreadableMedia("there is no video in it")
    return container.streams.video[0]


def duration_of(container: InputContainer) -> float | None:
    """Seconds, as the container says or ffmpeg estimates."""
    return container.duration / av.time_base if container.duration else None


def plays_to_its_end(container: InputContainer, stream: VideoStream) -> bool:
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
    stream = video_stream(container)
    start = (container.start_time or 0) / av.time_base
    for target in (start + seconds, start):
        container.seek(int(target * av.time_base))
        nearest = None
        for nearest in frames_of(container, stream):
            if nearest.pts is None or nearest.time >= target:
                break
        if nearest is not None:
            return nearest
    raise UnreadableMedia("no frame of the video can be decoded")


def frames_of(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames up to the first one that can't be decoded."""
    try:
        yield from container.decode(stream)
    except FFmpegError:
        return
