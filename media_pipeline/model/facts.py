"""What a file says about itself, and what it is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class VideoPdq:
    """The PDQ of the first frame of a second of a video."""

    second: int
    """From the start of the video."""
    pdq: str
    """64 hex digits."""
    pdq_quality: int
    """0 to 100."""


@dataclass(frozen=True, slots=True)
class Capture:
    """When, with what, and where it was taken, as the file says; None where it says nothing that can be used."""

    taken_at: str | None = None
    """ISO 8601, the camera's local time; with an offset only where the file names one."""
    camera_make: str | None = None
    camera_model: str | None = None
    lens: str | None = None
    software: str | None = None
    """That wrote the file."""
    latitude: float | None = None
    """Decimal degrees, south negative."""
    longitude: float | None = None
    """Decimal degrees, west negative."""
    altitude: float | None = None
    """Metres above the sea, below it negative."""

    def capture(self) -> dict[str, Any]:
        """These fields by name, for another value that has them."""
        return {field.name: getattr(self, field.name) for field in fields(Capture)}


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file inside a picture's file, or one that the picture says to have had there."""

    offset: int | None
    """Bytes from the start of the picture's file; None: nothing of it is there."""
    length: int | None
    """Bytes that it has when it is whole; None: nobody says."""
    is_there: bool
    """Whether all of it is there. Platforms and messengers cut it off."""


@dataclass(frozen=True, slots=True)
class FileFacts(Capture):
    """What a file says about itself, and what it is known by. Sizes are pixels as seen (orientation applied)."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None
    """Seconds."""
    frames: int | None = None
    """Of a document its pages."""
    frame_rate: float | None = None
    """Pictures a second of a video."""
    video_codec: str | None = None
    """By ffmpeg's name."""
    audio_codec: str | None = None
    """By ffmpeg's name; None: there is no sound in it."""
    colour_profile: str | None = None
    """The ICC profile's own name, or what the container says."""
    orientation: int | None = None
    """As EXIF counts, 1 to 8; None: the file says nothing."""
    exif: Mapping[str, Any] | None = None
    """Every tag as text or number, by exifread's name (``Image Make``), bounded in size."""
    caption: str | None = None
    """That the file carries itself, bounded in size."""
    motion_photo: EmbeddedFile | None = None
    """The video in a motion photo."""
    gain_map: EmbeddedFile | None = None
    """Of an Ultra HDR picture."""
    content_identifier: str | None = None
    """Apple's: a picture and a video with the same one are a live photo."""
    pixel_sha256: str | None = None
    """Of its pixels, upright and in sRGB; of a video's poster frame, of a document's first page."""
    pdq: str | None = None
    """The perceptual hash of the same picture: 64 hex digits."""
    pdq_quality: int | None = None
    """0 to 100. Below 50 there is too little in the picture to tell it from others."""
    seconds: tuple[VideoPdq, ...] = ()
    """Of a video, in order, at most one for each of its first ten minutes' seconds."""
    truncated: str | None = None
    """How its end is missing; None: it is whole, or can't tell."""
    warnings: tuple[str, ...] = ()
    version: int = 0
    """Of the code that read them."""
