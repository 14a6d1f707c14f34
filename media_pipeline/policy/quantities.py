"""Quantities as people read them."""

from __future__ import annotations


def bytes_text(count: float) -> str:
    """Bytes in powers of 1,000: ``312 kB``, ``12.3 MB``."""
    for unit, digits in (("B", 0), ("kB", 0), ("MB", 1), ("GB", 1)):
        if round(abs(count), digits) < 1000:
            return f"{count:.{digits}f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
