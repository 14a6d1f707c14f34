"""The end of FLAC (RFC 9639): as many samples as its head promises."""

from __future__ import annotations

from typing import BinaryIO

_SIGNATURE = b"fLaC"
_STREAM_INFO_BYTES = 34
_CODED_BLOCKS = {1: 192, **{code: 144 << code for code in range(2, 6)}, **{code: 1 << code for code in range(8, 16)}}
"""Samples of a block by its code (RFC 9639, table 14)."""
_NO_FRAME = "it ends before its first frame"
_RATE_BYTES = {12: 1, 13: 2, 14: 2}
"""Of a sample rate that stands behind the number of the frame."""
_LONGEST_FRAME = 1 << 16
"""Bytes, where the file does not say how long its frames are."""
_BEHIND_BYTES = 1 << 20
"""Of tags and filling behind the last frame that are looked through for it."""


def flac_end(file: BinaryIO, size: int) -> str | None:
    """Look for the last frame: it must be whole, and the one that the promised number of samples ends with."""
    if file.read(4) != _SIGNATURE:
        return None
    info, at = b"", 4
    is_last = False
    while not is_last:
        file.seek(at)
        head = file.read(4)
        at += 4 + int.from_bytes(head[1:], "big")
        if len(head) < 4 or at > size:
            return "it ends within its metadata"
        is_last, info = bool(head[0] & 0x80), info or file.read(_STREAM_INFO_BYTES)
    promised = int.from_bytes(info[13:18], "big") & ((1 << 36) - 1)
    if not promised:
        return None
    start = max(at, size - _longest(info) - _BEHIND_BYTES)
    file.seek(start)
    missing = _missing(file.read(), promised, info)
    return None if missing == _NO_FRAME and start > at else missing


def _longest(info: bytes) -> int:
    return int.from_bytes(info[7:10], "big") or _LONGEST_FRAME


def _missing(tail: bytes, promised: int, info: bytes) -> str | None:
    fixed = int.from_bytes(info[:2], "big")
    at = len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        end = _samples_until(tail[at : at + 16], fixed)
        if end is None or end > promised:
            continue
        if end < promised:
            return f"it has at most {end:,} samples and says that it has {promised:,}"
        return None if _is_whole_frame(tail[at:], info) else "it ends within its last frame"
    return _NO_FRAME


def _samples_until(head: bytes, fixed: int) -> int | None:
    """How many samples there are up to the end of the frame whose head this is; None where it is none."""
    if len(head) < 16 or head[1] not in (0xF8, 0xF9) or head[3] & 1 or head[2] & 0x0F == 15:
        return None
    first = head[4]
    # Written as UTF-8 writes a character: its first byte begins with as many ones as it has bytes.
    more = max(0, 7 - (first ^ 0xFF).bit_length())
    number = first & (0x3F >> more) if more else first
    for byte in head[5 : 5 + more]:
        number = number << 6 | byte & 0x3F
    at = 5 + more
    code = head[2] >> 4
    block = _CODED_BLOCKS.get(code, 0)
    if code in (6, 7):
        wide = code - 5
        block = int.from_bytes(head[at : at + wide], "big") + 1
        at += wide
    at += _RATE_BYTES.get(head[2] & 0x0F, 0)
    if not block or at >= len(head) or _crc(head[:at], 8, 0x07) != head[at]:
        return None
    return number + block if head[1] & 1 else number * fixed + block


def _is_whole_frame(frame: bytes, info: bytes) -> bool:
    """Whether a frame ends somewhere in these bytes: there its checksum comes to zero."""
    least = int.from_bytes(info[4:7], "big") or 10
    value = 0
    for count, byte in enumerate(frame[: _longest(info)], 1):
        value = _crc_step(value, byte, 16, 0x8005)
        if value == 0 and count >= least:
            return True
    return False


def _crc(content: bytes, bits: int, polynomial: int) -> int:
    value = 0
    for byte in content:
        value = _crc_step(value, byte, bits, polynomial)
    return value


def _crc_step(value: int, byte: int, bits: int, polynomial: int) -> int:
    value ^= byte << bits - 8
    for _ in range(8):
        value = value << 1 ^ (polynomial if value >> bits - 1 else 0)
        value &= (1 << bits) - 1
    return value
