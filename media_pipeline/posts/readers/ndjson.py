"""NDJSON (JSON Lines): one record a line. A bad line costs that line only."""

from __future__ import annotations

from collections.abc import Iterator

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.readers.json_text import UnreadableJson, parse_json
from media_pipeline.posts.readers.opener import MAX_RECORD_BYTES


def read_lines(chunks: Iterator[bytes], max_bytes: int = MAX_RECORD_BYTES) -> Iterator[Record | Fault]:
    """Yield the record of each line; blank lines (keep-alives of a stream) are nothing."""
    for number, line in enumerate(lines_of(chunks, max_bytes), start=1):
        locator = Locator(line=number)
        if line is None:
            yield Fault(locator, f"the line is longer than {max_bytes} bytes")
        elif line and not line.isspace():
            yield _read_line(line, locator)


def _read_line(line: bytes, locator: Locator) -> Record | Fault:
    try:
        return Record(parse_json(line), locator)
    except UnreadableJson as error:
        return Fault(locator, str(error))


def lines_of(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes | None]:
    """Split at line feeds; None stands for a line that is too long to be held."""
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        size += len(first)
        # An overlong line is counted to its end but no longer kept.
        pieces = [*pieces, first] if size <= max_bytes else []
        for piece in others:
            yield b"".join(pieces) if size <= max_bytes else None
            pieces, size = [piece], len(piece)
    if size:
        yield b"".join(pieces) if size <= max_bytes else None
