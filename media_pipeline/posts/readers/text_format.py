"""Picks the reader of a text by how it begins; its name decides only where the text leaves it open.

What belongs here: telling formats of text apart. What does not: archives and folders
(:mod:`media_pipeline.posts.readers.export`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.readers.csv_rows import is_csv, read_rows
from media_pipeline.posts.readers.document import read_array, read_object
from media_pipeline.posts.readers.json_text import UnreadableJson, parse_json
from media_pipeline.posts.readers.ndjson import read_lines
from media_pipeline.posts.readers.official import is_post_file
from media_pipeline.posts.readers.opener import look_ahead
from media_pipeline.posts.readers.other_variants import ANY_PAGE, is_page, said_of_text
from media_pipeline.posts.readers.x_archive import is_assignment, read_script

LINE_SUFFIXES = (".jsonl", ".ndjson")
LINES_LOOKED_AT = 8
"""Lines by which a file without a telling name is taken for NDJSON: a log's first lines, then a record."""
LOOKED_FOR = "a zip or tar, JSON, NDJSON, CSV or a script of X, each also in gzip or xz"
_PACKED_SUFFIXES = (".gz", ".xz")


def plain_name(name: str) -> str:
    """A name in lower case without what says that the file is compressed."""
    name = name.lower()
    return next((name.removesuffix(suffix) for suffix in _PACKED_SUFFIXES if name.endswith(suffix)), name)


def records_of(name: str, chunks: Iterator[bytes]) -> Iterator[Record | Fault]:
    """The records of one text, and a fault for each part of it that can't be used. Raises DamagedExport."""
    head, chunks = look_ahead(chunks)
    if not head.strip():
        return _read_nothing(chunks)
    is_named_lines = plain_name(name).endswith(LINE_SUFFIXES)
    if is_assignment(head) and not is_named_lines:
        return read_script(head, chunks)
    # An array is often one line of any length: it is not read to its end for a look at the second one.
    if not head.lstrip().startswith(b"["):
        head, chunks = look_ahead(chunks, lines=LINES_LOOKED_AT)
    lines = [line.strip() for line in head.split(b"\n") if line.strip()]
    is_table = not _holds_lines(lines) and is_csv(plain_name(name), lines)
    if is_named_lines and not is_table:
        return _read_document(lines[0], chunks) if _opens_document(head.lstrip(), lines) else read_lines(chunks)
    if _holds_lines(lines):
        return read_lines(chunks)
    if is_table:
        return read_rows(chunks) if is_post_file(name) else _or_nothing(read_rows(chunks))
    if said := said_of_text(name, head):
        return iter([Fault(Locator(offset=0), said)])
    return _read_document(lines[0], chunks, ANY_PAGE if is_page(head) else "")


def _or_nothing(rows: Iterator[Record | Fault]) -> Iterator[Record | Fault]:
    """The rows of a table, and a fault where it has none: only in an official export is that no mistake."""
    first = next(rows, Fault(Locator(line=1), "the table holds no row below the names of its columns"))
    return itertools.chain([first], rows)


def holds_rows(name: str, chunks: Iterator[bytes]) -> bool:
    """Whether a text is read as CSV."""
    head, _ = look_ahead(chunks, lines=LINES_LOOKED_AT)
    lines = [line.strip() for line in head.split(b"\n") if line.strip()]
    return bool(lines) and not _holds_lines(lines) and is_csv(plain_name(name), lines)


def _read_nothing(chunks: Iterator[bytes]) -> Iterator[Record | Fault]:
    # Text that is missing because of damage is named by the damage: reading on raises it.
    if not any(chunk.strip() for chunk in chunks):
        yield Fault(Locator(offset=0), "the file is empty")


def _read_document(beginning: bytes, chunks: Iterator[bytes], advice: str = "") -> Iterator[Record | Fault]:
    if beginning.startswith(b"["):
        return read_array(chunks)
    if beginning.startswith(b"{"):
        return read_object(chunks)
    shown = beginning[:40].decode("utf-8", "replace")
    reason = f"the file begins with {shown!r}, which is none of what is read: {LOOKED_FOR}{advice}"
    return iter([Fault(Locator(offset=0), reason)])


def _opens_document(beginning: bytes, lines: Sequence[bytes]) -> bool:
    """Whether a file named as NDJSON is a document: its first line only opens one, or is an array without end."""
    first = lines[0]
    if first == b"{":
        # A document goes on with its first key or its end; what was cut off behind its brace, with another line.
        return len(lines) < 2 or lines[1].startswith((b'"', b"}"))
    return first == b"[" or (first.startswith(b"[") and b"\n" not in beginning)


def _holds_lines(lines: Sequence[bytes]) -> bool:
    """Whether a file not named as NDJSON is: it has a second line, and one of the first two is a whole object.

    No line of a document that takes several lines is one. What begins no document at all may have several bad lines.
    """
    if len(lines) < 2 or lines[0].startswith(b"["):
        return False
    looked_at = lines[:2] if lines[0].startswith(b"{") else lines
    return any(line.startswith(b"{") and _is_whole(line) for line in looked_at)


def _is_whole(line: bytes) -> bool:
    try:
        parse_json(line)
    except UnreadableJson:
        return False
    return True
