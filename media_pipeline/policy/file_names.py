"""Names of files that a file system takes: at most 255 bytes, whatever was put before them."""

from __future__ import annotations

import hashlib
import os
from pathlib import PurePath

LONGEST_NAME = 255
"""Bytes, on every file system of Linux and macOS. Windows and Apple count characters, and so have longer ones."""
_LONGEST_SUFFIX = 16


def fitting(name: str) -> str:
    """The name, or where it is too long its beginning, a piece of its digest, and its suffixes (``.json.gz``)."""
    encoded = os.fsencode(name)
    if len(encoded) <= LONGEST_NAME:
        return name
    end = f"-{hashlib.sha256(encoded).hexdigest()[:8]}{_suffixes(name)}"
    begin = encoded[: LONGEST_NAME - len(os.fsencode(end))]
    # A character may be cut in the middle, and one that was no UTF-8 before is let go of with it.
    return begin.decode("utf-8", "ignore") + end


def _suffixes(name: str) -> str:
    last = PurePath(name).suffix
    before = PurePath(name).with_suffix("").suffix if last.lower() == ".gz" else ""
    return "".join(suffix for suffix in (before, last) if len(os.fsencode(suffix)) <= _LONGEST_SUFFIX)
