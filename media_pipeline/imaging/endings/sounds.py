"""The ends of MP3 and Ogg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

_FOLLOWS_STREAM = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"\0")
"""Tags, or filling, behind the last frame of an MP3."""

_KBITS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By whether it is MPEG-1, and the layer (ISO 11172-3, 2.4.2.3; ISO 13818-3, 2.4.2.3)."""
_RATES = (44100, 48000, 32000)
"""Of MPEG-1, hertz; MPEG-2 has half, MPEG-2.5 a quarter."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame of MPEG audio: its length in bytes, and where an encoder's own count of frames would stand in it."""

    length: int
    count_at: int


def ogg_end(file: BinaryIO, size: int) -> str | None:
    """Follow the pages; one of them ends a stream (RFC 3533, section 6)."""
    at, ended = 0, False
    while at < size:
        file.seek(at)
        head = file.read(27)
        if not b"OggS".startswith(head[:4]):
            return None
        lengths = file.read(head[26]) if len(head) == 27 else b""
        if len(head) < 27 or len(lengths) < head[26]:
            return "it ends within the head of a page"
        at += 27 + len(lengths) + sum(lengths)
        ended = ended or bool(head[5] & 4)
    if at > size:
        return "it ends within a page"
    return None if ended or not size else "it ends before a page that ends its stream"


def mp3_end(file: BinaryIO, size: int) -> str | None:
    """Follow the frames: the last one must be whole, and there must be as many as the encoder says."""
    at = _behind_id3(file)
    if at > size:
        return "it ends within its tag"
    file.seek(at)
    promised = _promised_frames(file.read(400))
    frames = 0
    while at < size:
        file.seek(at)
        head = file.read(11)
        frame = _frame(head)
        if frame is None:
            if len(head) >= 4 and not head.startswith(_FOLLOWS_STREAM):
                return None
            break
        if at + frame.length > size:
            return "it ends within a frame"
        at += frame.length
        frames += 1
    # Encoders count their own first frame, which holds the count, or they don't.
    if promised is not None and frames < promised - 1:
        return f"it has {frames:,} frames and says that it has {promised:,}"
    return None


def _behind_id3(file: BinaryIO) -> int:
    """Where the tag in front ends (ID3v2.4, section 3.1); its size has 7 bits to a byte."""
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = sum(byte << 7 * (3 - place) for place, byte in enumerate(head[6:10]))
    return 10 + size + (10 if head[5] & 0x10 else 0)


def _promised_frames(start: bytes) -> int | None:
    frame = _frame(start[:4])
    if frame is None:
        return None
    tag = start[frame.count_at : frame.count_at + 12]
    has_count = tag[:4] in (b"Xing", b"Info") and len(tag) == 12 and tag[7] & 1
    return int.from_bytes(tag[8:12], "big") if has_count else None


def _frame(head: bytes) -> _Frame | None:
    """Read the head of a frame (ISO 11172-3, 2.4.1.3); None for what is none, or doesn't say how long it is."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    is_first = version == 3
    bits = _KBITS[is_first, layer][bitrate - 1] * 1000
    hertz = _RATES[rate] // {3: 1, 2: 2, 0: 4}[version]
    is_mono = head[3] >> 6 == 3
    count_at = 4 + ((17 if is_mono else 32) if is_first else (9 if is_mono else 17))
    if layer == 1:
        return _Frame((12 * bits // hertz + padding) * 4, count_at)
    samples = 1152 if is_first or layer == 2 else 576
    return _Frame(samples // 8 * bits // hertz + padding, count_at)
