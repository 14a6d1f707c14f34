"""Cuts the text of a JSON array into the texts of its items, while it streams.

What belongs here: brackets and strings. What does not: what an item says; each is parsed by itself afterwards.

Done here instead of through ijson, because ijson's C backend stops at integers of more than 64 bits when asked for
floats, holds memory by the square of the nesting depth, and loses every item after the first invalid one. Cutting and
then parsing with orjson takes 1.4 times as long as ijson does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from media_pipeline.model import MediaPipelineError
from media_pipeline.posts.readers.compression import DamagedExport

_BRACKET = re.compile(
    rb"""
    [^"\[\]{}]*+                                            # anything but strings and brackets
    (?: "[^"\\]*+ (?: \\. [^"\\]*+ )*+ " [^"\[\]{}]*+ )*+   # whole strings, so that their brackets don't count
    (?: ([\[{]) | ([\]}]) | .*+ )                           # opening, closing, or all there is for now
    """,
    re.DOTALL | re.VERBOSE,
)
_OPENING, _CLOSING = 1, 2
MOST_LEVELS = 1_000_000
"""A quarter of a gigabyte of brackets would be minutes of work, for an item that no parser takes."""
_SCALAR = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^",\s]++')


class BrokenArray(MediaPipelineError):
    """Nothing more can be cut from the array; the message says why and where."""


@dataclass(frozen=True, slots=True)
class Item:
    """The text of one item and the byte at which it begins."""

    text: bytes
    offset: int


def cut_items(chunks: Iterator[bytes], max_bytes: int) -> Iterator[Item]:
    """Yield each item once it is complete; memory holds one item and one chunk.

    Raises BrokenArray after the last whole item if the array doesn't end as it should.
    """
    cutter = _Cutter()
    for text in _batches(chunks, lambda: len(cutter.text)):
        yield from cutter.feed(text)
        if len(cutter.text) > max_bytes:
            raise BrokenArray(f"item at byte {cutter.offset} is longer than {max_bytes} bytes; the rest is not read")
    if not cutter.closed:
        end = cutter.offset + len(cutter.text)
        raise BrokenArray(f"the array ends at byte {end} without its closing bracket")


def _batches(chunks: Iterator[bytes], size: Callable[[], int]) -> Iterator[bytes]:
    """Join chunks to at least ``size()`` bytes: doubling what is scanned again keeps a huge item's cost linear."""
    waiting: list[bytes] = []
    try:
        for chunk in chunks:
            waiting.append(chunk)
            if sum(map(len, waiting)) >= size():
                yield b"".join(waiting)
                waiting.clear()
    except DamagedExport:
        yield b"".join(waiting)
        raise
    yield b"".join(waiting)


class _Cutter:
    """Holds the text that isn't cut yet. It begins before the array, then after the last whole item."""

    def __init__(self) -> None:
        self.text = b""
        self.offset = 0
        self.closed = False
        self._opened = False

    def feed(self, text: bytes) -> Iterator[Item]:
        self.text += text
        if not self._opened:
            self._open()
        done = yield from self._items()
        self.offset += done
        self.text = self.text[done:]
        if self.closed:
            self._refuse_trailing()

    def _open(self) -> None:
        bracket = self.text.find(b"[")
        if bracket >= 0:
            self.text = self.text[bracket + 1 :]
            self.offset = bracket + 1
            self._opened = True

    def _items(self) -> Generator[Item, None, int]:
        """Yield whole items; return how much of the text they take."""
        depth = start = done = 0
        if self.closed or not self._opened:
            return done
        for match in _BRACKET.finditer(self.text):
            if match.lastindex == _OPENING:
                if depth == 0:
                    start = match.end() - 1
                    yield from self._scalars(done, start)
                depth += 1
                if depth > MOST_LEVELS:
                    where = self.offset + match.end()
                    raise BrokenArray(f"nested deeper than {MOST_LEVELS} levels at byte {where}; the rest is not read")
            elif match.lastindex == _CLOSING:
                depth -= 1
                if depth == 0:
                    done = match.end()
                    yield Item(self.text[start:done], self.offset + start)
                elif depth < 0:
                    yield from self._scalars(done, match.end() - 1)
                    self._close(match[2], match.end() - 1)
                    return match.end()
        return done

    def _scalars(self, start: int, end: int) -> Iterator[Item]:
        for match in _SCALAR.finditer(self.text, start, end):
            yield Item(match[0], self.offset + match.start())

    def _close(self, bracket: bytes, position: int) -> None:
        if bracket != b"]":
            raise BrokenArray(f"unexpected {bracket.decode()} at byte {self.offset + position}; the rest is not read")
        self.closed = True

    def _refuse_trailing(self) -> None:
        """After the array only white space may stand, or the semicolon of a script."""
        if self.text.strip(b" \t\r\n;"):
            raise BrokenArray(f"there is more text after the array's end at byte {self.offset}; it is not read")
        self.offset += len(self.text)
        self.text = b""
