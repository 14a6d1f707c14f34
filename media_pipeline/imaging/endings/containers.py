"""The ends of containers: ISO base media files (MP4, MOV, HEIF, AVIF), Matroska and WebM, RIFF (WebP, AVI, WAV)."""

from __future__ import annotations

from typing import BinaryIO

_NOT_KNOWN = (0, 0xFFFFFFFF)
"""Sizes that a writer leaves in a RIFF file which it can't go back in."""

_BOXES = frozenset(b"ftyp styp moov mdat moof mfra sidx ssix emsg prft meta free skip wide pnot PICT udta uuid".split())
"""At the top of a file. Something else there was appended by a telephone, or the file is broken in another way."""

_HEADER, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675


def riff_end(file: BinaryIO, size: int) -> str | None:
    """Hold the size that the file names against the one it has. The last chunk's fill byte is often left out."""
    head = file.read(12)
    named = int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or len(head) < 12 or named in _NOT_KNOWN or size + 1 >= named + 8:
        return None
    return f"it has {size:,} bytes and says that it has {named + 8:,}"


def boxes_end(file: BinaryIO, size: int) -> str | None:
    """Follow the boxes of a video or sound, whose media data and index must both be there (ISO 14496-12, 4.2)."""
    kinds: set[bytes] = set()
    missing = _follow_boxes(file, size, kinds)
    if missing or not kinds or b"moof" in kinds:
        return missing
    if b"moov" not in kinds:
        return "it ends before its moov box"
    return None if b"mdat" in kinds else "it ends before its media data"


def picture_boxes_end(file: BinaryIO, size: int) -> str | None:
    """Follow the boxes of HEIF or AVIF. Small pictures have no box for their data alone."""
    return _follow_boxes(file, size, set())


def _follow_boxes(file: BinaryIO, size: int, kinds: set[bytes]) -> str | None:
    """Go from box to box to the end, and note their kinds; up to what is none of those that may end such a file."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(16)
        kind, length = head[4:8], int.from_bytes(head[:4], "big")
        if len(head) < 8:
            return None if _is_filling(head, kinds) else "it ends within the head of a box"
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if kind not in _BOXES or (length < 8 and length != 0):
            return None
        kinds.add(kind)
        if length == 0:
            # Up to the end of the file, wherever that is.
            return None
        if at + length > size:
            return f"it ends within its {kind.decode('ascii')} box"
        if kind == b"sidx" and at + length + _indexed_bytes(file, at) > size:
            return "it ends before the segments that its index names"
        at += length
    return None


def _is_filling(head: bytes, kinds: set[bytes]) -> bool:
    """Whether the last bytes, too few for a box, can't be the beginning of one that matters."""
    return not head.strip(b"\0") or not kinds or (b"mdat" in kinds and b"moof" not in kinds)


def _indexed_bytes(file: BinaryIO, at: int) -> int:
    """How many bytes behind a segment index its segments take (ISO 14496-12, 8.16.3)."""
    file.seek(at + 8)
    version = file.read(4)[0]
    wide = 8 if version else 4
    file.seek(8 + wide, 1)
    first_offset = int.from_bytes(file.read(wide), "big")
    file.seek(2, 1)
    count = int.from_bytes(file.read(2), "big")
    entries = file.read(12 * count)
    lengths = (int.from_bytes(entries[entry : entry + 4], "big") & 0x7FFFFFFF for entry in range(0, len(entries), 12))
    return first_offset + sum(lengths)


def matroska_end(file: BinaryIO, size: int) -> str | None:
    """Follow the elements (RFC 8794). Live recordings leave the sizes of segment and clusters open: then their
    blocks are followed.
    """
    at, begun = 0, False
    while at < size:
        file.seek(at)
        head = file.read(12)
        id_bytes = _number_bytes(head)
        length_bytes = _number_bytes(head[id_bytes:])
        kind = int.from_bytes(head[:id_bytes], "big")
        if id_bytes > 4 or length_bytes > 8 or (at == 0 and kind != _HEADER):
            return None
        if not length_bytes or id_bytes + length_bytes > len(head):
            return "it ends within the head of an element"
        open_length = (1 << 7 * length_bytes) - 1
        length = int.from_bytes(head[id_bytes : id_bytes + length_bytes], "big") & open_length
        at += id_bytes + length_bytes
        if length != open_length:
            at += length
        elif kind not in (_SEGMENT, _CLUSTER):
            return None
        begun = begun or kind == _SEGMENT
    if at > size:
        return "it ends within an element"
    return None if begun or not size else "it ends before its segment"


def _number_bytes(head: bytes) -> int:
    """How many bytes the number has that stands here (RFC 8794, section 4); 0 at the end, 9 when it is none."""
    return 9 - head[0].bit_length() if head else 0
