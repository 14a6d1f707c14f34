"""Whether what a host sent is the medium, or the placeholder that it sends in place of what was removed.

What belongs here: these rules, over URLs and digests. What does not: what becomes of a placeholder
(:mod:`media_pipeline.fetch.dispatch.journey`), and which media have met at one URL
(:mod:`media_pipeline.catalog.redirect_ends`).

A redirect is what gives a placeholder away: a host that has the medium needs none to another file. A URL that was asked
for itself may be called ``removed.png``, and a picture may show the same bytes as another post's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from media_pipeline.policy import media_keys

KNOWN_DIGESTS = frozenset(("d835884373f4d6c8f24742ceabe74946",))
"""MD5s of placeholders that are known: Imgur's ``removed.png``, 161x81 pixels."""

MEDIA_AT_ONE_END = 2
"""So many media of one host at which URL of another name all requests for them end: it is none of them."""

_WHAT = (
    r"(?:avatar|clip|content|cover|file|gif|icon|image|img|item|media|photo|pic|picture|post|poster|profile|thumb"
    r"|thumbnail|user|video)s?"
)
_IS_GONE = (
    r"(?:removed|deleted|unavailable|blocked|missing|expired|placeholder"
    r"|(?:not|no[-_ ]?longer)[-_ ]?(?:available|found|exist(?:s|ing)?)|does[-_ ]?not[-_ ]?exist|dmca|takedown|404)"
)
_SIZE = r"(?:[-_ ](?:\d+(?:x\d+)?|small|normal|medium|large|big|bigger|original|square|dark|light))*"
_REMOVAL = re.compile(
    rf"(?:(?:the|this)[-_ ])?(?:{_WHAT}[-_ ]?)?(?:(?:is|was|has[-_ ]been)[-_ ])?{_IS_GONE}(?:[-_ ]?{_WHAT})?{_SIZE}"
    rf"|no[-_ ]?{_WHAT}{_SIZE}"
    rf"|default(?:[-_ ]{_WHAT})+{_SIZE}"
)
"""The whole of a file's name without its ending, in lower case. ``removed-wallpaper`` is a picture of a wall."""


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What is known of placeholders in a run."""

    digests: frozenset[str] = KNOWN_DIGESTS
    """MD5s and SHA-256s, in lower case."""
    ends: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Hosts, each with a URL to which it redirects different media. What is found in a run is added.

    Another host may redirect to the same URL what is to be had there.
    """

    def reason(self, asked: str, final: str, digests: Iterable[str]) -> str | None:
        """Why what came from ``final``, where ``asked`` was asked for, is a placeholder; None: it isn't."""
        if not self.digests.isdisjoint(digests):
            return "its bytes are those of a known placeholder"
        if asked == final:
            return None
        if names_a_removal(asked, final):
            return "the host redirects to a file whose name says that the medium was removed"
        if (host_of(asked), final) in self.ends:
            return "the host redirects different media to it"
        return None


@dataclass(frozen=True, slots=True)
class End:
    """A medium whose request ended at some URL after redirects."""

    media_key: str
    asked: str
    candidates: frozenset[str]
    """Every URL that its export gives."""


def names_a_removal(asked: str, final: str) -> bool:
    """Whether a redirect has led to a file whose name says removal, and not to one that was asked for by that name."""
    name = _stem(final)
    return name != _stem(asked) and _REMOVAL.fullmatch(name) is not None


def is_shared(final: str, ends: Iterable[End]) -> bool:
    """Whether different media of one host end at this URL, so that it is none of them.

    It is one of them where it has the name that was asked for, where the export names it itself (as Mastodon does
    beside its proxy's URL), and where the keys are the same: a medium that is asked for by two URLs.
    """
    keys: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    own_key = media_keys.of_url(final)
    for end in ends:
        key = media_keys.of_url(end.asked)
        if key != own_key and _stem(end.asked) != _stem(final) and final not in end.candidates:
            keys[host_of(end.asked)].add((key, end.media_key))
    return any(
        min(len({key for key, _ in found}), len({key for _, key in found})) >= MEDIA_AT_ONE_END
        for found in keys.values()
    )


def _stem(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.rpartition("/")[2]).lower().partition(".")[0]


def host_of(url: str) -> str:
    """The name of the host that is asked by this URL; empty where it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
