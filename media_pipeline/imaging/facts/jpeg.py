"""How a JPEG is coded, by its frame header: why a decoder refuses one.

What belongs here: the markers before the first scan. What does not: decoding, and the end of the file
(:mod:`media_pipeline.imaging.endings`).
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15, without DHT, JPG and DAC (ITU T.81, table B.1)."""
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
_START_OF_SCAN = 0xDA
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_MAX_SEGMENTS = 2000


def jpeg_coding(path: Path) -> str | None:
    """Such as ``a JPEG of 12 bits a channel``; None for the usual 8, and where there is no frame header."""
    with path.open("rb") as file:
        header = _frame_header(file)
    if header is None:
        return None
    marker, bits = header
    return f"a {'lossless ' if marker in _LOSSLESS else ''}JPEG of {bits} bits a channel" if bits != 8 else None


def _frame_header(file: BinaryIO) -> tuple[int, int] | None:
    """The marker and the bits of a sample (ITU T.81, B.2.2)."""
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        head = file.read(2)
        if len(head) < 2 or head[0] != 0xFF or head[1] == _START_OF_SCAN:
            return None
        if head[1] in _STANDALONE:
            continue
        if head[1] == 0xFF:
            file.seek(-1, 1)
            continue
        body = file.read(3)
        if len(body) < 3:
            return None
        if head[1] in _FRAME_HEADERS:
            return head[1], body[2]
        file.seek(int.from_bytes(body[:2], "big") - 3, 1)
    return None
