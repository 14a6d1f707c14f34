"""EXIF by exifread: camera, time, place, and every tag in bounded size.

What belongs here: reading tags and the arithmetic of their values. What does not: which way up a picture is decoded
(:mod:`media_pipeline.imaging.pictures`), and comments, which exifread leaves out with the makers' notes
(:mod:`media_pipeline.imaging.facts.captions`).
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO, cast

import exifread

from media_pipeline.imaging.errors import reason_of
from media_pipeline.imaging.facts.captions import MAX_CHARACTERS, tidy
from media_pipeline.imaging.facts.places import NO_HEMISPHERE, NULL_ISLAND, Place, place_of
from media_pipeline.model import Capture

MAX_VALUE_CHARACTERS = 500
"""Of one tag's text; longer ones are cut and end in an ellipsis."""
MAX_TOTAL_CHARACTERS = 32_000
"""Of all names and values together; tags beyond are left out, which a warning says."""
MAX_WARNINGS = 5
MAX_BLOCK_BYTES = 4_000_000
"""Of an EXIF block; what lies behind is not looked at. Cameras write up to a preview of 2 million."""
MAX_READS = 100_000
"""That exifread may make of one file. Photographs take some hundreds; forged counts and chains take no end."""
MAX_READ_BYTES = 100_000
"""That one such reading gets: the longest text that can be told from a forgery."""
BINARY_TAGS = frozenset({"EXIF MakerNote", "JPEGThumbnail", "TIFFThumbnail", "Image XMLPacket", "EXIF Padding"})
"""Bytes of other formats: worthless as text and often tens of kilobytes."""
BINARY_SUFFIXES = ("ApplicationNotes", "InterColorProfile", "PrintIM", "Padding", "ImageResources")

Tags = Mapping[str, Any]
"""What exifread finds, each an IfdTag, whose values have no types."""

_TIMES = (
    ("EXIF DateTimeOriginal", "EXIF OffsetTimeOriginal"),
    ("EXIF DateTimeDigitized", "EXIF OffsetTimeDigitized"),
    ("Image DateTime", "EXIF OffsetTime"),
)
_MOMENT = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d|Z")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(/-?\d+)?")
_ABSENT = ("does not have exif data.", "File format not recognized.")
"""How exifread says that there is no EXIF, which is no fault."""
_EXIF_MARKER = b"Exif\x00\x00"
_SRGB = 1
"""Tag 0xA001 ColorSpace."""
MAX_ALTITUDE = 1_000_000.0
"""Metres, beyond which a number is no place on or above the earth."""


@dataclass(frozen=True, slots=True)
class ExifFacts(Capture):
    """What the EXIF block says; None where it says nothing that can be used."""

    tags: Mapping[str, str | int | float] | None = None
    orientation: int | None = None
    """1 to 8."""
    is_srgb: bool = False
    """The colour space that it names is sRGB."""
    description: str | None = None
    warnings: tuple[str, ...] = field(default=())


def read_block(block: bytes) -> ExifFacts:
    """Read an EXIF block as a decoder took it from its container; never raises, see :func:`read_exif`."""
    facts = read_exif(BytesIO(block[:MAX_BLOCK_BYTES].removeprefix(_EXIF_MARKER)))
    if len(block) <= MAX_BLOCK_BYTES:
        return facts
    return replace(facts, warnings=(*facts.warnings, f"EXIF: of {len(block):,} bytes the first were read"))


def read_exif(file: BinaryIO) -> ExifFacts:
    """Read the EXIF of an open file, at its start: a TIFF, as a bare block is one, or a container that exifread knows.

    Broken EXIF never raises: what can be read is returned, with warnings.
    """
    tags, warnings = _tags_of(_MeasuredFile(file))
    dump, left_out = _dump(tags)
    if left_out:
        warnings = (*warnings, f"EXIF: {left_out} tags beyond {MAX_TOTAL_CHARACTERS} characters were left out")
    place = _place(tags)
    if place.warning:
        warnings = (*warnings, f"GPS: {place.warning}")
    return ExifFacts(
        tags=dump or None,
        taken_at=_taken_at(tags),
        camera_make=_text(tags, "Image Make") or None,
        camera_model=_text(tags, "Image Model") or None,
        lens=_text(tags, "EXIF LensModel") or None,
        software=_text(tags, "Image Software") or None,
        latitude=place.latitude,
        longitude=place.longitude,
        # A receiver without a fix is at no height either.
        altitude=None if place.warning == NULL_ISLAND else _altitude(tags),
        orientation=orientation if (orientation := _integer(tags, "Image Orientation")) in range(1, 9) else None,
        is_srgb=_integer(tags, "EXIF ColorSpace") == _SRGB,
        description=_text(tags, "Image ImageDescription", MAX_CHARACTERS) or None,
        warnings=warnings,
    )


