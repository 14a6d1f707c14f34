"""Text from outside is data: names, URLs, paths, errors and whatever a post says, made fit for where it is shown.

What belongs here: one function for each place of display, and what an address that is linked to may be. What does not:
what is worth showing. ``--json`` and the catalogue hold the exact text, and so need none of these but
:func:`for_json`.

A character that would do something where it is shown (move the cursor, colour the line, set the window's title, turn
the text around) is shown as its escape, ``\\x1b``, so that it is seen and does nothing.
"""

from __future__ import annotations

import logging
import re
from html import escape
from typing import Any
from urllib.parse import urlsplit

LOG_CHARACTERS = 2000
"""Of a log message: a URL of a megabyte would hide what stands beside it."""

# C0 and C1 controls, lone surrogates, noncharacters that end text for some readers, and what breaks a line.
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
# Embeddings, overrides and isolates reach beyond the text that holds them. The marks U+200E, U+200F and U+061C do not,
# and neither do joiners, which emoji and Persian need.
_OVERRIDES = r"\u202d\u202e"
_DIRECTIONS = _OVERRIDES + r"\u202a-\u202c\u2066-\u2069"
_SHOWN_ESCAPED = re.compile(f"[{_CONTROLS}{_DIRECTIONS}]")
_JSON_ESCAPED = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
# In HTML a paragraph ends what was begun in it, and Arabic and Hebrew posts are full of embeddings and isolates.
_HTML_ESCAPED = re.compile(f"[{_CONTROLS}{_OVERRIDES}]")
_KEPT_IN_HTML = "\n\t"

_MARKDOWN_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNFIT_FOR_LINKS = re.compile(rf"[\s\\<>\"`{_CONTROLS}{_DIRECTIONS}]")


def for_terminal(text: str) -> str:
    """One line for a terminal, without any effect but its letters."""
    return _SHOWN_ESCAPED.sub(_escape_of, text)


def for_log(text: str, longest: int = LOG_CHARACTERS) -> str:
    """One line for a log, in which no other line can be forged; a longer text is cut."""
    return for_terminal(text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)")


def for_markdown(text: str) -> str:
    """One line of Markdown that reads as the text, in a paragraph and in a table's cell."""
    return _MARKDOWN_PUNCTUATION.sub(r"\\\1", " ".join(for_terminal(" ".join(text.split())).split()))


def for_html(text: str) -> str:
    """The text for an element or a quoted attribute of HTML. Its line breaks stay."""
    return escape(_HTML_ESCAPED.sub(lambda found: found[0] if found[0] in _KEPT_IN_HTML else _escape_of(found), text))


def for_csv(text: str) -> str:
    """The text of a CSV's field: a spreadsheet takes none for a formula. Quoting is the CSV writer's."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def for_json(text: str) -> str:
    """JSON that holds the same values, without characters that do something where it is printed."""
    return _JSON_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def link(url: str | None) -> str | None:
    """The address if it may be linked to: http or https, with a host, and nothing that ends an attribute. Else None."""
    if not url or _UNFIT_FOR_LINKS.search(url):
        return None
    try:
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


class _ForLog(logging.Filter):
    """Makes every message a line of a log, whatever the message names."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = for_log(record.getMessage()), ()
        return True


_FOR_LOG = _ForLog()


def with_lines(log: logging.Logger) -> logging.Logger:
    """The logger, each of whose messages is one line by :func:`for_log` from now on, Dagster's as well."""
    log.addFilter(_FOR_LOG)
    return log


class LogLines(logging.Formatter):
    """Formats a record whose message may have lines of its own, such as a traceback.

    All but the first are indented, so that none of them can be taken for a record.
    """

    def format(self, record: logging.LogRecord) -> str:
        return "\n    ".join(for_terminal(line) for line in super().format(record).split("\n"))


def _escape_of(found: re.Match[Any]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        # How Python holds a byte of a file name that is not UTF-8.
        return f"\\x{code - 0xDC00:02x}"
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(found[0])
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
