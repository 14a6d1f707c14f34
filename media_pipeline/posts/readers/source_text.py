"""The very bytes of an export that a locator points at.

What belongs here: going back from a locator to text. What does not: what the text means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from json.decoder import JSONDecodeError
from pathlib import Path

from media_pipeline.model import Locator, MediaPipelineError
from media_pipeline.posts.readers.archives import text_of_member
from media_pipeline.posts.readers.array_items import BrokenArray, cut_items
from media_pipeline.posts.readers.csv_rows import text_of_row
from media_pipeline.posts.readers.ndjson import lines_of
from media_pipeline.posts.readers.opener import MAX_RECORD_BYTES, chunks_of
from media_pipeline.posts.readers.text_format import holds_rows

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)


class NothingThere(MediaPipelineError):
    """The export holds nothing at this place: it is another file now."""


def record_at(path: Path, locator: Locator) -> tuple[bytes, str]:
    """Return the text of the record that holds the place, as UTF-8, and the rest of the pointer from there.

    Raises NothingThere, OSError.
    """
    chunks = _chunks(path, locator)
    if locator.line is not None:
        is_row = holds_rows(locator.member or path.name, _chunks(path, locator))
        return _row(chunks, locator) if is_row else _line(chunks, locator), locator.pointer
    document = _from(chunks, locator.offset or 0)
    first = next(document, b"")
    if not first.lstrip().startswith(b"["):
        return b"".join([first, *document]).rstrip(b" \t\r\n;"), locator.pointer
    index, rest = _first_key(locator.pointer)
    try:
        for number, item in enumerate(cut_items(_again(first, document), MAX_RECORD_BYTES)):
            if str(number) == index:
                return item.text, rest
    except BrokenArray as error:
        raise NothingThere(f"the export breaks off before {locator}: {error}") from error
    raise NothingThere(f"the export has no item at {locator}; is it the file that was imported?")


def value_at(text: bytes, pointer: str) -> bytes:
    """Return the text of the value under a JSON Pointer exactly as it stands. Raises NothingThere."""
    written = text.decode("utf-8", "surrogateescape")
    start = _skip(written, 0)
    end = len(written.rstrip())
    for key in pointer.split("/")[1:]:
        start, end = _child(written, start, key.replace("~1", "/").replace("~0", "~"))
    return written[start:end].encode("utf-8", "surrogateescape")


def _child(text: str, start: int, key: str) -> tuple[int, int]:
    """Where the value under ``key`` of the object or array at ``start`` begins and ends."""
    try:
        for name, begin, end in _children(text, start):
            if name == key:
                return begin, end
    except (JSONDecodeError, StopIteration, IndexError) as error:
        raise NothingThere(f"no JSON at character {start}: {error}") from error
    raise NothingThere(f"the export has no {key!r} at character {start} of its record")


def _children(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    is_object = text[start] == "{"
    if not is_object and text[start] != "[":
        return
    place, index = _skip(text, start + 1), 0
    while text[place] not in "}]":
        name = str(index)
        if is_object:
            name, place = _DECODER.raw_decode(text, place)
            place = _skip(text, _skip(text, place) + 1)
        _, end = _DECODER.raw_decode(text, place)
        yield name, place, end
        index += 1
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _chunks(path: Path, locator: Locator) -> Iterator[bytes]:
    return text_of_member(path, locator.member) if locator.member else chunks_of(path)


def _row(chunks: Iterator[bytes], locator: Locator) -> bytes:
    row = text_of_row(chunks, locator.line or 0)
    if row is None:
        raise NothingThere(f"the export has no row at {locator}; is it the file that was imported?")
    return row


def _line(chunks: Iterator[bytes], locator: Locator) -> bytes:
    for number, line in enumerate(lines_of(chunks, MAX_RECORD_BYTES), start=1):
        if number == locator.line and line is not None:
            return line.strip()
    raise NothingThere(f"the export has no {locator}; is it the file that was imported?")


def _from(chunks: Iterator[bytes], offset: int) -> Iterator[bytes]:
    for chunk in chunks:
        if len(chunk) > offset:
            yield chunk[offset:]
        offset = max(0, offset - len(chunk))


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _first_key(pointer: str) -> tuple[str, str]:
    key, slash, rest = pointer.removeprefix("/").partition("/")
    return key, slash + rest
