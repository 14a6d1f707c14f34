"""The ends of JPEG, PNG and GIF.

What follows a picture's end is nobody's business here: gain maps, second pictures and videos of telephones.
"""

from __future__ import annotations

import re
from typing import BinaryIO

_CHUNK_BYTES = 1 << 16
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)
"""What ends a run of coded data: any marker but restarts (D0 to D7), stuffed zeros and fill bytes (ITU T.81, B.1.1)."""
_START_OF_IMAGE, _END_OF_IMAGE = b"\xff\xd8", 0xD9
_STANDALONE = (0x01, 0xD8)
"""Markers without a segment."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_EXTENSION, _IMAGE, _NOTHING = b"!", b",", b"\0"
"""What begins a block of a GIF; decoders pass over zeros between blocks."""


def jpeg_end(file: BinaryIO, size: int) -> str | None:
    """Follow the markers to the end of the first image (ITU T.81, B.2). Coded data is searched, not decoded."""
    if file.read(2) != _START_OF_IMAGE:
        return None
    while (code := _next_marker(file)) != _END_OF_IMAGE:
        if code is None:
            return "its picture data ends before the end-of-image marker"
        if code in _STANDALONE:
            continue
        length = file.read(2)
        if len(length) < 2 or file.tell() + int.from_bytes(length, "big") - 2 > size:
            return "it ends within a segment before its picture data ends"
        file.seek(max(int.from_bytes(length, "big") - 2, 0), 1)
    return None


def _next_marker(file: BinaryIO) -> int | None:
    """The code of the next marker, the file then behind it; None when there is none any more."""
    head = file.read(2)
    if _JPEG_MARKER.fullmatch(head):
        return head[1]
    file.seek(-len(head), 1)
    while chunk := file.read(_CHUNK_BYTES):
        found = _JPEG_MARKER.search(chunk)
        if found:
            file.seek(found.end() - len(chunk), 1)
            return chunk[found.end() - 1]
        if chunk.endswith(b"\xff") and len(chunk) > 1:
            file.seek(-1, 1)
    return None


def png_end(file: BinaryIO, size: int) -> str | None:
    """Follow the chunks to IEND (ISO 15948, 5.3)."""
    if file.read(8) != _PNG_SIGNATURE:
        return None
    while True:
        header = file.read(8)
        if len(header) < 8:
            return "it ends before its IEND chunk"
        kind = header[4:]
        if not kind.isalpha():
            return None
        behind = file.tell() + int.from_bytes(header[:4], "big") + 4
        if behind > size:
            return f"it ends within its {kind.decode('ascii')} chunk"
        if kind == b"IEND":
            return None
        file.seek(behind)


def gif_end(file: BinaryIO, _size: int) -> str | None:
    """Follow the blocks to the trailer (GIF89a specification, appendix B)."""
    header = file.read(13)
    if header[:3] != b"GIF":
        return None
    if len(header) == 13:
        file.seek(_colour_table_bytes(header[10]), 1)
    while introducer := file.read(1):
        if introducer == _EXTENSION:
            file.seek(1, 1)
            _skip_sub_blocks(file)
        elif introducer == _IMAGE:
            descriptor = file.read(9)
            file.seek(_colour_table_bytes(descriptor[-1]) + 1 if descriptor else 0, 1)
            _skip_sub_blocks(file)
        elif introducer != _NOTHING:
            # The trailer, or what only a decoder can make something of.
            return None
    return "it ends before its trailer"


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_sub_blocks(file: BinaryIO) -> None:
    while (length := file.read(1)) and length != b"\0":
        file.seek(length[0], 1)
