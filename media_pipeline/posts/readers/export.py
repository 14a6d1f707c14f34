"""Picks the reader of a file by its name and by how its text begins. The way in to this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.readers.document import read_array, read_object
from media_pipeline.posts.readers.json_text import UnreadableJson, parse_json
from media_pipeline.posts.readers.ndjson import read_lines
from media_pipeline.posts.readers.opener import DamagedExport, chunks_of, look_ahead
from media_pipeline.posts.readers.x_archive import is_assignment, read_script

LINE_SUFFIXES = (".jsonl", ".ndjson")
SUPPORTED_SUFFIXES = (".json", *LINE_SUFFIXES, ".js")
"""Each also with ``.gz`` behind it."""


def is_export_file(path: Path) -> bool:
    """Whether the name is one that :func:`read_export` reads."""
    return _plain_name(path).endswith(SUPPORTED_SUFFIXES)


def read_export(path: Path) -> Iterator[Record | Fault]:
    """Yield every record of an export, in order, and a fault for each part that can't be used.

    Locators: a line from 1 for NDJSON; for an array its offset and the pointer ``/<index>``; offset 0 for an object.
    Nothing in the file makes this raise; a file that can't be opened or read raises OSError.
    """
    try:
        yield from _read(path)
    except DamagedExport as error:
        yield Fault(Locator(offset=error.offset), str(error))


def _read(path: Path) -> Iterator[Record | Fault]:
    head, chunks = look_ahead(chunks_of(path))
    beginning = head.lstrip()
    if not beginning:
        return _read_nothing(chunks)
    if is_assignment(head):
        return read_script(head, chunks)
    if _plain_name(path).endswith(LINE_SUFFIXES):
        return _read_document(beginning, chunks) if _opens_document(beginning) else read_lines(chunks)
    if beginning.startswith(b"{"):
        head, chunks = look_ahead(chunks, lines=2)
        return read_lines(chunks) if _holds_lines(head) else read_object(chunks)
    return _read_document(beginning, chunks)


def _read_nothing(chunks: Iterator[bytes]) -> Iterator[Record | Fault]:
    # Text that is missing because of damage is named by the damage: reading on raises it.
    if not any(chunk.strip() for chunk in chunks):
        yield Fault(Locator(offset=0), "the file is empty")


def _read_document(beginning: bytes, chunks: Iterator[bytes]) -> Iterator[Record | Fault]:
    if beginning.startswith(b"["):
        return read_array(chunks)
    if beginning.startswith(b"{"):
        return read_object(chunks)
    shown = beginning[:40].decode("utf-8", "replace")
    return iter([Fault(Locator(offset=0), f"not JSON: the file begins with {shown!r}")])


def _opens_document(beginning: bytes) -> bool:
    """Whether a file named as NDJSON is a document: its first line only opens one, or is an array without end."""
    line, newline, _ = beginning.partition(b"\n")
    return line.strip() in (b"[", b"{") or (line.startswith(b"[") and not newline)


def _holds_lines(head: bytes) -> bool:
    """Whether a file not named as NDJSON is: it has a second line, and one of the first two is a whole object.

    No line of a document that takes several lines is one.
    """
    lines = [line for line in head.split(b"\n") if line.strip()]
    return len(lines) > 1 and any(line.lstrip().startswith(b"{") and _is_whole(line) for line in lines[:2])


def _is_whole(line: bytes) -> bool:
    try:
        parse_json(line)
    except UnreadableJson:
        return False
    return True


def _plain_name(path: Path) -> str:
    return path.name.lower().removesuffix(".gz")
