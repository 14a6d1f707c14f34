"""HTML as plain text: what a reader of the post reads, with its line breaks and where its links lead.

What belongs here: the few elements that servers let posts have. What does not: which field of a platform is HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser

_MARKUP = re.compile(r"<[a-zA-Z/!]|&(?:[a-zA-Z]+|#\w+);")
_UNFINISHED = re.compile(r"<(?!/?[a-zA-Z][^<>]*>)")
_ESCAPED = re.compile("&(?:amp|lt|gt|quot|apos|#39|#x27);")
_BLOCKS = frozenset(
    (
        "p",
        "div",
        "ul",
        "ol",
        "blockquote",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "tr",
        "figure",
        "section",
    )
)
_UNREAD = frozenset(("script", "style", "template", "head"))
_SPACES = re.compile(r"[ \t\n\r\f]+")
_KEPT = "\x1f"
"""Stands for a space that counts, until the others are gone. HTML takes it for no character."""
_MANY_LINES = re.compile(r"\n{3,}")
_AROUND_LINES = re.compile(r" *\n *")


def plain_text(markup: str) -> str:
    """What a reader reads: paragraphs a blank line apart, list items on lines of their own, and the address of a link
    behind its words where the words are not the address.

    Text without markup is returned as it is. Nothing makes it raise: what is no HTML is read as browsers read it.
    """
    if not _MARKUP.search(markup):
        return markup
    reader = _Reader()
    # The parser looks for the end of an unfinished tag again and again: 80 KB of `<a` took it 19 s.
    try:
        reader.feed(_UNFINISHED.sub("&lt;", markup))
        reader.close()
    except ValueError:
        # A number of thousands of digits for one character.
        return markup
    return reader.text()


def unescaped(escaped: str) -> str:
    """Text of an API that writes ``&``, ``<`` and ``>`` as entities, each of them resolved once.

    No others, and none without its semicolon: scrapers unescape themselves, and ``?a=1&copy=2`` is no copyright sign.
    """
    return _ESCAPED.sub(lambda found: unescape(found[0]), escaped)


class _Reader(HTMLParser):
    """Collects text. Of a link it remembers where its words began."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._unread = 0
        self._kept = 0
        """Elements around this place whose spaces count."""

    def text(self) -> str:
        lines = _AROUND_LINES.sub("\n", "".join(self._parts))
        return _MANY_LINES.sub("\n\n", lines).replace(_KEPT, " ").strip()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self._unread += 1
        elif tag == "br":
            self._parts.append("\n")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag == "a":
            # A link within a link ends that.
            self.handle_endtag("a")
            self._links.append((_address_of(dict(attrs)), len(self._parts)))
        elif tag == "img":
            self._parts.append(dict(attrs).get("alt") or "")
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
        if tag == "pre":
            self._kept += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
        if tag == "pre":
            self._kept = max(0, self._kept - 1)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._parts.append(data.replace(" ", _KEPT) if self._kept else _SPACES.sub(" ", data))

    def _end_link(self, address: str, began: int) -> None:
        words = "".join(self._parts[began:]).strip()
        # Servers hide the beginning and the end of a long address: the words are all of it.
        if address and words and not words.startswith(("#", "@")) and _bare(words) != _bare(address):
            self._parts.append(f" ({address})")


def _address_of(attributes: dict[str, str | None]) -> str:
    """Where a link leads, unless it leads to an author or a topic."""
    kinds = (attributes.get("class") or "").split()
    address = attributes.get("href") or ""
    return "" if {"mention", "hashtag"} & set(kinds) or not address.startswith(("http://", "https://")) else address


def _bare(address: str) -> str:
    return address.partition("://")[2].rstrip("/") if "://" in address else address.rstrip("/")
