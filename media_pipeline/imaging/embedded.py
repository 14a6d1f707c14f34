"""Files inside a picture's file: the video of a motion photo, the gain map of an Ultra HDR picture.

What belongs here: where they lie, and whether they are all there. What does not: what XMP says of them
(:mod:`media_pipeline.imaging.facts.xmp_parts`), decoding them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO, cast

from PIL import Image

from media_pipeline.imaging.endings.boxes import is_kind, top_boxes, video_end
from media_pipeline.imaging.endings.pictures import jpeg_end
from media_pipeline.imaging.facts.xmp_parts import GAIN_MAP, MOTION_PHOTO, Promise, promised_parts
from media_pipeline.model import EmbeddedFile

_FILE_TYPE = b"ftyp"
_LONGEST_FILE_TYPE = 1024
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"avif")
_JPEG = b"\xff\xd8\xff"
_ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1"
"""Begins an APP2 segment of a picture that has a gain map (ISO 21496-1, annex C)."""
_HEIF = ("image/heic", "image/heif", "image/avif")
_HEIF_VIDEO = b"mpvd"
"""The box that holds the video of a motion photo in HEIC (Motion Photo format 1.0)."""


@dataclass(frozen=True, slots=True)
class EmbeddedFiles:
    """What a picture's file holds besides the picture, or says to hold."""

    motion_photo: EmbeddedFile | None = None
    gain_map: EmbeddedFile | None = None


def embedded_files(image: Image.Image, path: Path, mime_type: str) -> EmbeddedFiles:
    """By the XMP of the opened picture, and by the bytes behind it, which tell where XMP is gone. Raises OSError."""
    is_jpeg = mime_type == "image/jpeg"
    if (not is_jpeg and mime_type not in _HEIF) or path.stat().st_size == 0:
        return EmbeddedFiles()
    xmp: Any = image.info.get("xmp")
    promised = promised_parts(xmp) if isinstance(xmp, bytes | str) else {}
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        if not is_jpeg:
            return EmbeddedFiles(_video_in_boxes(content, promised.get(MOTION_PHOTO)))
        # Without an end, the picture itself is cut, and nothing lies behind it.
        start = file.tell() if jpeg_end(file, len(content)) is None else len(content)
        if _has_iso_gain_map(image):
            promised.setdefault(GAIN_MAP, Promise())
        return EmbeddedFiles(
            _video_behind(content, start, promised.get(MOTION_PHOTO)), _gain_map(content, start, promised)
        )


def _video_in_boxes(content: mmap, promise: Promise | None) -> EmbeddedFile | None:
    """In the box for it, or as a file of its own behind the boxes of the picture."""
    boxes = list(top_boxes(cast("BinaryIO", content), len(content)))
    for box in boxes:
        if box.kind == _HEIF_VIDEO:
            length = box.length - box.head_bytes
            return EmbeddedFile(box.at + box.head_bytes, length, box.end <= len(content))
    second = next((box for box in boxes[1:] if box.kind == _FILE_TYPE), None)
    if second is None:
        return EmbeddedFile(None, promise.length, is_there=False) if promise else None
    return _video_at(content, second.at, promise.length if promise else None)


def _video_behind(content: mmap, start: int, promise: Promise | None) -> EmbeddedFile | None:
    """Where XMP says that it is, else where one begins: Samsung names it in a trailer, and platforms cut files off."""
    if promise and promise.from_end is not None:
        named = len(content) - promise.from_end
        if named >= start and _begins_video(content, named):
            return _video_at(content, named, promise.length)
    at = content.find(_FILE_TYPE, start)
    while at >= 0:
        if at - 4 >= start and _begins_video(content, at - 4):
            return _video_at(content, at - 4, promise.length if promise else None)
        at = content.find(_FILE_TYPE, at + 4)
    return EmbeddedFile(None, promise.length, is_there=False) if promise else None


def _begins_video(content: mmap, at: int) -> bool:
    length = int.from_bytes(content[at : at + 4], "big")
    brand = content[at + 8 : at + 12]
    is_head = content[at + 4 : at + 8] == _FILE_TYPE and 16 <= length <= _LONGEST_FILE_TYPE
    return is_head and is_kind(brand) and brand not in _PICTURE_BRANDS


def _video_at(content: mmap, at: int, length: int | None) -> EmbeddedFile:
    """As long as it is said to be, else as its boxes go on."""
    rest = content[at:]
    if length is None:
        length = max(box.end for box in top_boxes(BytesIO(rest), len(rest)))
    is_there = length <= len(rest) and video_end(BytesIO(rest[:length]), length) is None
    return EmbeddedFile(at, length, is_there)


def _gain_map(content: mmap, start: int, promised: Mapping[str, Promise]) -> EmbeddedFile | None:
    """Where XMP says that it is, else right behind the picture."""
    promise = promised.get(GAIN_MAP)
    if promise is None:
        return None
    named = len(content) - promise.from_end if promise.from_end is not None else start
    for at in (named, start):
        if at >= start and content[at : at + len(_JPEG)] == _JPEG:
            rest = BytesIO(content[at:])
            is_there = jpeg_end(rest, len(content) - at) is None
            found = rest.tell() if is_there else None
            return EmbeddedFile(at, promise.length if promise.length is not None else found, is_there)
    return EmbeddedFile(None, promise.length, is_there=False)


def _has_iso_gain_map(image: Image.Image) -> bool:
    segments: list[tuple[str, bytes]] = getattr(image, "applist", [])
    return any(name == "APP2" and body.startswith(_ISO_GAIN_MAP) for name, body in segments)
