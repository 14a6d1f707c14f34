"""URLs as browsers read them: by the WHATWG's URL standard (url.spec.whatwg.org), in the parser ``ada_url``.

What belongs here: from a URL as someone wrote it to the URL that is asked, and from a reference in an answer to the URL
that it means. What does not: which of them may be asked (:mod:`media_pipeline.fetch.http.addresses`).

A space, a tab, brackets, a backslash or a letter of any script in a path is escaped or taken as browsers take it. Where
the host stands, none of them is: it is there that parsers disagree, and an attacker chooses the host.
"""

from __future__ import annotations

import re

from ada_url import URL

from media_pipeline.model import MediaPipelineError

_AT_THE_ENDS = " \t"

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""But for the tab. Browsers drop line feeds; to some servers they would be the end of a header."""

_LOST_CHARACTER = re.compile(r"[\ud800-\udfff\ufffd]")
"""U+FFFD stands where a character was lost: by whoever wrote the export, or by the catalogue, which takes neither NUL
nor half of a surrogate pair. Without that character it is another URL."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UP_TO_THE_PATH = re.compile(r"(?:[^/?#]*:)?/{0,2}[^/?#]*")
_AMBIGUOUS = re.compile(r"[ \t\\]")
_SLASHES = re.compile(r"\\[/\\]|/\\")
"""Browsers take what follows for a host."""


class UnsafeUrlError(MediaPipelineError):
    """A URL that must not be asked. ``kind`` is a stable word for the reason."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def trimmed(url: str) -> str:
    """The URL without the blanks around it; raises UnsafeUrlError where parsers disagree about what it means."""
    url = url.strip(_AT_THE_ENDS)
    if _CONTROL.search(url):
        raise UnsafeUrlError("invalid_url", "the URL holds a control character")
    if _LOST_CHARACTER.search(url):
        raise UnsafeUrlError("invalid_url", "the URL has lost a character, in whose place U+FFFD stands")
    names_a_host = url.startswith("//") or _SCHEME.match(url.replace("\t", ""))
    before_path = _UP_TO_THE_PATH.match(url) if names_a_host else None
    if _SLASHES.match(url) or (before_path and _AMBIGUOUS.search(before_path[0])):
        raise UnsafeUrlError("invalid_url", "the URL holds a space, a tab or a backslash where its host stands")
    return url


def standard(url: str) -> URL:
    """The URL as it is asked. Raises UnsafeUrlError where it is none."""
    return _parsed(trimmed(url), None)


def joined(base: str, reference: str) -> str:
    """What a reference in an answer of ``base`` means. Raises UnsafeUrlError where it is no URL.

    One that names a host itself stays as it was written: what is written is checked before it is asked.
    """
    reference = trimmed(reference)
    if reference.startswith("//"):
        return standard(base).protocol + reference
    if _SCHEME.match(reference):
        return reference
    return _parsed(reference, trimmed(base)).href


def _parsed(url: str, base: str | None) -> URL:
    try:
        return URL(url, base=base)
    except ValueError as error:
        raise UnsafeUrlError("invalid_url", f"the URL can't be read: {error}") from error
