"""What an ISO base media file is, by the boxes that its first bytes show: MP4, MOV, 3GP, M4A, HEIF, HEIC, AVIF.

What belongs here: boxes and brands. What does not: every other format (:mod:`media_pipeline.fetch.sniff`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class BoxMedia(StrEnum):
    """The extension of what such a file is."""

    MP4 = "mp4"
    MOV = "mov"
    THREE_GP = "3gp"
    M4A = "m4a"
    HEIC = "heic"
    HEIF = "heif"
    AVIF = "avif"


_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), BoxMedia.AVIF),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), BoxMedia.HEIC),
    **dict.fromkeys((b"mif1", b"mif2", b"mif3", b"msf1", b"miaf", b"1pic"), BoxMedia.HEIF),
    b"qt  ": BoxMedia.MOV,
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P ", b"F4A "), BoxMedia.M4A),
}
"""Major brands of files that are not MP4 (https://mp4ra.org, registered brands)."""
_CODINGS = {b"av01": BoxMedia.AVIF, b"hvc1": BoxMedia.HEIC}
"""Of the pictures in a HEIF file."""

_OF_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""First boxes of QuickTime files older than the ftyp box."""
_OF_FRAGMENTS = (b"styp", b"moof")


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    body: bytes
    """As much of it as there is."""


def box_media(head: bytes) -> BoxMedia | None:
    """Go from box to box, whatever their kinds, to the first that tells; None where none does."""
    first = b""
    boxes = _boxes(head)
    for box in boxes:
        first = first or box.kind
        if box.kind == b"ftyp":
            return _by_brand(head, box.body, boxes)
        if box.kind == b"meta" and _holds_pictures(box):
            return _coding(box.body)
        if box.kind in _OF_FRAGMENTS:
            return BoxMedia.MP4
        if box.kind in (b"moov", b"mdat"):
            return BoxMedia.MOV
    return BoxMedia.MOV if first in _OF_QUICKTIME else None


def _boxes(head: bytes) -> Iterator[_Box]:
    at = 0
    while at + 8 <= len(head):
        length, kind, start = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8], at + 8
        if length == 1:
            length, start = int.from_bytes(head[at + 8 : at + 16], "big"), at + 16
        if not kind.isascii() or not kind.decode("ascii").isprintable() or (length < start - at and length != 0):
            return
        end = at + length if length else len(head)
        yield _Box(kind, head[start:end])
        at = end


def _by_brand(head: bytes, body: bytes, following: Iterator[_Box]) -> BoxMedia:
    major = body[:4]
    compatible = {body[at : at + 4] for at in range(8, min(len(body), 248), 4)}
    found = _BRANDS.get(major)
    if found is BoxMedia.HEIF:
        return _of_brands(compatible | {body[4:8]})
    if found:
        return found
    if major.startswith((b"3gp", b"3g2", b"3gs")):
        return BoxMedia.THREE_GP
    if _begins_with_pictures(following):
        return _of_brands({major, *compatible})
    has_sound_only = b"moov" in head and b"soun" in head and b"vide" not in head
    return BoxMedia.M4A if has_sound_only else BoxMedia.MP4


def _of_brands(brands: set[bytes]) -> BoxMedia:
    """Which kind of HEIF: of ``mif3`` the minor version says it, of all others a compatible brand."""
    kinds = {_BRANDS.get(brand) for brand in brands}
    return next((kind for kind in (BoxMedia.AVIF, BoxMedia.HEIC) if kind in kinds), BoxMedia.HEIF)


def _begins_with_pictures(boxes: Iterator[_Box]) -> bool:
    """Whether pictures are told of before any footage, as in HEIF of a brand that nobody knows."""
    for box in boxes:
        if box.kind == b"mini" or (box.kind == b"meta" and _holds_pictures(box)):
            return True
        if box.kind in (b"moov", b"mdat", b"moof"):
            return False
    return False


def _holds_pictures(meta: _Box) -> bool:
    """By its handler (ISO 14496-12, 8.4.3; ISO 23008-12, 6.2)."""
    at = meta.body.find(b"hdlr")
    return at >= 0 and meta.body[at + 12 : at + 16] == b"pict"


def _coding(meta: bytes) -> BoxMedia:
    return next((kind for coding, kind in _CODINGS.items() if coding in meta), BoxMedia.HEIF)
