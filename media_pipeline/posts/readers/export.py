"""Picks the reader of a file by its name and by how its text begins. The way in to this folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from media_pipeline.model import Fault, Locator, Record, unforeseen
from media_pipeline.posts.readers.document import read_array, read_object
from media_pipeline.posts.readers.json_text import UnreadableJson, parse_json
from media_pipeline.posts.readers.ndjson import read_lines
from media_pipeline.posts.readers.opener import DamagedExport, chunks_of, look_ahead
from media_pipeline.posts.readers.x_archive import ACCOUNT, is_assignment, owner_in, read_script
from media_pipeline.posts.readers.zeeschuimer import unwrap
from media_pipeline.posts.readers.zip_archive import SUFFIX, account_in, is_zip, members_of, text_of_member

LINE_SUFFIXES = (".jsonl", ".ndjson")
LINES_LOOKED_AT = 8
"""Lines by which a file without a telling name is taken for NDJSON: a log's first lines, then a record."""
_TEXT_SUFFIXES = (".json", *LINE_SUFFIXES, ".js")
SUPPORTED_SUFFIXES = (*_TEXT_SUFFIXES, SUFFIX)
"""All but ``.zip`` also with ``.gz`` behind them."""


def is_export_file(path: Path) -> bool:
    """Whether the name is one that :func:`read_export` reads."""
    return is_zip(path) or _is_text_export(path.name)


def labels_in(path: Path) -> list[str | None]:
    """The labels of the exports in a zip, in its order; of any other file one None. Raises DamagedExport, OSError."""
    return [member.label for member in members_of(path, _is_text_export)] if is_zip(path) else [None]


def read_export(path: Path, label: str | None = None) -> Iterator[Record | Fault]:
    """Yield every record of an export, in order, and a fault for each part that can't be used.

    ``label``: of a zip, only the export in it that has this label.

    Locators: a line from 1 for NDJSON; for an array its offset and the pointer ``/<index>``; offset 0 for an object;
    for files in a zip their name too. Offsets and lines count in the text as UTF-8, decompressed.
    Nothing in the file makes this raise; a file that can't be opened or read raises OSError.
    """
    try:
        if is_zip(path):
            yield from _read_zip(path, label)
        else:
            account = path.with_name(ACCOUNT)
            owner = owner_in(chunks_of(account)) if path.suffix == ".js" and account.is_file() else None
            yield from _read_text(path.name, chunks_of(path), owner)
    except DamagedExport as error:
        yield Fault(Locator(offset=error.offset), str(error))
    except Exception as error:
        if _is_of_the_machine(error):
            raise
        yield Fault(Locator(), f"what follows can't be read: {unforeseen(error)}")


def _is_of_the_machine(error: Exception) -> bool:
    """Whether disk or memory are to blame. zipfile raises EINVAL where a zip leads it before its beginning, and bz2 an
    OSError without a number for damage."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno not in (None, errno.EINVAL))


def _read_zip(path: Path, label: str | None) -> Iterator[Record | Fault]:
    members = [member for member in members_of(path, _is_text_export) if label in (None, member.label)]
    if not members:
        yield Fault(Locator(offset=0), f"the zip holds no export: {', '.join(_TEXT_SUFFIXES)} are read")
    for member in members:
        account = account_in(path, member.name)
        owner = owner_in(text_of_member(path, account)) if account else None
        for part in _read_text(member.name, text_of_member(path, member.label), owner):
            yield replace(part, locator=replace(part.locator, member=member.label))


def _read_text(name: str, chunks: Iterator[bytes], owner: Mapping[str, Any] | None = None) -> Iterator[Record | Fault]:
    """The records of one text, each out of the wrapping that a tool put around it."""
    try:
        for part in _read(name, chunks):
            if isinstance(part, Fault):
                yield part
            else:
                yield replace(unwrap(part), owner=owner) if owner else unwrap(part)
    except DamagedExport as error:
        yield Fault(Locator(offset=error.offset), str(error))
    except Exception as error:
        if _is_of_the_machine(error):
            raise
        yield Fault(Locator(), f"what follows can't be read: {unforeseen(error)}")


def _read(name: str, chunks: Iterator[bytes]) -> Iterator[Record | Fault]:
    head, chunks = look_ahead(chunks)
    if not head.strip():
        return _read_nothing(chunks)
    is_named_lines = _plain_name(name).endswith(LINE_SUFFIXES)
    if is_assignment(head) and not is_named_lines:
        return read_script(head, chunks)
    # An array is often one line of any length: it is not read to its end for a look at the second one.
    if not head.lstrip().startswith(b"["):
        head, chunks = look_ahead(chunks, lines=LINES_LOOKED_AT)
    lines = [line.strip() for line in head.split(b"\n") if line.strip()]
    if is_named_lines:
        return _read_document(lines[0], chunks) if _opens_document(head.lstrip(), lines) else read_lines(chunks)
    return read_lines(chunks) if _holds_lines(lines) else _read_document(lines[0], chunks)


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


def _is_text_export(name: str) -> bool:
    return _plain_name(name).endswith(_TEXT_SUFFIXES)


def _plain_name(name: str) -> str:
    return name.lower().removesuffix(".gz")
