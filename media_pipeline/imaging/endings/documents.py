"""The end of PDF."""

from __future__ import annotations

import re
from typing import BinaryIO

_HEAD_BYTES = 1024
_TAIL_BYTES = 4096
_END_WITHIN = 1024
"""Readers look for the end marker in so many last bytes (Adobe's implementation note 18 to ISO 32000-1)."""
_NAMED_LENGTH = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")


def pdf_end(file: BinaryIO, size: int) -> str | None:
    """Look for the end marker, and hold the length that a linearized file names against its size.

    PDFium is of no help: it builds the index of objects anew when that is missing.
    """
    head = file.read(_HEAD_BYTES)
    if not head.startswith(b"%PDF-"):
        return None
    named = _NAMED_LENGTH.search(head)
    if named and size < int(named[1]):
        return f"it has {size:,} bytes and says that it has {int(named[1]):,}"
    file.seek(max(size - _TAIL_BYTES, 0))
    tail = file.read().rstrip(b"\0 \t\r\n")
    return None if b"%%EOF" in tail[-_END_WITHIN:] else "it ends before its end marker"
