"""Local files of one stream, joined to one file without re-encoding.

What belongs here: everything of streams that touches ffmpeg, which opens local files alone. What does not: fetching.
"""

from __future__ import annotations

import errno
import heapq
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.streams.plan import unsupported
from media_pipeline.model import MediaType, Status

_TAG_ERRORS = "surrogateescape"
"""Tags that are no UTF-8 come through as they are: PyAV would refuse the whole file for them."""

_INPUT_OPTIONS = {
    # Bytes that call themselves a playlist must not make ffmpeg open further files or addresses.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,mpegts,matroska,webm,aac,mp3,ac3,eac3",
}
_MP4_CODECS = frozenset(
    ("h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "aac", "mp3", "ac3", "eac3", "alac", "opus", "flac")
)
"""What an MP4 holds such that common players play it (registered at https://mp4ra.org)."""

_DISK_FAULTS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE))

_SAME_TIMELINE = Fraction(10)
"""Tracks that begin further apart than so many seconds don't share a timeline; each then begins at its own start."""

_TOLERANCE_SECONDS = 1.5
_TOLERANCE_SHARE = 0.02
"""Lists declare durations of segments rounded, up to whole seconds; sound and picture end some frames apart."""


@dataclass(frozen=True, slots=True)
class LocalTrack:
    """The files of a track's runs, in their order; ``seconds`` as declared."""

    files: tuple[Path, ...]
    seconds: float | None
    kinds: frozenset[MediaType]


def remux(tracks: Sequence[LocalTrack], path: Path) -> None:
    """Join the tracks in the new file ``path``: MP4 with its index first, or Matroska where MP4 can't hold a codec.

    Timestamps begin at 0 and go on over discontinuities; picture and sound keep their distance. Raises Refusal when
    ffmpeg can't read the files, when the codec changes midway, or when the result is not as long as was declared;
    OSError when the disk is at fault.
    """
    if len({len(track.files) for track in tracks}) != 1:
        raise unsupported("picture and sound of the stream have different discontinuities")
    with _joining():
        ends = _write(tracks, path)
        # What was written can be read again.
        _opened(path).close()
    for track, end in zip(tracks, ends, strict=True):
        _check_length(track, float(end))


@contextmanager
def _joining() -> Generator[None]:
    """What ffmpeg complains of is the stream's fault, unless the disk is; that passes unchanged."""
    try:
        yield
    except (FFmpegError, ValueError) as error:  # ValueError: a codec that the container or this ffmpeg doesn't know
        if isinstance(error, OSError) and error.errno in _DISK_FAULTS:
            raise
        raise Refusal(Status.FAILED, "unjoinable_stream", f"the segments can't be joined: {error}") from error


def _write(tracks: Sequence[LocalTrack], path: Path) -> list[Fraction]:
    """Returns where each track ends, in seconds."""
    joiner = _Joiner(len(tracks))
    with ExitStack() as stack:
        for files in zip(*(track.files for track in tracks), strict=True):
            with ExitStack() as inputs:
                opened = [inputs.enter_context(_opened(file)) for file in files]
                sources = [_chosen(container, track) for container, track in zip(opened, tracks, strict=True)]
                if joiner.output is None:
                    joiner.output = stack.enter_context(_created(path, sources))
                joiner.add_run(opened, sources)
    return joiner.ends


