"""What makes a picture and a video the two halves of a live photo: the same content identifier, by Apple.

What belongs here: finding it. What does not: finding the other half.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from PIL import ExifTags, Image

from media_pipeline.imaging.facts.captions import tidy

VIDEO_TAG = "com.apple.quicktime.content.identifier"
_MAKER_NOTE = 0x927C
_APPLE = b"Apple iOS\0"
_DIRECTORY_AT = 14
_IDENTIFIER, _ASCII = 0x11, 2
_MAX_CHARACTERS = 100


def identifier_of_picture(image: Image.Image) -> str | None:
    """From Apple's maker note, which is a directory of tags like EXIF's own. Raises whatever broken EXIF causes."""
    if "exif" not in image.info:
        return None
    note = image.getexif().get_ifd(ExifTags.IFD.Exif).get(_MAKER_NOTE)
    if not isinstance(note, bytes) or not note.startswith(_APPLE):
        return None
    order = "<" if note[_DIRECTORY_AT - 2 : _DIRECTORY_AT] == b"II" else ">"
    (count,) = struct.unpack_from(f"{order}H", note, _DIRECTORY_AT)
    for at in range(_DIRECTORY_AT + 2, min(len(note) - 11, _DIRECTORY_AT + 2 + 12 * count), 12):
        tag, kind, length, place = struct.unpack_from(f"{order}HHII", note, at)
        if (tag, kind) == (_IDENTIFIER, _ASCII) and length > 4:
            return _identifier(note[place : place + min(length, _MAX_CHARACTERS)].decode("ascii", "replace"))
    return None


def identifier_of_video(tags: Mapping[str, str]) -> str | None:
    """From the tags of its container."""
    return _identifier(tags.get(VIDEO_TAG, ""))


def _identifier(text: str) -> str | None:
    return tidy(text.partition("\0")[0][:_MAX_CHARACTERS])
