"""Videos that browsers play: the original where it is one already, else H.264 and AAC in MP4.

What belongs here: encoding anew. What does not: what browsers play, and thumbnails of videos.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.renditions.encoding import Original, standing_in, temporary_file, video_file
from media_pipeline.imaging.renditions.mp4 import OPTIONS, Size, add_video, as_yuv, even_size
from media_pipeline.imaging.renditions.seconds_done import note_seconds
from media_pipeline.imaging.renditions.web_playable import bitrate, is_playable
from media_pipeline.imaging.videos import TAG_ERRORS, frames_of, opened_media, video_stream
from media_pipeline.model import Recipe, RenderedFile

AUDIO_BITRATE = 128_000
AUDIO_RATE = 48_000
PLANNED_RATE = Fraction(30)
"""Pictures a second that the encoder plans with where the file doesn't say."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Of the pictures that a video stores."""

    size: Size
    """With square pixels, before it is turned."""
    turns: int
    """Quarter turns counter-clockwise until it is upright, 0 to 3."""

    def seen(self, size: Size) -> Size:
        return (size[1], size[0]) if self.turns % 2 else size


def web_video(original: Original, recipe: Recipe, folder: Path, note: Path | None = None) -> RenderedFile:
    """The original if browsers play it and its bitrate is within the recipe's, else a video that they play.

    Upright, its longest side at most the recipe's size; sound as AAC in stereo. What can't be decoded is left out.
    The seconds that are done are written into ``note``, which stays. Raises UnreadableMedia when no picture can be
    decoded.
    """
    with opened_media(original.path) as container:
        shape = _shape_of(container)
        if _is_good_already(original, recipe, container):
            return standing_in(recipe, original, shape.seen(shape.size))
    with opened_media(original.path) as container, temporary_file(folder, ".mp4") as path:
        with av.open(str(path), "w", format="mp4", options=OPTIONS, metadata_errors=TAG_ERRORS) as target:
            _Encoder(container, target, recipe, shape, note).run()
        return video_file(recipe, path, shape.seen(even_size(shape.size, recipe.size)))


def _is_good_already(original: Original, recipe: Recipe, container: InputContainer) -> bool:
    if not is_playable(original.path, container):
        return False
    return not recipe.max_bitrate or (bitrate(original.path, container) or 0) <= recipe.max_bitrate


def _shape_of(container: InputContainer) -> _Shape:
    """By the first picture, which alone knows how it is turned."""
    stream: Any = video_stream(container)
    first = next(frames_of(container, stream), None)
    if first is None:
        raise UnreadableMedia("no frame of the video can be decoded")
    aspect = stream.sample_aspect_ratio or 1
    return _Shape((max(1, round(first.width * aspect)), first.height), first.rotation % 360 // 90)


class _Encoder:
    """One pass over a container, picture and sound in the order in which they come."""

    def __init__(self, source: InputContainer, target: Any, recipe: Recipe, shape: _Shape, note: Path | None) -> None:
        self._source, self._target, self._shape, self._note = source, target, shape, note
        self._size = even_size(shape.size, recipe.size)
        self._start = Fraction(source.start_time or 0, av.time_base)
        self._video: Any = video_stream(source)
        self._audio: Any = next((stream for stream in source.streams.audio if stream.codec_context), None)
        rate = self._video.average_rate or PLANNED_RATE
        self._video_out: Any = add_video(target, recipe, shape.seen(self._size), rate, self._video.time_base)
        self._audio_out: Any = self._add_audio() if self._audio else None
        self._last = -1
        self._seconds_noted = 0

    def run(self) -> None:
        """Raises UnreadableMedia when no picture can be decoded."""
        streams = [stream for stream in (self._video, self._audio) if stream]
        for packet in self._source.demux(streams):
            for frame in _decoded(packet):
                if isinstance(frame, av.VideoFrame):
                    self._add_picture(frame)
                else:
                    self._add_sound(frame)
        if self._last < 0:
            raise UnreadableMedia("no frame of the video can be decoded")
        self._mux(self._video_out.encode(None))
        if self._audio_out:
            self._mux(self._audio_out.encode(None))

    def _add_audio(self) -> Any:
        stream = self._target.add_stream("aac", rate=AUDIO_RATE)
        stream.codec_context.layout = "stereo"
        stream.bit_rate = AUDIO_BITRATE
        return stream

    def _add_picture(self, frame: av.VideoFrame) -> None:
        """Pictures without a time, or with one that has passed, are left out: players could not show them."""
        moment = self._moment(frame)
        if moment is None or moment <= self._last:
            return
        self._last = moment
        picture = _turned(as_yuv(frame, self._size), self._shape.turns)
        picture.pts, picture.time_base = moment, self._video.time_base
        self._mux(self._video_out.encode(picture))
        self._note_seconds(int(moment * self._video.time_base))

    def _add_sound(self, frame: Any) -> None:
        moment = self._moment(frame)
        if moment is None or moment < 0:
            return
        frame.pts = moment
        self._mux(self._audio_out.encode(frame))

    def _note_seconds(self, seconds: int) -> None:
        if self._note is not None and seconds > self._seconds_noted:
            self._seconds_noted = seconds
            note_seconds(self._note, seconds)

    def _moment(self, frame: Any) -> int | None:
        """When it is shown or heard, from the start of the file, in its own time base."""
        return None if frame.pts is None else frame.pts - round(self._start / frame.time_base)

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            self._target.mux(packet)


def _decoded(packet: Any) -> list[Any]:
    try:
        return packet.decode()
    except FFmpegError:
        return []


def _turned(frame: av.VideoFrame, turns: int) -> av.VideoFrame:
    """A yuv420p picture turned counter-clockwise by quarters."""
    if not turns:
        return frame
    width, height = frame.width, frame.height
    values = cast("Any", frame).to_ndarray().ravel()
    luma, *chroma = np.split(values, [width * height, width * height * 5 // 4])
    planes = [luma.reshape(height, width), *(plane.reshape(height // 2, width // 2) for plane in chroma)]
    turned = [np.rot90(plane, turns) for plane in planes]
    packed = np.concatenate([plane.ravel() for plane in turned]).reshape(-1, turned[0].shape[1])
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(packed), format="yuv420p")
