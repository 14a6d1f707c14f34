"""The bytes of an export, decompressed and without a byte order mark, in chunks.

What belongs here: compression, encoding marks, looking ahead. What does not: JSON.
"""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from media_pipeline.model import MediaPipelineError

CHUNK_BYTES = 1 << 18
MAX_RECORD_BYTES = 1 << 28
"""The longest line, array item or single document that is held in memory."""

UTF8_BOM = b"\xef\xbb\xbf"


class DamagedExport(MediaPipelineError):
    """The compressed data ends or breaks at ``offset`` of the decompressed text; what came before is good."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the decompressed text without its byte order mark.

    Raises DamagedExport after the last good chunk, OSError where the file itself can't be read.
    """
    with path.open("rb") as file:
        # GzipFile.read1 hands out what it has before it meets the damage; read would lose it.
        stream = gzip.GzipFile(fileobj=file) if path.suffix.lower() == ".gz" else file
        chunks = _chunks(stream)
        first = next(chunks, b"")
        yield first.removeprefix(UTF8_BOM)
        yield from chunks


def _chunks(stream: BufferedReader | gzip.GzipFile) -> Iterator[bytes]:
    offset = 0
    try:
        while chunk := stream.read1(CHUNK_BYTES):
            offset += len(chunk)
            yield chunk
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DamagedExport(offset, f"the gzip data is damaged after {offset} bytes of text: {error}") from error


def look_ahead(chunks: Iterator[bytes], lines: int = 0) -> tuple[bytes, Iterator[bytes]]:
    """Return the beginning of the text, and all chunks from the start.

    The beginning reaches as far as the first chunk with anything in it, and to the end of the ``lines``-th line that
    isn't blank, however long that is.
    """
    seen: list[bytes] = []
    text = bytearray()
    found, end = 0, 0
    rest = chunks
    try:
        while (found < lines or not text.strip()) and len(text) < MAX_RECORD_BYTES:
            newline = text.find(b"\n", end)
            if newline >= 0:
                found += bool(text[end:newline].strip())
                end = newline + 1
                continue
            chunk = next(chunks, None)
            if chunk is None:
                break
            seen.append(chunk)
            text += chunk
    except DamagedExport as error:
        rest = _raising(error)
    return bytes(text), itertools.chain(seen, rest)


def _raising(error: DamagedExport) -> Iterator[bytes]:
    raise error
    yield b""
