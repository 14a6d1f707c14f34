"""The end of TIFF: the last byte that its directories point to (TIFF 6.0, section 2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""By the type of an entry."""
_INTEGERS = {3: "H", 4: "I"}
_OFFSETS = {273: 279, 324: 325}
"""Tag of the offsets of strips, or tiles, and the tag of their lengths."""
_PLACES = (*_OFFSETS, *_OFFSETS.values())
_STANDARD_TAGS = range(254, 533)
"""Those of TIFF 6.0. Private ones may hold anything, also places that nothing stands at."""
_PAGES = 10_000
"""Directories that are followed at most: a loop of them must end."""


def tiff_end(file: BinaryIO, size: int) -> str | None:
    """Follow the directories and hold the places that they name against the size."""
    head = file.read(8)
    order = _BYTE_ORDERS.get(head[:4])
    if order is None or len(head) < 8:
        return None
    (offset,) = struct.unpack(f"{order}I", head[4:])
    for _ in range(_PAGES):
        if offset == 0:
            return None
        if offset + 2 > size:
            return "it ends before a directory that it names"
        file.seek(offset)
        (count,) = struct.unpack(f"{order}H", file.read(2))
        entries = file.read(12 * count + 4)
        if len(entries) < 12 * count + 4:
            return "it ends within a directory"
        if any(end > size for end in _ends(file, order, entries)):
            return "it ends before the picture data that it names"
        (offset,) = struct.unpack_from(f"{order}I", entries, 12 * count)
    return None


def _ends(file: BinaryIO, order: str, entries: bytes) -> Iterator[int]:
    """The ends of strips and tiles, and of what the directory holds of other standard tags."""
    integers: dict[int, tuple[int, ...]] = {}
    for at in range(0, len(entries) - 4, 12):
        tag, kind, count = struct.unpack_from(f"{order}HHI", entries, at)
        if tag not in _STANDARD_TAGS:
            continue
        length = count * _VALUE_BYTES.get(kind, 0)
        offset = at + 8
        if length > 4:
            (offset,) = struct.unpack_from(f"{order}I", entries, at + 8)
            yield offset + length
        if tag in _PLACES and kind in _INTEGERS:
            integers[tag] = _integers(
                file if length > 4 else BytesIO(entries), offset, f"{order}{count}{_INTEGERS[kind]}"
            )
    for offsets, lengths in _OFFSETS.items():
        pairs = zip(integers.get(offsets, ()), integers.get(lengths, ()), strict=False)
        yield from (start + length for start, length in pairs)


def _integers(file: BinaryIO, offset: int, form: str) -> tuple[int, ...]:
    """The numbers that stand at a place, or none when the place isn't there."""
    file.seek(offset)
    value = file.read(struct.calcsize(form))
    return struct.unpack(form, value) if len(value) == struct.calcsize(form) else ()
