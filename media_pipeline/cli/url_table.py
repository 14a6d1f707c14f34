"""A CSV of rows that each name a URL: read as it is, and written back with a few columns more.

What belongs here: the form of such files. What does not: what becomes of a URL (:mod:`media_pipeline.library`).

Every cell comes back as the text that it was; only the quotes around it may differ. The file is read twice, a batch of
rows at a time: once to refuse what can't be written back, before anything is fetched, and once for the work.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from media_pipeline.model import MediaPipelineError
from media_pipeline.policy.foreign_text import for_csv

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 16 * 1024 * 1024
"""Characters. A quote that nobody closes makes one cell of the rest of the file."""

_SAMPLE_CHARACTERS = 64 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Row = list[str]


class UnreadableTable(MediaPipelineError):
    """The file is no CSV with that column, or has rows that could not be written back as they are."""


@dataclass(frozen=True, slots=True)
class UrlTable:
    """A CSV file, and how it is written."""

    path: Path
    header: tuple[str, ...]
    column: int
    """Of the URLs, from 0."""
    delimiter: str
    encoding: str
    line_end: str

    @classmethod
    def open(cls, path: Path, column: str) -> UrlTable:
        """Look the whole file through. Raises UnreadableTable, OSError."""
        encoding = _encoding_of(path)
        with _text(path, encoding) as file, _named(path):
            sample = file.read(_SAMPLE_CHARACTERS)
        delimiter = _delimiter_of(sample, column)
        header: Row = []
        header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), header)
        if column not in header:
            raise UnreadableTable(f"{path} has no column {column!r}; its columns are {', '.join(header) or 'none'}")
        first_line = sample.partition("\n")[0]
        line_end = "\r\n" if first_line.endswith("\r") else "\n"
        table = cls(path, tuple(header), header.index(column), delimiter, encoding, line_end)
        for _ in table.rows():
            pass
        return table

    def rows(self) -> Iterator[Row]:
        """Every row after the header, as long as the header. Blank lines are none. Raises UnreadableTable, OSError."""
        with _text(self.path, self.encoding) as file, _named(self.path):
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            next(reader)
            for row in _named_lines(reader, self.path):
                if len(row) > len(self.header):
                    raise UnreadableTable(
                        f"{self.path}, line {reader.line_num}: {len(row)} cells under {len(self.header)} columns; "
                        "put quotes around a cell that holds the delimiter"
                    )
                if row:
                    yield row + [""] * (len(self.header) - len(row))

    def url_of(self, row: Row) -> str:
        """The URL of a row, without spaces around it; empty where there is none."""
        return row[self.column].strip()

    def header_with(self, added: Sequence[str]) -> str:
        """The header's line with these columns more; one whose name is taken gets a number."""
        return self.line(self.header, _free(added, self.header))

    def line(self, row: Iterable[str], added: Iterable[str]) -> str:
        """A row's line with cells of ours after its own, none of which a spreadsheet takes for a formula."""
        # csv.writer leaves a carriage return without quotes where lines end in a line feed.
        cells = (self._quoted(cell) for cell in (*row, *map(for_csv, added)))
        return self.delimiter.join(cells) + self.line_end

    def _quoted(self, cell: str) -> str:
        needs_quotes = any(mark in cell for mark in (self.delimiter, '"', "\r", "\n"))
        return '"' + cell.replace('"', '""') + '"' if needs_quotes else cell


def _named_lines(reader: CsvReader, path: Path) -> Iterator[Row]:
    """The rows; what is wrong with one is said with its line."""
    try:
        yield from reader
    except csv.Error as error:
        raise UnreadableTable(f"{path}, line {reader.line_num}: {error}") from error


@contextmanager
def _named(path: Path) -> Generator[None]:
    """What is wrong with the form of the file, in one line that names it."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    except (csv.Error, UnicodeError) as error:
        raise UnreadableTable(f"{path} can't be read as CSV: {error}") from error
    finally:
        csv.field_size_limit(limit)


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")


def _text(path: Path, encoding: str) -> TextIO:
    # Bytes that are not UTF-8 come back as they were; UTF-16 has no such way.
    errors = "strict" if encoding == "utf-16" else "surrogateescape"
    return path.open(encoding=encoding, errors=errors, newline="")


def _delimiter_of(sample: str, column: str) -> str:
    """The one that makes a cell of the column's name, and of the rows what the header promises."""

    def fitness(delimiter: str) -> tuple[bool, bool, int]:
        try:
            rows = [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
        except csv.Error:
            return False, False, 0
        if not rows:
            return False, False, 0
        # The last row of the sample may be cut.
        return column in rows[0], all(len(row) <= len(rows[0]) for row in rows[:-1]), len(rows[0])

    return max(DELIMITERS, key=fitness)


def _free(names: Sequence[str], taken: Iterable[str]) -> list[str]:
    known = set(taken)
    free: list[str] = []
    for name in names:
        number, found = 1, name
        while found in known:
            number += 1
            found = f"{name}_{number}"
        known.add(found)
        free.append(found)
    return free
