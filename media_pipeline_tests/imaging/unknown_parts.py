"""Whole files of every container with a part in them that no reader knows, at places where the container allows one."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Insertion = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """A way to put an unknown part into a container."""

    insert: Insertion
    is_behind: bool = False
    """Whether it stands behind the last byte that the medium needs, so that a cut through it takes nothing away."""


def _word(chosen: random.Random, letters: str = "abcdefghijklmnopqrstuvwxyz") -> bytes:
    return "".join(chosen.choice(letters) for _ in range(4)).encode()


def _filling(chosen: random.Random) -> bytes:
    return chosen.randbytes(chosen.choice((0, 1, 7, 64, 700, 5000)))


def _box(chosen: random.Random) -> bytes:
    kind = chosen.choice((b"beam", b"pdin", b"mini", b"junk", b"\xa9xyz", _word(chosen)))
    body = _filling(chosen)
    if chosen.random() < 0.3:
        return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body
    return struct.pack(">I4s", 8 + len(body), kind) + body


def boxes(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and kind of each box at the top of a file."""
    at = 0
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        yield at, at + length, kind
        at += length


def box_between(content: bytes, chosen: random.Random) -> bytes:
    """An unknown box somewhere behind the first one; offsets into the file follow."""
    at = chosen.choice([start for start, _, _ in boxes(content) if start])
    return box_at(content, at, _box(chosen))


def box_behind(content: bytes, chosen: random.Random) -> bytes:
    return content + _box(chosen)


def box_behind_the_head(content: bytes, chosen: random.Random) -> bytes:
    """Of fragmented files, whose fragments name their places by their own."""
    at = next(end for _, end, kind in boxes(content) if kind == b"moov")
    return content[:at] + _box(chosen) + content[at:]


def box_at(content: bytes, at: int, box: bytes) -> bytes:
    """With the box in this place; offsets into the file follow."""
    patched = bytearray(content)
    for start, end, kind in boxes(content):
        if kind == b"moov":
            _move_chunks(patched, start, end, at, len(box))
        elif kind == b"meta":
            _move_items(patched, start, end, at, len(box))
    return bytes(patched[:at]) + box + bytes(patched[at:])


def _move_chunks(patched: bytearray, start: int, end: int, at: int, by: int) -> None:
    found = patched.find(b"stco", start, end)
    while found >= 0:
        (count,) = struct.unpack_from(">I", patched, found + 8)
        for place in range(found + 12, found + 12 + 4 * count, 4):
            (offset,) = struct.unpack_from(">I", patched, place)
            struct.pack_into(">I", patched, place, offset + by * (offset >= at))
        found = patched.find(b"stco", found + 4, end)


def _move_items(patched: bytearray, start: int, end: int, at: int, by: int) -> None:
    """In an ``iloc`` whose numbers have four bytes (ISO 14496-12, 8.11.3)."""
    found = patched.find(b"iloc", start, end)
    if found < 0:
        return
    version, sizes, base_size = patched[found + 4], patched[found + 8], patched[found + 9] >> 4
    assert sizes == 0x44
    (count,) = struct.unpack_from(">H", patched, found + 10)
    place = found + 12
    for _ in range(count):
        base = place + (6 if version else 4)
        (extents,) = struct.unpack_from(">H", patched, base + base_size)
        first = base + base_size + 2
        for offset_at in [base] if base_size else range(first, first + 8 * extents, 8):
            (offset,) = struct.unpack_from(">I", patched, offset_at)
            struct.pack_into(">I", patched, offset_at, offset + by * (offset >= at))
        place = first + 8 * extents


def jpeg_segment(content: bytes, chosen: random.Random) -> bytes:
    at, places = 2, [2]
    while content[at + 1] != 0xDA:
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]
        places.append(at)
    body = _filling(chosen)
    segment = bytes((0xFF, chosen.choice((*range(0xE3, 0xEC), 0xFE)))) + struct.pack(">H", 2 + len(body)) + body
    at = chosen.choice(places)
    return content[:at] + segment + content[at:]