class _MeasuredFile:
    """A file that gives no more than EXIF of reasonable size takes, however large the sizes that it claims."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = _measured(file.read)
        self.seek = file.seek
        self.tell = file.tell


def _measured(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    # A closure takes less than half the time of a method, and a photograph is read in a hundred pieces of 2 or 4 bytes.
    reads_left = MAX_READS

    def measured(size: int = MAX_READ_BYTES) -> bytes:
        nonlocal reads_left
        reads_left -= 1
        if reads_left < 0:
            raise EOFError(f"it takes more than {MAX_READS:,} readings")
        return read(size if 0 <= size < MAX_READ_BYTES else MAX_READ_BYTES)

    return measured


def _tags_of(file: _MeasuredFile) -> tuple[Tags, tuple[str, ...]]:
    with _collected_log() as messages:
        try:
            # Without thumbnails every value is a tag.
            tags: Tags = exifread.process_file(cast("BinaryIO", file), details=False, extract_thumbnail=False)
        except Exception as error:  # noqa: BLE001  exifread raises nearly any class for broken blocks
            return {}, (f"EXIF can't be read: {reason_of(error)}",)
    faults = [message for message in messages if not message.endswith(_ABSENT)]
    return tags, tuple(f"EXIF: {message}" for message in faults[:MAX_WARNINGS])


@contextmanager
def _collected_log() -> Generator[list[str]]:
    """What exifread logs goes to the file's warnings instead of the terminal."""
    messages: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            messages.append(" ".join(record.getMessage().split())[:MAX_VALUE_CHARACTERS])
        return False

    logger = logging.getLogger("exifread")
    # A filter takes 1.4 µs, a handler 10: it has a lock and is registered for the process's end.
    logger.addFilter(keep)
    try:
        yield messages
    finally:
        logger.removeFilter(keep)


def _dump(tags: Tags) -> tuple[dict[str, str | int | float], int]:
    """Every tag that is not binary, as JSON can hold it, and how many did not fit."""
    dump: dict[str, str | int | float] = {}
    total = left_out = 0
    for name, tag in tags.items():
        if name in BINARY_TAGS or name.endswith(BINARY_SUFFIXES) or name.startswith("Thumbnail "):
            continue
        value = _plain(tag)
        total += len(name) + len(str(value))
        if total > MAX_TOTAL_CHARACTERS:
            left_out += 1
            continue
        dump[name] = value
    return dump, left_out


def _plain(tag: Any) -> str | int | float:
    """A single number as such when exifread prints it as one; else the text that it prints."""
    printed = tidy(str(tag.printable)) or ""
    values = _values(tag)
    if len(values) == 1 and _NUMBER.fullmatch(printed):
        value = values[0]
        number = value if isinstance(value, int) else _number(value)
        return printed if number is None else number
    return printed if len(printed) <= MAX_VALUE_CHARACTERS else printed[: MAX_VALUE_CHARACTERS - 1] + "…"


def _values(tag: Any) -> Sequence[Any]:
    """The tag's numbers; none for text and bytes."""
    values: Sequence[Any] = tag.values
    return values if isinstance(values, list) else ()


def _text(tags: Tags, name: str, limit: int = MAX_VALUE_CHARACTERS) -> str:
    tag = tags.get(name)
    if tag is None:
        return ""
    values: Sequence[Any] = tag.values
    # Text that isn't UTF-8 is printed as Python prints bytes.
    text = values.decode("cp1252", "replace") if isinstance(values, bytes) else str(tag.printable)
    return (tidy(text) or "")[:limit]


def _taken_at(tags: Tags) -> str | None:
    for name, offset_name in _TIMES:
        if moment := _moment(_text(tags, name)):
            offset = _text(tags, offset_name) or _text(tags, "EXIF OffsetTime")
            return moment + offset.replace("Z", "+00:00") if _OFFSET.fullmatch(offset) else moment
    return None


def _moment(text: str) -> str | None:
    """EXIF 2.32 writes ``YYYY:MM:DD HH:MM:SS`` and zeros or blanks for an unknown time."""
    match = _MOMENT.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second = match.groups("00")
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}").isoformat()
    except ValueError:
        return None


def _place(tags: Tags) -> Place:
    latitude, longitude = _degrees(tags, "GPS GPSLatitude"), _degrees(tags, "GPS GPSLongitude")
    north, east = _side(tags, "GPS GPSLatitudeRef", "NS"), _side(tags, "GPS GPSLongitudeRef", "EW")
    place = place_of(latitude, longitude)
    if place.latitude is None or place.longitude is None:
        return place
    if north is None or east is None:
        return Place(warning=NO_HEMISPHERE)
    return Place(north * place.latitude, east * place.longitude)


def _side(tags: Tags, name: str, sides: str) -> int | None:
    """1 for the first of the two sides, -1 for the second; None where neither is named."""
    named = _text(tags, name).upper()[:1]
    return {sides[0]: 1, sides[1]: -1}.get(named)


def _degrees(tags: Tags, name: str) -> float | None:
    """Degrees, minutes and seconds as decimal degrees."""
    tag = tags.get(name)
    values = _values(tag) if tag else ()
    parts = [part for value in values if (part := _number(value)) is not None and part >= 0]
    if not 1 <= len(parts) == len(values) <= 3:
        return None
    return round(sum(part / unit for part, unit in zip(parts, (1, 60, 3600), strict=False)), 7)


def _altitude(tags: Tags) -> float | None:
    """EXIF 2.32, tags 5 and 6: a ratio, and 1 for below the sea. EXIF 3.0 adds 2 and 3 for the ellipsoid."""
    tag = tags.get("GPS GPSAltitude")
    values = _values(tag) if tag else ()
    metres = _number(values[0]) if values else None
    if metres is None or abs(metres) > MAX_ALTITUDE:
        return None
    return -abs(metres) if _integer(tags, "GPS GPSAltitudeRef") in (1, 3) else metres


def _integer(tags: Tags, name: str) -> int | None:
    tag = tags.get(name)
    values = _values(tag) if tag else ()
    return values[0] if values and isinstance(values[0], int) else None


def _number(value: Any) -> float | None:
    """A ratio or number as a finite float; None for a denominator of zero."""
    try:
        number = float(value)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
