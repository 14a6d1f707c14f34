"""What a compressed file holds: gzip and xz, told by their first bytes and never by a name.

What belongs here: streams of unpacked bytes. What does not: archives of several files, and text.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast

from media_pipeline.model import MediaPipelineError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 1 << 18
GREATEST_EXPANSION = 250
"""Times that compressed data may grow. Real exports grow 5 to 40 times; deflate can do 1,032, xz 7,000."""
EXPANSION_LOOKED_AT_FROM = 1 << 27
"""Bytes of text up to which no expansion is suspicious: reading them costs seconds."""
MOST_XZ_MEMORY = 1 << 27
"""Bytes. ``xz -9`` needs 65 MiB; a header may ask for four gigabytes."""
_LONGEST_MAGIC = 10
_GZIP = re.compile(rb"\x1f\x8b\x08(?:.{0,5}\Z|[\x00-\x1f].{5}(?:\Z|[\x00-\x0d\xff]))", re.DOTALL)
"""The signature, then flags of which three are never set, time and level, and a system of those that there are. A line
of NDJSON may be damaged to the signature alone."""
_XZ = re.compile(rb"\xfd7zXZ\x00(?:\Z|\x00)")
DAMAGE = (gzip.BadGzipFile, lzma.LZMAError, EOFError, zlib.error)


class DamagedExport(MediaPipelineError):
    """The compressed data ends or breaks at ``offset`` of the decompressed text; what came before is good."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset


class Readable(Protocol):
    """What hands out the bytes that it has before it meets damage: ``read`` would lose them."""

    def read1(self, n: int = -1, /) -> bytes: ...


def unpacked(file: IO[bytes]) -> Readable:
    """The bytes inside an open file that is at its beginning and can be sought in; a plain file itself."""
    magic = file.read(_LONGEST_MAGIC)
    file.seek(0)
    if _GZIP.match(magic):
        return gzip.GzipFile(fileobj=file)
    if _XZ.match(magic):
        return io.BufferedReader(_XzFile(file), CHUNK_BYTES)
    return cast("Readable", file)


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins like this is one that :func:`unpacked` unpacks."""
    return bool(_GZIP.match(head[:_LONGEST_MAGIC]) or _XZ.match(head[:_LONGEST_MAGIC]))


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes inside a file, unpacked; fewer where it ends or is damaged before. Raises OSError."""
    found = b""
    with path.open("rb") as file:
        stream = unpacked(file)
        try:
            while len(found) < count and (chunk := stream.read1(count - len(found))):
                found += chunk
        except DAMAGE:
            return found
    return found


def too_much(offset: int, size: int) -> bool:
    """Whether ``size`` bytes that have grown to ``offset`` are a bomb."""
    return offset > EXPANSION_LOOKED_AT_FROM and offset > size * GREATEST_EXPANSION


class _XzFile(io.RawIOBase):
    """An xz file of one stream or several. Python's own reader takes as much memory as the file asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._waiting = b""
        self._stream = _stream()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        found = b""
        while not found:
            if self._stream.eof and not self._begin_next():
                return 0
            if self._stream.needs_input and not self._waiting:
                self._waiting = self._file.read(CHUNK_BYTES)
                if not self._waiting:
                    raise EOFError("the compressed data ends before its end marker")
            data = self._waiting if self._stream.needs_input else b""
            self._waiting = b"" if data else self._waiting
            found = self._stream.decompress(data, len(view))
        view[: len(found)] = found
        return len(found)

    def _begin_next(self) -> bool:
        """Begin the stream behind the one that has ended, unless only padding follows."""
        rest = self._stream.unused_data.lstrip(b"\0")
        while not rest and (chunk := self._file.read(CHUNK_BYTES)):
            rest = chunk.lstrip(b"\0")
        self._waiting, self._stream = rest, _stream()
        return bool(rest)


def _stream() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=MOST_XZ_MEMORY)