def png_chunk(content: bytes, chosen: random.Random) -> bytes:
    at, places = 8, list[int]()
    before = b""
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        if at > 8 and (kind, before) not in ((b"IDAT", b"IDAT"), (b"fdAT", b"fdAT")):
            places.append(at)
        at, before = at + 12 + length, kind
    kind, body = b"zz" + chosen.choice((b"Za", b"Zb")), _filling(chosen)
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    at = chosen.choice(places)
    return content[:at] + chunk + content[at:]


def gif_extension(content: bytes, chosen: random.Random) -> bytes:
    assert content.endswith(b";")
    body = b"".join(bytes([len(piece)]) + piece for piece in (chosen.randbytes(chosen.randrange(1, 256)),) * 3)
    extension = b"!" + bytes([chosen.choice((0xFE, 0xCE, 0x77))]) + body + b"\0"
    head = 13 + (3 << ((content[10] & 7) + 1) if content[10] & 0x80 else 0)
    at = chosen.choice((head, len(content) - 1))
    return content[:at] + extension + content[at:]


def riff_chunk_behind(content: bytes, chosen: random.Random) -> bytes:
    body = _filling(chosen)
    content += struct.pack("<4sI", _word(chosen), len(body)) + body + bytes(len(body) % 2)
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def wav_chunk(content: bytes, chosen: random.Random) -> bytes:
    body = _filling(chosen)
    chunk = struct.pack("<4sI", _word(chosen), len(body)) + body + bytes(len(body) % 2)
    at = chosen.choice((12, content.index(b"data")))
    content = content[:at] + chunk + content[at:]
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def tiff_tag(content: bytes, chosen: random.Random) -> bytes:
    """A private tag in a first directory that is written anew at the end."""
    assert content.startswith(b"II")
    (at,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, at)
    entries, following = content[at + 2 : at + 2 + 12 * count], content[at + 2 + 12 * count : at + 6 + 12 * count]
    body = _filling(chosen) or b"12345"
    content += bytes(len(content) % 2) + body + bytes(len(body) % 2)
    place = len(content) - len(body) - len(body) % 2
    tag = struct.pack("<HHII", chosen.randrange(65_000, 65_535), 7, len(body) + 5 * (len(body) < 5), place)
    directory = struct.pack("<H", count + 1) + entries + tag + following
    return content[:4] + struct.pack("<I", len(content)) + content[8:] + directory


def _element(chosen: random.Random) -> bytes:
    body = _filling(chosen)
    kind = chosen.choice((b"\xec", b"\x4d\xdd", b"\x2a\xbb\xcc"))
    return kind + _size(body) + body


def _size(body: bytes) -> bytes:
    return (1 << 56 | len(body)).to_bytes(8, "big")


def matroska_element_in_front(content: bytes, chosen: random.Random) -> bytes:
    at = content.index(b"\x18\x53\x80\x67")
    return content[:at] + b"\xec" + _size(body := _filling(chosen)) + body + content[at:]


def matroska_element_within(content: bytes, chosen: random.Random) -> bytes:
    at = content.index(b"\x18\x53\x80\x67") + 4
    element = _element(chosen)
    size = int.from_bytes(content[at : at + 8], "big") & ((1 << 56) - 1)
    return content[:at] + (1 << 56 | size + len(element)).to_bytes(8, "big") + content[at + 8 :] + element


def matroska_element_behind(content: bytes, chosen: random.Random) -> bytes:
    return content + _element(chosen)


