"""The ends of ISO base media files: MP4, MOV, HEIF, AVIF.

Boxes of any kind are passed over, as the standard wants it (ISO 14496-12, 4.2): writers add kinds of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_KNOWN = frozenset(
    b"ftyp styp moov mdat moof mfra sidx ssix emsg prft pdin meta mini free skip wide pnot PICT udta uuid".split()
)
"""At the top of a file. One of another kind that is longer than the file may be the words of a telephone."""
_VIDEO = frozenset((b"moov", b"mdat"))
_PICTURE = frozenset((b"meta", b"mdat"))
"""What a reader needs; of small pictures ``meta`` alone."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box at the top of a file, as its head says."""

    kind: bytes
    at: int
    head_bytes: int
    length: int
    """With its head; up to the end of the file where it leaves that open."""

    @property
    def end(self) -> int:
        return self.at + self.length


def top_boxes(file: BinaryIO, size: int) -> Iterator[Box]:
    """From box to box, up to the first that is longer than the file, or to what is no box at all."""
    at = 0
    while at < size:
        box = _box_at(file, at, size)
        if box is None:
            return
        yield box
        at = box.end


def _box_at(file: BinaryIO, at: int, size: int) -> Box | None:
    file.seek(at)
    head = file.read(16)
    length, kind, head_bytes = int.from_bytes(head[:4], "big"), head[4:8], 8
    if len(kind) < 4 or not is_kind(kind):
        return None
    if length == 1:
        length, head_bytes = int.from_bytes(head[8:16], "big"), 16
    elif length == 0:
        length = size - at
    return Box(kind, at, head_bytes, length) if length >= head_bytes else None


def is_kind(kind: bytes) -> bool:
    """Whether these are four characters; Apple's may begin with a copyright sign of Mac OS Roman."""
    return all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind)


def video_end(file: BinaryIO, size: int) -> str | None:
    """Follow the boxes of a video or sound, whose media data and index must both be there (ISO 14496-12, 4.2)."""
    kinds: set[bytes] = set()
    missing, rest = _follow(file, size, kinds, _VIDEO)
    if missing or not kinds or b"moof" in kinds or rest:
        return missing
    if b"moov" not in kinds:
        return "it ends before its moov box"
    return None if b"mdat" in kinds else "it ends before its media data"


def picture_end(file: BinaryIO, size: int) -> str | None:
    """Follow the boxes of HEIF or AVIF. Small pictures have no box for their data alone."""
    return _follow(file, size, set(), _PICTURE)[0]


def _follow(file: BinaryIO, size: int, kinds: set[bytes], needed: frozenset[bytes]) -> tuple[str | None, bool]:
    """How the end is missing, and whether the boxes end at bytes that are none and that hide what follows.

    The kinds that are met are added to ``kinds``. Once all that is needed was there, what can't be followed is no
    part of the medium.
    """
    at, last = 0, b""
    for box in top_boxes(file, size):
        if box.end > size:
            is_foreign = box.kind not in _KNOWN and needed <= kinds
            return None if is_foreign else f"it ends within its {box.kind.decode('mac_roman')} box", False
        if box.kind == b"ftyp" and needed <= kinds:
            # Another file hangs on the end, such as the video of a motion photo.
            return None, False
        kinds.add(box.kind)
        at, last = box.end, box.kind
        if box.kind == b"sidx" and at + _indexed_bytes(file, box) > size:
            return "it ends before the segments that its index names", False
    awaits_more = not needed <= kinds or (b"moof" in kinds and last == b"mdat")
    return _left_over(file, at, size, last, awaits_more)


def _left_over(file: BinaryIO, at: int, size: int, last: bytes, awaits_more: bool) -> tuple[str | None, bool]:
    """What the bytes behind the last box are: filling, the head of a box that was cut, or something else."""
    file.seek(at)
    rest = file.read(64)
    if not rest.strip(b"\0"):
        return None, False
    if size - at >= 8:
        return None, True
    # Only a box of more than 16 million bytes has another first byte.
    is_cut = last == b"moof" or (bool(last) and awaits_more and rest[0] == 0)
    return "it ends within the head of a box" if is_cut else None, False


def _indexed_bytes(file: BinaryIO, box: Box) -> int:
    """How many bytes behind a segment index its segments take (ISO 14496-12, 8.16.3)."""
    file.seek(box.at + box.head_bytes)
    version = file.read(4)[0]
    wide = 8 if version else 4
    file.seek(8 + wide, 1)
    first_offset = int.from_bytes(file.read(wide), "big")
    file.seek(2, 1)
    count = int.from_bytes(file.read(2), "big")
    entries = file.read(12 * count)
    lengths = (int.from_bytes(entries[entry : entry + 4], "big") & 0x7FFFFFFF for entry in range(0, len(entries), 12))
    return first_offset + sum(lengths)
