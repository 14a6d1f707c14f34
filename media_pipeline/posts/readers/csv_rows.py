"""CSV: a record a row, an object by the names in the first row. A bad row costs that row only.

Values stay texts as they are written. What belongs here: rows and columns. What does not: what a column means.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media_pipeline.model import Fault, Locator, MediaPipelineError, Record
from media_pipeline.posts.readers.compression import DamagedExport
from media_pipeline.posts.readers.ndjson import lines_of

MAX_ROW_BYTES = 1 << 24
"""The longest row: a quote that is never closed takes up the rows behind it, and costs no more than these."""
_LONGEST_HEADER = 1 << 16
"""Bytes of the names of all columns."""
SUFFIXES = (".csv", ".tsv")
_DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""A first line by which programs for tables tell the delimiter."""
_COLUMN = re.compile(r"[^\W\d][\w .:/()#&'-]{0,63}")
_END = "\x1e\x1eend of the file\x1e\x1e"
"""Stands behind the last line: a row that takes it in was cut off inside a quote."""
_NOTHING = b"\n"
"""No line is."""
_NO_VALUES: list[str] = []
csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_BYTES))


class _TooLong(MediaPipelineError):
    """A row is longer than what is held in memory."""


def is_csv(name: str, lines: Sequence[bytes]) -> bool:
    """Whether a text of this name that begins with these lines is CSV: by name, or because names of several columns
    stand in the first and something of several columns in the second. Neither JSON nor a page is."""
    if len(lines[0]) > _LONGEST_HEADER:
        return False
    first = lines[0].decode("utf-8", "replace")
    if first.startswith(("{", "[", "<")):
        return False
    if name.endswith(SUFFIXES) or _SEPARATOR.fullmatch(first):
        return True
    delimiter = _delimiter_of(first)
    columns = next(csv.reader([first], delimiter=delimiter), _NO_VALUES)
    is_table = len(lines) > 1 and delimiter.encode() in lines[1]
    return is_table and len(columns) > 1 and all(_COLUMN.fullmatch(column.strip()) for column in columns)


def read_rows(chunks: Iterator[bytes], max_bytes: int = MAX_ROW_BYTES) -> Iterator[Record | Fault]:
    """Yield the record of each row behind the first, located by the line on which it begins."""
    columns: list[str] = []
    for row in _rows(_Lines(chunks, max_bytes)):
        if isinstance(row, Fault):
            yield row
        elif columns:
            yield _record(row, columns)
        else:
            columns = _names(row.values)


def text_of_row(chunks: Iterator[bytes], line: int) -> bytes | None:
    """The text of the row that begins on a line, as UTF-8; None where none does."""
    lines = _Lines(chunks, MAX_ROW_BYTES)
    return next((lines.text for row in _rows(lines) if isinstance(row, _Row) and row.line == line), None)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    values: list[str]
    is_utf8: bool
    is_cut: bool
    """Whether the file ends with it, without the end of its line."""


def _record(row: _Row, columns: Sequence[str]) -> Record | Fault:
    locator = Locator(line=row.line)
    if not row.is_utf8:
        return Fault(locator, "the row is no UTF-8; save the table as CSV in UTF-8")
    if row.is_cut and len(row.values) < len(columns):
        return Fault(locator, "the file ends within this row")
    more = [f"({number})" for number in range(len(columns) + 1, len(row.values) + 1)]
    return Record(dict(zip([*columns, *more] if more else columns, row.values, strict=False)), locator)


def _rows(lines: _Lines) -> Iterator[_Row | Fault]:
    """Yield the rows that hold anything, and a fault for each that can't be read."""
    first = lines.peek()
    separator = _SEPARATOR.fullmatch(first)
    if separator:
        next(lines)
    delimiter = separator[1] if separator else _delimiter_of(first)
    reader = csv.reader(lines, delimiter=delimiter)
    while not lines.ended:
        lines.begin_row()
        try:
            values = next(reader, _NO_VALUES)
        except (_TooLong, csv.Error) as error:
            yield Fault(Locator(line=lines.row), f"this row can't be read: {error}")
            reader = csv.reader(lines, delimiter=delimiter)
            continue
        if not lines.ended:
            if any(values):
                yield _Row(lines.row, values, lines.is_utf8, lines.is_cut)
        elif values != [_END]:
            yield Fault(Locator(line=lines.row), "the file ends inside a quote that begins in this row")


class _Lines(Iterator[str]):
    """The lines of a text, one by one, then a mark of its end; and the row that takes them."""

    def __init__(self, chunks: Iterator[bytes], max_bytes: int) -> None:
        self._last = b""
        self._lines = lines_of(self._watched(chunks), max_bytes)
        self._max_bytes = max_bytes
        self._damage: DamagedExport | None = None
        self._next = self._look()
        self._number = 0
        self._row: list[bytes] = []
        self._size = 0
        self.row = 1
        """The line on which the row begins."""
        self.is_utf8 = True
        """Whether the row is."""
        self.ended = False
        """Whether the mark of the end was taken."""

    def _watched(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._last = chunk[-1:] or self._last
            yield chunk

    def _look(self) -> bytes | None:
        """The line behind the one that is taken. Damage there costs that line and not this one."""
        try:
            return next(self._lines, _NOTHING)
        except DamagedExport as error:
            self._damage = error
            return _NOTHING

    @property
    def text(self) -> bytes:
        """The row's."""
        return b"\n".join(self._row)

    @property
    def is_cut(self) -> bool:
        """Whether the last line was taken and has no end."""
        return self._next is _NOTHING and self._last != b"\n"

    def peek(self) -> str:
        """The first line that isn't blank; those before it are passed over."""
        while self._next is not _NOTHING and self._next is not None and not self._next.strip():
            next(self)
        return (self._next or b"").decode("utf-8", "surrogateescape").strip()

    def begin_row(self) -> None:
        self.row, self._row, self._size, self.is_utf8 = self._number + 1, [], 0, True

    def __next__(self) -> str:
        if self._next is _NOTHING:
            if self._damage:
                raise self._damage
            if self.ended:
                raise StopIteration
            self.ended = True
            return _END
        line, self._next = self._next, self._look()
        self._number += 1
        self._size += self._max_bytes if line is None else len(line)
        if line is None or self._size > self._max_bytes:
            raise _TooLong(f"it is longer than {self._max_bytes} bytes; is a quote in it never closed?")
        self._row.append(line)
        try:
            return f"{line.decode()}\n"
        except UnicodeDecodeError:
            self.is_utf8 = False
            return f"{line.decode('utf-8', 'replace')}\n"


def _delimiter_of(line: str) -> str:
    outside = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=outside.count)


def _names(values: Sequence[str]) -> list[str]:
    """The names of the columns; one without a name has its number, one whose name is taken has it behind the name."""
    times: Counter[str] = Counter()
    names: list[str] = []
    for number, value in enumerate(values, start=1):
        name = value.strip()
        times[name] += 1
        names.append(f"{name} ({number})".strip() if times[name] > 1 or not name else name)
    return names