def ts_packet(content: bytes, chosen: random.Random, length: int = 188) -> bytes:
    lead = length - 188
    number = chosen.choice((0x1FFF, 0x1ABC))
    packet = bytes(lead) + struct.pack(">BHB", 0x47, number, 0x10) + chosen.randbytes(184)
    at = chosen.randrange(4, len(content) // length) * length
    return content[:at] + packet * chosen.randrange(1, 4) + content[at:]


def wide_ts_packet(content: bytes, chosen: random.Random) -> bytes:
    return ts_packet(content, chosen, 192)


def mp3_tag_in_front(content: bytes, chosen: random.Random) -> bytes:
    at = 0
    if content.startswith(b"ID3"):
        at = 10 + sum(byte << 7 * (3 - place) for place, byte in enumerate(content[6:10]))
    body = b"XYZQ" + struct.pack(">IH", 0x50, 0) + chosen.randbytes(0x50)
    return b"ID3\4\0\0" + bytes((0, 0, len(body) >> 7, len(body) & 127)) + body + content[at:]


def ogg_stream(content: bytes, chosen: random.Random) -> bytes:
    """A logical stream of a kind that nobody knows, multiplexed, behind the first page."""
    at = 27 + content[26] + sum(content[27 : 27 + content[26]])
    body = b"\x80" + _word(chosen) + chosen.randbytes(40)
    page = b"OggS\0\6" + bytes(8) + struct.pack("<III", chosen.getrandbits(32), 0, 0) + bytes((1, len(body))) + body
    return content[:at] + page[:22] + struct.pack("<I", _ogg_crc(page)) + page[26:] + content[at:]


def _ogg_crc(page: bytes) -> int:
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value


def flac_block(content: bytes, chosen: random.Random) -> bytes:
    body = _word(chosen) + _filling(chosen)
    return content[:42] + bytes((chosen.choice((2, 100)),)) + len(body).to_bytes(3, "big") + body + content[42:]


def pdf_comment(content: bytes, chosen: random.Random) -> bytes:
    return content + b"\n%" + chosen.randbytes(40).hex().encode() * chosen.choice((1, 30, 300)) + b"\n"


def trailer(content: bytes, chosen: random.Random) -> bytes:
    """What telephones, mail programs and careless copiers leave behind a file."""
    made = (
        bytes(chosen.choice((1, 3, 100, 5000))),
        b"\r\n",
        b"\0\0\x30\x0a\x10\0\0\0Unknown_Of_Phone" + chosen.randbytes(300) + b"SEFHe\0\0\0" + bytes(20) + b"SEFT",
        b"<html>\r\n<!-- 0.01 s --></html>\r\n" * chosen.choice((1, 200)),
        b"GPS and other words of a telephone",
        chosen.randbytes(chosen.choice((1, 5, 3000))),
    )
    return content + chosen.choice(made)


_TRAILER = Part(trailer, is_behind=True)
_BOXES = (Part(box_between), Part(box_between), Part(box_behind, is_behind=True), _TRAILER)
_MATROSKA = (Part(matroska_element_in_front), Part(matroska_element_within, True), Part(matroska_element_behind, True))

PARTS: dict[str, tuple[Part, ...]] = {
    "jpeg": (Part(jpeg_segment), Part(jpeg_segment), _TRAILER),
    "png": (Part(png_chunk), Part(png_chunk), _TRAILER),
    "animated png": (Part(png_chunk), Part(png_chunk), _TRAILER),
    "animated gif": (Part(gif_extension), Part(gif_extension), _TRAILER),
    "webp": (Part(riff_chunk_behind), _TRAILER),
    "animated webp": (Part(riff_chunk_behind), _TRAILER),
    "tiff": (Part(tiff_tag), _TRAILER),
    "heic": _BOXES,
    "avif": _BOXES,
    "mp4": _BOXES,
    "mp4 with its index in front": _BOXES,
    "fragmented mp4": (Part(box_behind_the_head), Part(box_behind, is_behind=True)),
    "mov": _BOXES,
    "m4a": _BOXES,
    "mkv": (*_MATROSKA, _TRAILER),
    "webm": (*_MATROSKA, _TRAILER),
    "mpeg-ts": (Part(ts_packet), Part(ts_packet), _TRAILER),
    "mpeg-ts of 192 bytes": (Part(wide_ts_packet), Part(wide_ts_packet), _TRAILER),
    "mp3": (Part(mp3_tag_in_front), _TRAILER),
    "ogg": (Part(ogg_stream), _TRAILER),
    "flac": (Part(flac_block), _TRAILER),
    "wav": (Part(wav_chunk), Part(riff_chunk_behind, is_behind=True), _TRAILER),
    "avi": (Part(riff_chunk_behind, is_behind=True), _TRAILER),
    "pdf": (Part(pdf_comment, is_behind=True), _TRAILER),
}
"""By container: the ways to put an unknown part into it."""
