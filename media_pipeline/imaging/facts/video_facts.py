"""What videos and sound say about themselves, and what videos are known by.

What belongs here: which of a container's parts give which facts. What does not: opening and decoding
(:mod:`media_pipeline.imaging.videos`), the names of tags (:mod:`media_pipeline.imaging.facts.container_tags`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame

from media_pipeline.imaging.colour import coded_name
from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.facts.container_tags import ContainerTags, tags_of
from media_pipeline.imaging.facts.live_photo import identifier_of_video
from media_pipeline.imaging.facts.video_fingerprint import video_fingerprint
from media_pipeline.imaging.videos import duration_of, frames_of, logged, opened_media, plays_to_its_end, video_stream
from media_pipeline.model import FileFacts

UNKNOWN = "unknown"
"""A coding that this ffmpeg has no decoder for."""
_EXIF_ORIENTATION = {0: 1, 90: 8, 180: 3, 270: 6}
"""From counter-clockwise degrees of the display matrix to EXIF 2.32, tag 274."""


def video_facts(path: Path) -> FileFacts:
    """Facts and fingerprints of the first video stream, whose first frame must decode; of sound alone, its facts.

    Raises UnreadableMedia.
    """
    with logged() as complaints:
        with opened_media(path) as container:
            has_pictures = bool(container.streams.video) or not container.streams.audio
            facts = _pictures(container) if has_pictures else _sound(container)
        if has_pictures:
            facts = _with_fingerprint(path, facts)
    return replace(facts, warnings=(*facts.warnings, *complaints))


def audio_facts(path: Path) -> FileFacts:
    """Facts of the first audio stream, whose first samples must decode. Raises UnreadableMedia."""
    with logged() as complaints, opened_media(path) as container:
        facts = _sound(container)
    return replace(facts, warnings=(*facts.warnings, *complaints))


def _pictures(container: InputContainer) -> FileFacts:
    stream = video_stream(container)
    frame = next(frames_of(container, stream), None)
    if frame is None:
        raise UnreadableMedia("no frame of the video can be decoded")
    width, height = frame.width, frame.height
    if frame.rotation % 180:
        width, height = height, width
    facts = FileFacts(
        width=width,
        height=height,
        duration=duration_of(container),
        frames=stream.frames or None,
        frame_rate=round(float(stream.average_rate), 3) if stream.average_rate else None,
        video_codec=_codec(stream),
        audio_codec=_codec(container.streams.audio[0]) if container.streams.audio else None,
        colour_profile=_colours(frame),
        orientation=_EXIF_ORIENTATION.get(frame.rotation % 360),
        truncated=None if plays_to_its_end(container, stream) else "its last frame can't be decoded",
    )
    return _with_tags(facts, tags_of(container.metadata, stream.metadata))


def _sound(container: InputContainer) -> FileFacts:
    if not container.streams.audio:
        raise UnreadableMedia("there is no sound in it")
    stream = container.streams.audio[0]
    if next(container.decode(stream), None) is None:
        raise UnreadableMedia("no sound in it can be decoded")
    facts = FileFacts(duration=duration_of(container), audio_codec=_codec(stream))
    return _with_tags(facts, tags_of(container.metadata, stream.metadata))


def _with_fingerprint(path: Path, facts: FileFacts) -> FileFacts:
    try:
        known = video_fingerprint(path)
    except UnreadableMedia as error:
        return replace(facts, warnings=(*facts.warnings, f"no fingerprint can be taken: {error}"))
    return replace(
        facts,
        pixel_sha256=known.poster.pixel_sha256,
        pdq=known.poster.pdq,
        pdq_quality=known.poster.pdq_quality,
        seconds=known.seconds,
    )


def _with_tags(facts: FileFacts, tags: ContainerTags) -> FileFacts:
    return replace(
        facts,
        exif=tags.tags or None,
        caption=tags.caption,
        content_identifier=identifier_of_video(tags.tags),
        warnings=(*facts.warnings, *tags.warnings),
        **tags.capture(),
    )


def _codec(stream: Stream) -> str:
    """ffmpeg's name of the coding; the name of a decoder may be another (libdav1d for av1)."""
    context: Any = stream.codec_context
    return str(context.codec.canonical_name) if context else UNKNOWN


def _colours(frame: VideoFrame) -> str | None:
    described = cast("Any", frame)
    return coded_name(int(described.color_primaries), int(described.color_trc))
