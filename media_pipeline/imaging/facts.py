"""From a file to what it says about itself.

What belongs here: which reader a file goes to and how its answers become FileFacts. What does not: the readers.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.exif import ExifFacts, read_exif
from media_pipeline.imaging.pictures import MAX_PIXELS, UPRIGHT, opened_picture, orientation_of, upright_size
from media_pipeline.model import FileFacts

PDF = "application/pdf"
EXIF_TYPES = ("jpeg", "jpg", "tiff", "png", "webp", "heic", "heif", "avif", "jxl", "mpo")
"""Subtypes of ``image/`` that exifread knows or whose EXIF Pillow hands out."""
MAX_DECODED_PIXELS = MAX_PIXELS
"""Frames of an animation are decoded until they add up to this; the rest is taken on trust, with a warning."""


def read_facts(path: Path, mime_type: str) -> FileFacts:
    """The facts of a file whose type was sniffed from its bytes.

    A picture is decoded to its end, of a video or sound the first frame; so a file with facts is one that opens.
    Raises UnreadableMedia for a file that doesn't, OSError when the disk fails. Collects the interpreter's warnings,
    so call it from one thread of a process.
    """
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        facts = _read(path, mime_type)
    texts = dict.fromkeys([*facts.warnings, *(str(w.message) for w in raised)])
    return replace(facts, warnings=tuple(texts))


def _read(path: Path, mime_type: str) -> FileFacts:
    # ffmpeg and PDFium are imported on their first file: 0.3 s that most workers never need.
    match mime_type.partition("/")[0]:
        case "image":
            return _picture_facts(path, mime_type)
        case "video":
            from media_pipeline.imaging.videos import video_facts

            video = video_facts(path)
            return FileFacts(width=video.width, height=video.height, duration=video.duration, frames=video.frames)
        case "audio":
            from media_pipeline.imaging.videos import audio_facts

            return FileFacts(duration=audio_facts(path).duration)
        case _ if mime_type == PDF:
            from media_pipeline.imaging.documents import page_count

            return FileFacts(frames=page_count(path))
        case _:
            return FileFacts(warnings=(f"{mime_type} is kept as it is: no facts are read from this type",))


def _picture_facts(path: Path, mime_type: str) -> FileFacts:
    notes: list[str] = []
    with opened_picture(path, mime_type) as image:
        orientation = _orientation(image, notes)
        block: Any = image.info.get("exif")
        size = _decode_first_frame(image)
        frames = _decode_further_frames(image, notes)
    width, height = upright_size(size, orientation)
    exif = _exif(path, mime_type, block if isinstance(block, bytes) else None)
    return FileFacts(
        width=width,
        height=height,
        frames=frames,
        exif=exif.tags,
        taken_at=exif.taken_at,
        camera_make=exif.camera_make,
        camera_model=exif.camera_model,
        latitude=exif.latitude,
        longitude=exif.longitude,
        warnings=(*notes, *exif.warnings),
    )


def _orientation(image: Image.Image, notes: list[str]) -> int:
    try:
        return orientation_of(image)
    except UnreadableMedia as error:
        notes.append(f"EXIF orientation can't be read: {error}")
        return UPRIGHT


def _decode_first_frame(image: Image.Image) -> tuple[int, int]:
    """Decode, and return the stored size in pixels.

    A JPEG is decoded at an eighth: its whole stream is still read, so a cut or broken one still raises, in half
    the time.
    """
    if image.format in ("JPEG", "MPO"):
        size = image.size
        image.draft(None, (1, 1))
        image.load()
        return size
    image.load()
    return image.size


def _decode_further_frames(image: Image.Image, notes: list[str]) -> int:
    """Decode the frames after the first, and return how many there are with it."""
    count: int = getattr(image, "n_frames", 1)
    if image.format == "MPO":
        # Further pictures are gain maps and second eyes, which platforms cut off without correcting the index.
        return count
    decoded = image.width * image.height
    for frame in range(1, count):
        if decoded > MAX_DECODED_PIXELS:
            notes.append(f"only the first {frame} of {count} frames were decoded")
            break
        image.seek(frame)
        image.load()
        decoded += image.width * image.height
    return count


def _exif(path: Path, mime_type: str, block: bytes | None) -> ExifFacts:
    if not mime_type.endswith(EXIF_TYPES):
        return ExifFacts()
    with path.open("rb") as file:
        return read_exif(file, block)
