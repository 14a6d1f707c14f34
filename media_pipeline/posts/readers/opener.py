"""The text of an export as UTF-8, decompressed and without a byte order mark, in chunks.

What belongs here: encodings, looking ahead. What does not: unpacking
(:mod:`media_pipeline.posts.readers.compression`), JSON, and archives of several files
(:mod:`media_pipeline.posts.readers.archives`).
"""

from __future__ import annotations

import codecs
import itertools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from media_pipeline.posts.readers.compression import (
    CHUNK_BYTES,
    DAMAGE,
    GREATEST_EXPANSION,
    DamagedExport,
    Readable,
    too_much,
    unpacked,
)

MAX_RECORD_BYTES = 1 << 28
"""The longest line, array item or single document that is held in memory."""

MOST_BLANK_BYTES = 1 << 22
"""Of white space in a row. A stream's keep-alives, an empty line each 20 seconds, take over a year for so much."""

UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LINE_OF_UTF8 = b'\n{"'
"""No text in UTF-16 holds these three bytes, but for a few rare characters side by side."""


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield the text of a file. Raises DamagedExport after the last good chunk, OSError if it can't be read."""
    with path.open("rb") as file:
        yield from text_of(file, path.stat().st_size)


def text_of(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield the text of an open file of ``size`` bytes, unpacked, as UTF-8."""
    return _without_endless_blanks(_as_utf8(_chunks(unpacked(file), size)))


def _chunks(stream: Readable, size: int) -> Iterator[bytes]:
    offset = 0
    try:
        while chunk := stream.read1(CHUNK_BYTES):
            offset += len(chunk)
            yield chunk
            if too_much(offset, size):
                raise DamagedExport(
                    offset, f"{size} bytes grew to more than {GREATEST_EXPANSION} times as many: no export, not read on"
                )
    except (*DAMAGE, zipfile.BadZipFile) as error:
        raise DamagedExport(
            offset, f"the compressed data is damaged after {offset} bytes of text: {error or type(error).__name__}"
        ) from error


def _without_endless_blanks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Two gigabytes of newlines are two megabytes as ``.gz``, and hours of work for who takes them for lines."""
    blank = offset = 0
    for chunk in chunks:
        offset += len(chunk)
        blank = 0 if chunk.strip() else blank + len(chunk)
        if blank > MOST_BLANK_BYTES:
            raise DamagedExport(offset, f"more than {MOST_BLANK_BYTES} bytes of nothing but white space: not read on")
        yield chunk


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    encoding = _encoding_of(first)
    if encoding is None:
        yield first.removeprefix(UTF8_BOM)
        yield from chunks
        return
    # A lone surrogate is passed on as bytes that are no UTF-8: parse_json takes them.
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    start = first[2:] if first[:2] in _UTF16_MARKS else first
    for chunk in itertools.chain([start], chunks):
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DamagedExport(0, "the UTF-16 text ends in the middle of a character") from error


def _encoding_of(first: bytes) -> str | None:
    """UTF-16 by its mark, or by the NUL that every second byte of JSON's first characters is; None for UTF-8.

    A damaged first line may begin like UTF-16 (``FF FE``): the lines behind it show what the file is.
    """
    if _LINE_OF_UTF8 in first:
        return None
    if first[:2] in _UTF16_MARKS:
        return _UTF16_MARKS[first[:2]]
    if len(first) > 1 and first[0] and not first[1]:
        return "utf-16-le"
    return "utf-16-be" if len(first) > 1 and not first[0] and first[1] else None


def look_ahead(chunks: Iterator[bytes], lines: int = 0) -> tuple[bytes, Iterator[bytes]]:
    """Return the beginning of the text, and all chunks from the start.

    The beginning reaches as far as the first chunk with anything in it, and to the end of the ``lines``-th line that
    isn't blank, however long that is.
    """
    seen: list[bytes] = []
    text = bytearray()
    found = start = searched = 0
    is_blank = True
    rest = chunks
    try:
        # Nothing is looked at twice: what comes may be a line of a quarter of a gigabyte.
        while (found < lines or is_blank) and len(text) < MAX_RECORD_BYTES:
            newline = text.find(b"\n", searched) if found < lines else -1
            if newline >= 0:
                found += bool(text[start:newline].strip())
                start = searched = newline + 1
                continue
            searched = len(text)
            chunk = next(chunks, None)
            if chunk is None:
                break
            seen.append(chunk)
            text += chunk
            is_blank = is_blank and not chunk.strip()
    except DamagedExport as error:
        rest = _raising(error)
    return bytes(text), itertools.chain(seen, rest)


def _raising(error: DamagedExport) -> Iterator[bytes]:
    raise error
    yield b""
