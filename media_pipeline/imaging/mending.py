"""Copies in memory of pictures that a decoder refuses for parts which a still does not need.

What belongs here: leaving out, or calling by another name, what stands between the decoder and the picture. What does
not: decoding, and the file itself, which stays as it came.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from media_pipeline.imaging.endings.boxes import Box, top_boxes

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OF_ANIMATION = frozenset((b"acTL", b"fcTL", b"fdAT"))
_ANCILLARY = 0x20
"""The bit of a chunk's first letter that says that a picture can be shown without it (ISO 15948, 5.4)."""

_HEIF_BRANDS = {"image/avif": b"avif", "image/heic": b"heic", "image/heif": b"mif1"}
_HEIF_BOXES = frozenset((b"ftyp", b"meta", b"mdat", b"moov", b"free"))


@dataclass(frozen=True, slots=True)
class Mended:
    """The copy, and what is lost in it; None where it shows all that the original holds."""

    content: BytesIO
    loss: str | None = None


def mended(path: Path, mime_type: str) -> Mended | None:
    """A copy that a decoder may take; None for types that nothing can be left out of. Raises OSError."""
    if mime_type == "image/png":
        return _plain_png(path.read_bytes())
    return _plain_heif(path, _HEIF_BRANDS[mime_type]) if mime_type in _HEIF_BRANDS else None


def _plain_png(content: bytes) -> Mended:
    """Without its animation, and without broken chunks that a picture can be shown without."""
    kept, at, loss = [_PNG_SIGNATURE], len(_PNG_SIGNATURE), set[str]()
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + 12 + length]
        at += len(chunk)
        if kind in _OF_ANIMATION:
            loss.add("its animation can't be read, and it is taken as a still")
        elif kind[0] & _ANCILLARY and chunk[-4:] != struct.pack(">I", zlib.crc32(chunk[4:-4])):
            loss.add(f"its {kind.decode('ascii', 'replace')} chunk is broken, and left out")
        else:
            kept.append(chunk)
    return Mended(BytesIO(b"".join(kept)), "; ".join(sorted(loss)) or None)


def _plain_heif(path: Path, brand: bytes) -> Mended | None:
    """With the box of the brand in front, a brand that decoders know, and their own boxes alone: all others are called
    free space. No byte of the pictures moves, since other boxes name their places.
    """
    content = path.read_bytes()
    boxes = list(top_boxes(BytesIO(content), len(content)))
    head = next((box for box in boxes if box.kind == b"ftyp"), None)
    if head is None:
        return None
    copy = bytearray(content)
    for box in boxes:
        if box.kind not in _HEIF_BOXES:
            copy[box.at + 4 : box.at + 8] = b"free"
    copy[head.at + head.head_bytes : head.at + head.head_bytes + 4] = brand
    return Mended(BytesIO(_in_front(bytes(copy), head)))


def _in_front(content: bytes, box: Box) -> bytes:
    return content[box.at : box.end] + content[: box.at] + content[box.end :]
