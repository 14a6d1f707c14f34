"""The end of PDF."""

from __future__ import annotations

import re
from typing import BinaryIO

_HEAD_BYTES = 1024
_PIECE_BYTES = 1 << 16
_END = b"%%EOF"
_NAMED_LENGTH = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")
_OBJECT = re.compile(rb"(?<!\d)\d+\s+\d+\s+obj\b")


def pdf_end(file: BinaryIO, size: int) -> str | None:
    """Look for the last end marker, behind which no object may follow, and hold the length that a linearized file
    names against its size. Anything else may hang on the end, however long it is.

    PDFium is of no help: it builds the index of objects anew when that is missing.
    """
    head = file.read(_HEAD_BYTES)
    if not head.startswith(b"%PDF-"):
        return None
    named = _NAMED_LENGTH.search(head)
    if named and size < int(named[1]):
        return f"it has {size:,} bytes and says that it has {int(named[1]):,}"
    behind = b""
    for at in range((size - 1) // _PIECE_BYTES * _PIECE_BYTES, -1, -_PIECE_BYTES):
        file.seek(at)
        # The marker, or what begins an object, may lie across two pieces.
        behind = file.read(_PIECE_BYTES) + behind[:_HEAD_BYTES]
        found = behind.rfind(_END)
        if _OBJECT.search(behind, max(found, 0)):
            break
        if found >= 0:
            return None
    return "it ends before its end marker"
