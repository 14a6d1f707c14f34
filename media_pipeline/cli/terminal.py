"""What a terminal shows: tables, progress bars, JSON. What does not belong here: what the numbers mean."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import shutil
import sys
import traceback
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichBars
from rich.table import Table
from rich.text import Text

from media_pipeline.model import MediaPipelineError
from media_pipeline.policy.foreign_text import for_csv, for_json, for_terminal
from media_pipeline.policy.wording import worded
from media_pipeline.stages.progress import LineProgress, Progress, rate_of

LINE_EVERY_SECONDS = 30
"""In a log of a night's run a line each half a minute is enough."""


class _Plain(Console):
    """Shows every text that it is given as data: none is markup, and each is one line without control characters.

    Here and not where something is printed, so that no command can forget it. :class:`rich.text.Text` is for what is
    wholly ours.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        options.update(markup=False, emoji=False)
        return super().render_str(for_terminal(text), **options)


class OutputLost(MediaPipelineError):
    """Standard output did not take what a command printed.

    To do: Free the disk that standard output is redirected to, and run the command again. What it had done is kept.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output took no more: {error.strerror or error}; what was done is kept")
        self.has_no_reader = isinstance(error, BrokenPipeError)


class _StandardOutput(io.FileIO):
    """Says of its errors that they are its own: of an OSError nobody could tell."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost(error) from error


class _StandardError(io.FileIO):
    """Bars and notes that nobody can see are no reason to stop the work."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def open_output() -> None:
    """Have standard output raise OutputLost, and standard error nothing."""
    sys.stdout = _opened(sys.stdout, _StandardOutput, line_buffering=sys.stdout is not None and sys.stdout.isatty())
    errors: Any = sys.stderr
    sys.stderr = _opened(errors, _StandardError, line_buffering=True)
    if isinstance(errors, io.TextIOWrapper):
        # Dagster turns standard error's descriptor into a file for the time of a run, where bars would not move.
        err.file = _opened(errors, _StandardError, line_buffering=True, descriptor=os.dup(errors.fileno()))


def _opened(stream: Any, kind: type[io.FileIO], line_buffering: bool, descriptor: int | None = None) -> Any:
    """The stream anew, over its own descriptor or a copy of it."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    raw = io.BufferedWriter(kind(stream.fileno() if descriptor is None else descriptor, "w", closefd=False))
    # A name that the terminal's encoding has no letters for is shown by its escapes.
    return io.TextIOWrapper(raw, stream.encoding, "backslashreplace", line_buffering=line_buffering)


def flush_output() -> None:
    """Bring what was printed to where it goes. Raises OutputLost."""
    # None: the command was started with its standard output closed.
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]
        sys.stdout.flush()


def give_up_output() -> None:
    """Let what is left of the output go nowhere: Python would try to print it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def started_as() -> str:
    """The command line's own name, as a shell takes it in the folder where this process was started."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m media_pipeline.cli"
    found = shutil.which(program.name)
    is_on_path = found is not None and program.exists() and Path(found).samefile(program)
    return program.name if is_on_path else shlex.quote(str(program))


out = _Plain(highlight=False)
err = _Plain(stderr=True, highlight=False)


def print_error(message: str) -> None:
    """What went wrong, as one line of standard error."""
    err.print(Text("error:", "red"), message, soft_wrap=True)


def print_unforeseen(error: BaseException) -> None:
    """The traceback of an error that nobody foresaw, on standard error."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        err.print(line, soft_wrap=True)


def print_bytes(text: bytes) -> None:
    """Bytes of an export on standard output: as they are into a file or a pipe, as text on a terminal."""
    if out.is_terminal:
        for line in text.decode("utf-8", "backslashreplace").splitlines():
            out.print(line, soft_wrap=True)
    else:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()


def print_json(value: Any) -> None:
    """One JSON value on one line of standard output; times as ISO 8601."""
    sys.stdout.write(_json(value) + "\n")


def print_json_array(rows: Iterable[Mapping[str, Any]]) -> None:
    """An array of rows, a line each, written as they come."""
    sys.stdout.write("[")
    for number, row in enumerate(rows):
        sys.stdout.write(",\n" if number else "\n")
        sys.stdout.write(_json({str(name): value for name, value in row.items()}))
    sys.stdout.write("\n]\n")


