"""The ends of RIFF (WebP, AVI, WAV), of Matroska and WebM, and of MPEG transport streams."""

from __future__ import annotations

from typing import BinaryIO

_NOT_KNOWN = (0, 0xFFFFFFFF)
"""Sizes that a writer leaves in a RIFF file which it can't go back in."""

_HEADER, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_IN_SEGMENT = frozenset(
    (
        *(_CLUSTER, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1254C367, 0x1043A770, 0x1941A469),
        *(0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0x5854, 0xEC, 0xBF),
    )
)
"""Elements of a segment, those of its clusters, and the two that may stand anywhere (RFC 9559, section 5.1)."""

_TS_SYNC = 0x47
_TS_PACKETS = ((188, 0), (192, 4), (204, 0))
"""Bytes of a packet, and of what stands in front of each: a time on camcorders and Blu-ray discs."""
_TS_LOOKED_AT = 200
"""Packets before the end whose parts of the stream are noted."""


def riff_end(file: BinaryIO, size: int) -> str | None:
    """Hold the size that the file names against the one it has. The last chunk's fill byte is often left out."""
    head = file.read(12)
    named = int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or len(head) < 12 or named in _NOT_KNOWN or size + 1 >= named + 8:
        return None
    return f"it has {size:,} bytes and says that it has {named + 8:,}"


def matroska_end(file: BinaryIO, size: int) -> str | None:
    """Follow the elements (RFC 8794). Live recordings leave the sizes of segment and clusters open: then their
    blocks are followed. What stands behind a segment that is all there is no part of the medium.
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
        is_foreign = begun and len(head) >= id_bytes and kind not in _IN_SEGMENT
        if not length_bytes or id_bytes + length_bytes > len(head):
            return None if is_foreign else "it ends within the head of an element"
        open_length = (1 << 7 * length_bytes) - 1
        length = int.from_bytes(head[id_bytes : id_bytes + length_bytes], "big") & open_length
        at += id_bytes + length_bytes
        if length == open_length and kind not in (_SEGMENT, _CLUSTER):
            return None
        if length != open_length:
            at += length
            if at > size:
                return None if is_foreign else "it ends within an element"
            if kind == _SEGMENT:
                return None
        begun = begun or kind == _SEGMENT
    return None if begun or not size else "it ends before its segment"


def _number_bytes(head: bytes) -> int:
    """How many bytes the number has that stands here (RFC 8794, section 4); 0 at the end, 9 when it is none."""
    return 9 - head[0].bit_length() if head else 0


def transport_stream_end(file: BinaryIO, size: int) -> str | None:
    """Whether the last packet is whole (ISO 13818-1, 2.4.3.2): no packet says that it is the last one."""
    length, lead = next((form for form in _TS_PACKETS if _has_packets(file, *form)), (0, 0))
    if not length:
        return None
    last = size // length * length
    rest = _bytes_at(file, last + lead, 3)
    if len(rest) < 3 or rest[0] != _TS_SYNC:
        return None
    earlier = range(last - length, max(-1, last - length * _TS_LOOKED_AT), -length)
    packets = [_bytes_at(file, at + lead, 3) for at in earlier]
    # What hangs on the end may begin like a packet, but not like one of this stream.
    is_packet = packets[0][0] == _TS_SYNC and _part(rest) in map(_part, packets)
    return "it ends within a packet" if is_packet else None


def _has_packets(file: BinaryIO, length: int, lead: int) -> bool:
    syncs = [_bytes_at(file, at, 1) for at in range(lead, lead + 3 * length, length)]
    return syncs == [bytes((_TS_SYNC,))] * 3


def _bytes_at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _part(packet: bytes) -> int:
    """The number (PID) of the part of a stream that a packet belongs to."""
    return int.from_bytes(packet[1:3], "big") & 0x1FFF
