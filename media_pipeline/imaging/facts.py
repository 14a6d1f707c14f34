"""From a file to what it says about itself.

What belongs here: which reader a file goes to and how its answers become FileFacts. What does not: the readers.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from media_pipeline.imaging.endings.structure import has_check, missing_end
from media_pipeline.imaging.errors import UnreadableMedia
from media_pipeline.imaging.exif import ExifFacts, read_exif
from media_pipeline.imaging.pictures import MAX_PIXELS, UPRIGHT, opened_picture, orientation_of, upright_size
from media_pipeline.model import FileFacts

PDF = "application/pdf"
EXIF_TYPES = ("jpeg", "jpg", "tiff", "png", "webp", "heic", "heif", "avif", "jxl", "mpo")
"""Subtypes of ``image/`` that exifread knows or whose EXIF Pillow hands out."""
_REDUCED = ("JPEG", "MPO")
"""Decoded at an eighth of their size: their whole stream is read, so a broken one still raises, in half the time."""

MAX_DECODED_PIXELS = MAX_PIXELS
"""Frames of an animation are decoded until they add up to this; the rest is taken on trust, with a warning."""


def read_facts(path: Path, mime_type: str) -> FileFacts:
    """The facts of a file whose type was sniffed from its bytes.

    A picture is decoded to its end, of a video the first frame and the last ones, of sound the first; so a file with
    facts is one that opens, or is truncated and says so. Raises UnreadableMedia for any other, OSError when the disk
    fails. Collects the interpreter's warnings, so call it from one thread of a process.
    """
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        missing = missing_end(path, mime_type)
        facts = _read(path, mime_type) if missing is None else _read_truncated(path, mime_type, missing)
    texts = dict.fromkeys([*facts.warnings, *(str(w.message) for w in raised)])
    return replace(facts, warnings=tuple(texts))


def _read_truncated(path: Path, mime_type: str, missing: str) -> FileFacts:
    """What can be had of a file without its end: of a picture what its header says."""
    try:
        facts = _read(path, mime_type, is_whole=False)
    except UnreadableMedia as error:
        facts = FileFacts(warnings=(f"nothing can be read of what there is: {error}",))
    return replace(facts, truncated=missing)


def _read(path: Path, mime_type: str, is_whole: bool = True) -> FileFacts:
    # ffmpeg and PDFium are imported on their first file: 0.3 s that most workers never need.
    match mime_type.partition("/")[0]:
        case "image":
            return _picture_facts(path, mime_type, is_whole)
        case "video":
            from media_pipeline.imaging.videos import video_facts

            video = video_facts(path)
            return FileFacts(
                width=video.width,
                height=video.height,
                duration=video.duration,
                frames=video.frames,
                truncated=None if video.ends else "its last frame can't be decoded",
            )
        case "audio":
            from media_pipeline.imaging.videos import audio_facts

            return FileFacts(duration=audio_facts(path).duration)
        case _ if mime_type == PDF:
            from media_pipeline.imaging.documents import page_count

            return FileFacts(frames=page_count(path))
        case _:
            return FileFacts(warnings=(f"{mime_type} is kept as it is: no facts are read from this type",))


def _picture_facts(path: Path, mime_type: str, is_whole: bool) -> FileFacts:
    """The facts of a picture, which is decoded if its end is there."""
    notes: list[str] = []
    frames = missing = None
    with opened_picture(path, mime_type) as image:
        header_size = image.size
        if is_whole:
            # Before its EXIF is asked for: that decodes a PNG too, and what it raises then isn't raised again.
            missing = _decode_first_frame(image, mime_type)
        size = header_size if image.format in _REDUCED else image.size
        orientation = _orientation(image, notes)
        block: Any = image.info.get("exif")
        if is_whole and missing is None:
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
        truncated=missing,
        warnings=(*notes, *exif.warnings),
    )


def _decode_first_frame(image: Image.Image, mime_type: str) -> str | None:
    """Decode it. Of formats whose structure isn't looked at, the decoder says that the end is missing."""
    if image.format in _REDUCED:
        image.draft(None, (1, 1))
    try:
        image.load()
    except OSError as error:
        if has_check(mime_type) or "truncated" not in str(error):
            raise
        return str(error)
    return None


def _orientation(image: Image.Image, notes: list[str]) -> int:
    if image.format == "TIFF":
        # Pillow itself turns it, and names its size as seen from the start.
        return UPRIGHT
    try:
        return orientation_of(image)
    except UnreadableMedia as error:
        notes.append(f"EXIF orientation can't be read: {error}")
        return UPRIGHT


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
