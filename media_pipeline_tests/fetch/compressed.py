"""Bodies that a host compresses although nobody asked for it: good ones, broken ones and bombs."""

from __future__ import annotations

import gzip
import struct
import zlib

_BLOCK_BYTES = 10_000_000


def bare_deflate(data: bytes) -> bytes:
    """Without the header of zlib, as some hosts send "deflate"."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def bomb(begin: bytes, gigabytes: int) -> bytes:
    """A gzip file of ``begin`` and so many GB of zeros, in a thousandth of them, made in a moment.

    After a full flush deflate looks at nothing before, so that one block of zeros can be repeated.
    """
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    head = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(_BLOCK_BYTES)) + packer.flush(zlib.Z_FULL_FLUSH)
    size = len(begin) + gigabytes * 1_000_000_000
    gzip_header = gzip.compress(b"")[:10]
    blocks = block * (gigabytes * 1_000_000_000 // _BLOCK_BYTES)
    # Whoever reads to the end finds a wrong CRC there; the size is right.
    return gzip_header + head + blocks + packer.flush() + struct.pack("<II", 0, size & 0xFFFFFFFF)