class _Joiner:
    """Writes run after run into one output."""

    def __init__(self, tracks: int) -> None:
        self.output: OutputContainer | None = None
        self.ends = [Fraction(0)] * tracks
        self._targets: list[list[Stream]] = []
        self._formats: list[_Format] = []
        self._last_dts: dict[int, int] = {}

    def add_run(self, containers: Sequence[InputContainer], sources: Sequence[Sequence[Stream]]) -> None:
        """Append one file of each track behind what is there."""
        formats = [_format_of(stream) for streams in sources for stream in streams]
        output = cast("Any", self.output)
        if not self._targets:
            self._targets = [[output.add_stream_from_template(one, opaque=True) for one in own] for own in sources]
            self._formats = formats
        elif formats != self._formats:
            raise unsupported("the stream's codec or size changes midway")
        base = max(self.ends)
        shifts = [base - origin for origin in _origins(sources)]
        lanes = [self._packets(track, containers[track], own, shifts[track]) for track, own in enumerate(sources)]
        for _, packet in heapq.merge(*lanes, key=lambda timed: timed[0]):
            output.mux_one(packet)

    def _packets(
        self, track: int, container: InputContainer, own: Sequence[Stream], shift: Fraction
    ) -> Iterator[tuple[Fraction, Packet[Any]]]:
        """A track's packets with their decoding time in seconds, ready for the output."""
        targets = dict(zip((stream.index for stream in own), self._targets[track], strict=True))
        for packet in container.demux(*own):
            if packet.size == 0 or packet.pts is None:
                continue
            target = targets[packet.stream.index]
            self._place(packet, target, shift)
            self.ends[track] = max(self.ends[track], (packet.pts + (packet.duration or 0)) * packet.time_base)
            yield cast("int", packet.dts) * packet.time_base, packet

    def _place(self, packet: Packet[Any], target: Stream, shift: Fraction) -> None:
        """Muxers insist on decoding times that rise; those of two runs may overlap by the reordering of frames."""
        ticks = round(shift / packet.time_base)
        dts = packet.pts if packet.dts is None else packet.dts
        packet.pts = cast("int", packet.pts) + ticks
        packet.dts = max(cast("int", dts) + ticks, self._last_dts.get(target.index, -(2**62)) + 1)
        packet.pts = max(packet.pts, packet.dts)
        self._last_dts[target.index] = packet.dts
        packet.stream = target


def _opened(path: Path) -> InputContainer:
    return av.open(f"file:{path}", options=_INPUT_OPTIONS, metadata_errors=_TAG_ERRORS)


def _created(path: Path, sources: Sequence[Sequence[Stream]]) -> OutputContainer:
    codecs = {stream.codec_context.codec.canonical_name for own in sources for stream in own}
    if codecs <= _MP4_CODECS:
        return av.open(
            f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"}, metadata_errors=_TAG_ERRORS
        )
    return av.open(f"file:{path}", "w", format="matroska", metadata_errors=_TAG_ERRORS)


def _chosen(container: InputContainer, track: LocalTrack) -> list[Stream]:
    """The first stream of each kind that is taken from the track and whose codec is known."""
    found = [
        next((stream for stream in container.streams if stream.type == kind and _is_known(stream)), None)
        for kind in sorted(track.kinds, reverse=True)
    ]
    chosen = [stream for stream in found if stream is not None]
    if not chosen:
        raise Refusal(Status.FAILED, "unjoinable_stream", "a track of the stream holds neither picture nor sound")
    return chosen


def _is_known(stream: Stream) -> bool:
    """PyAV has no codec context for what this ffmpeg can't decode."""
    return cast("Any", stream).codec_context is not None


_Format = tuple[str, int, int, bytes]


def _format_of(stream: Stream) -> _Format:
    """What must not change within one track of a file: codec, then pixels, or rate and channels, then its set-up.

    MPEG-TS repeats the set-up among the samples, where it is kept: there it may change.
    """
    context = cast("Any", stream.codec_context)
    is_repeated = stream.container.format.name == "mpegts"
    setup = b"" if is_repeated else bytes(context.extradata or b"")
    if stream.type == "video":
        return context.name, context.width, context.height, setup
    return context.name, context.sample_rate, context.channels, setup


def _origins(sources: Sequence[Sequence[Stream]]) -> list[Fraction]:
    """Where each track's time begins: for all at the earliest of them, if they count from the same point."""
    starts = [min((stream.start_time or 0) * cast("Fraction", stream.time_base) for stream in own) for own in sources]
    if max(starts) - min(starts) > _SAME_TIMELINE:
        return starts
    return [min(starts)] * len(starts)


def _check_length(track: LocalTrack, seconds: float) -> None:
    if track.seconds is None:
        return
    if abs(seconds - track.seconds) > _TOLERANCE_SECONDS + _TOLERANCE_SHARE * track.seconds:
        raise Refusal(
            Status.FAILED,
            "wrong_duration",
            f"the joined stream has {seconds:.1f} s, its list declares {track.seconds:.1f} s",
            passing=True,
        )