def _json(value: Any) -> str:
    try:
        return for_json(orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode())
    except TypeError:
        # orjson refuses lone surrogates and integers over 64 bits, which real exports hold.
        return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_table(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Rows as a table; nothing when there are none.

    No id, path or address is broken into pieces: where they have no room beside each other, each row is lines of names
    and values.
    """
    if not rows:
        return
    names = list(columns or rows[0])
    if not _has_room(rows, names):
        out.print(title, style="italic")
        for row in rows:
            _print_pairs({name: row.get(name) for name in names})
            out.print()
        return
    table = Table(title=title, title_justify="left", show_edge=False)
    for name in names:
        table.add_column(
            name,
            overflow="fold",
            no_wrap=not _is_text(rows, name),
            justify="right" if _numeric(rows, name) else "left",
        )
    for row in rows:
        table.add_row(*(worded(row.get(name)) for name in names))
    out.print(table)


def _print_pairs(pairs: Mapping[str, Any]) -> None:
    width = max(map(len, pairs))
    for name, value in pairs.items():
        out.print(f"{name:<{width}}  {worded(value)}".rstrip(), soft_wrap=True)


TEXT_WIDTH = 24
"""Letters in a line of a column of text at least; no word in such a column is longer."""


def _has_room(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    """Whether a table of these columns is no wider than the screen, with only text in several lines."""
    widths = [min(_width(rows, name), TEXT_WIDTH) if _is_text(rows, name) else _width(rows, name) for name in names]
    return sum(widths) + len(_BETWEEN) * len(names) <= out.width


_BETWEEN = " │ "


def _width(rows: Sequence[Mapping[str, Any]], name: str) -> int:
    return max(len(name), *(cell_len(for_terminal(worded(row.get(name)))) for row in rows))


def _is_text(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether a column holds sentences, which may stand in several lines, and no long word that people copy."""
    cells = [for_terminal(worded(row.get(name))) for row in rows]
    words = [word for cell in (name, *cells) for word in cell.split()]
    return any(" " in cell for cell in cells) and all(cell_len(word) <= TEXT_WIDTH for word in words)


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], copied: Sequence[str]) -> bool:
    """Rows as a table on a terminal; elsewhere a line each, columns parted by tabs, after a line of their names.

    ``copied``: columns that people copy. Where they would be broken into pieces, each row is an outline instead.
    Return whether there were any.
    """
    if out.is_terminal:
        found = list(rows)
        if found and _has_room(found, columns):
            print_table("", found, columns)
        else:
            brief = [name for name in columns if name not in copied]
            print_outline("", [[_line(row, brief), *filter(None, (row.get(name) for name in copied))] for row in found])
        return bool(found)
    number = 0
    for number, row in enumerate(rows, 1):
        if number == 1:
            sys.stdout.write("\t".join(columns) + "\n")
        sys.stdout.write("\t".join(for_terminal(worded(row.get(name))) for name in columns) + "\n")
    return number > 0


def _line(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    return "  ".join(filter(None, (worded(row.get(name)) for name in columns)))


def print_csv(rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows as CSV (RFC 4180) on standard output, written as they come. Spreadsheets take no cell for a formula,
    and what would do something to a terminal is escaped; the exact text is in JSON.
    """
    writer = csv.writer(sys.stdout)
    for number, row in enumerate(rows):
        if not number:
            writer.writerow(row)
        writer.writerow([for_csv(for_terminal(_csv_cell(value))) for value in row.values()])


def _csv_cell(value: Any) -> str:
    """A value as programs read it: what is neither text nor a number as in JSON, and nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, str | Path) else _json(value)


def print_facts(title: str, facts: Mapping[str, Any]) -> None:
    """Names and values, a line each."""
    # A title of the table's own would be as narrow as the table.
    out.print(title, style="italic")
    if not _has_room([{"name": name, "value": value} for name, value in facts.items()], ("name", "value")):
        _print_pairs(facts)
        return
    table = Table(show_header=False, show_edge=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    for name, value in facts.items():
        table.add_row(name, worded(value))
    out.print(table)


def print_lines(title: str, lines: Mapping[str, Any]) -> None:
    """Names and values that people copy: never wrapped, never cut."""
    out.print()
    out.print(title, style="italic")
    _print_pairs(lines)


def print_outline(title: str, entries: Sequence[Sequence[str]]) -> None:
    """Entries, each a line with further lines below it: never wrapped, never cut. Nothing when there are none."""
    if entries:
        out.print()
        out.print(title, style="italic")
    for first, *further in entries:
        out.print(first, soft_wrap=True)
        for line in further:
            out.print(f"    {line}", soft_wrap=True)


def _numeric(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return all(isinstance(row.get(name), int | float) for row in rows)


class BarProgress(Progress):
    """Shows a bar for each kind of work, which begins anew when the work does."""

    def __init__(self, bars: RichBars) -> None:
        super().__init__()
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, what: str, done: int, total: int | None, seconds: float, ended: bool = False) -> None:
        if what not in self._tasks:
            if not done and (ended or total == 0):
                return
            self._tasks[what] = self._bars.add_task(what, total=total, rate=0.0)
        elif done == 0 and not ended:
            self._bars.reset(self._tasks[what], total=total)
        self._bars.update(
            self._tasks[what], completed=done, total=done if ended else total, rate=rate_of(done, seconds)
        )


@contextmanager
def progress() -> Generator[Progress]:
    """How far the work is, on standard error, so that standard output stays clean: bars, or where no person watches
    them a line every half a minute.
    """
    if not err.is_interactive:
        yield LineProgress(lambda line: err.print(line, soft_wrap=True), LINE_EVERY_SECONDS, also_short=False)
        return
    columns = TextColumn("{task.description:>16}", markup=False), BarColumn(), MofNCompleteColumn()
    rate = TextColumn("{task.fields[rate]:,.1f}/s", markup=False)
    with RichBars(*columns, rate, TimeElapsedColumn(), TimeRemainingColumn(), console=err) as bars:
        yield BarProgress(bars)
