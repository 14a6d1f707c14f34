"""The proof that nothing was overlooked: every media URL of a record is a candidate of some post, or explained.

What belongs here: walking records and counting. What does not: which URLs are no media, which each platform says
itself (``Platform.non_media``).
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from media_pipeline.model import MediaRef
from media_pipeline.posts.platforms.base import NonMedia, Platform
from media_pipeline.posts.readers.json_text import UnreadableJson, parse_json
from media_pipeline.posts.recognition import belongs_to, host_of
from media_pipeline.posts.values import items, mapping

MEDIA_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".heic", ".bmp", ".tif", ".tiff"),
    *(".mp4", ".mov", ".webm", ".m4v", ".mkv", ".m3u8", ".mpd"),
    *(".mp3", ".m4a", ".aac", ".ogg", ".opus", ".wav"),
    ".pdf",
)
"""Ends of a path that name a medium, on whatever host."""

MEDIA_FOLDERS = frozenset(("media", "media_attachments", "photos", "videos", "stories"))
"""Folders of official exports in which files of any name, also without a suffix, are media."""

_EXAMPLE_LENGTH = 300
_LONGEST_PATH = 1000
_RELATIVE = re.compile(r"(?!//)/?(?:\.{1,2}/)*(?P<first>[^\s/:?#<>]+)(?:/[^/:?#<>\n\r\t]+)+")
_IN_JSON = "(json)"
"""Stands in a key path where a string holds JSON that the path goes on in."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """Media URLs under one key path that no post claims and no rule explains."""

    keys: str
    """The way down from the record, ``data[].media[].url``."""
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many media URLs there were, and which of them nothing explains."""

    urls: int
    unexplained: tuple[Unexplained, ...]
    is_recognised: bool = True
    """Whether a post was found at all: else nothing is proven."""

    @property
    def unexplained_urls(self) -> int:
        return sum(found.count for found in self.unexplained)

    @property
    def percentage(self) -> float:
        """Of the URLs that are explained; 100 where there are none, and 0 where nothing was recognised."""
        if not self.is_recognised:
            return 0.0
        return 100 * (1 - self.unexplained_urls / self.urls) if self.urls else 100.0


class CoverageCounter:
    """Counts over the records of one platform. Memory grows with the key paths, not with the records."""

    def __init__(self, platform: Platform) -> None:
        self._media_domains = platform.media_domains
        self._rules = [Rule(row) for row in platform.non_media]
        self._urls = 0
        self._unexplained: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, value: Any, media: Iterable[MediaRef]) -> None:
        """Count one record; ``media`` are those of all the posts that were found in it."""
        claimed: _Claims | None = None
        for keys, address in addresses_in(value):
            if not self._is_media(address):
                continue
            self._urls += 1
            claimed = claimed or _Claims(media)
            if address not in claimed and not any(rule.explains(keys, address) for rule in self._rules):
                path = _path_text(keys)
                self._unexplained[path] += 1
                self._examples.setdefault(path, address[:_EXAMPLE_LENGTH])

    def result(self) -> Coverage:
        """What was counted so far, the most frequent first."""
        found = (Unexplained(path, count, self._examples[path]) for path, count in self._unexplained.most_common())
        return Coverage(self._urls, tuple(found))

    def _is_media(self, address: str) -> bool:
        if not _is_url(address):
            return True
        host = host_of(address)
        if host is None:
            return False
        if any(belongs_to(host, domain) for domain in self._media_domains):
            return True
        return resource_of(address).lower().endswith(MEDIA_SUFFIXES)


class _Claims:
    """The URLs of candidates, compared without scheme and query: one resource in another size has another query.

    The path of a file in the export is claimed as it stands, or by the URL that ends with it.
    """

    def __init__(self, media: Iterable[MediaRef]) -> None:
        known = list(media)
        self._claimed = {resource_of(candidate.url) for reference in known for candidate in reference.candidates}
        self._files = {file for reference in known for file in reference.files}

    def __contains__(self, address: str) -> bool:
        if not _is_url(address):
            end = f"/{address.lstrip('./')}"
            return address in self._files or any(claim.endswith(end) for claim in self._claimed)
        plain = resource_of(address)
        # A URL that is exported in two parts is claimed as a whole: the first part is where a claimed one begins.
        return plain in self._claimed or any(claim.startswith(plain) for claim in self._claimed)


class Rule:
    """One row of ``Platform.non_media``, ready to be compared."""

    def __init__(self, row: NonMedia) -> None:
        self._keys = tuple(row.keys.split(".")) if row.keys else ()
        self._address = re.compile(row.address) if row.address else None

    def explains(self, keys: tuple[str, ...], address: str) -> bool:
        named = tuple(key for key in keys if key not in ("[]", _IN_JSON))
        if self._keys and named[-len(self._keys) :] != self._keys:
            return False
        return self._address is None or self._address.search(address) is not None


def addresses_in(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every string that is a URL or the relative path of a media file, with the keys that lead to it.

    ``[]`` stands for an index. A string that holds a JSON object or array is gone through as well: X keeps cards so.
    """
    waiting: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while waiting:
        keys, node = waiting.pop()
        if isinstance(node, str):
            if _is_url(node):
                yield keys, html.unescape(node.strip())
            elif node.startswith(("{", "[")):
                waiting.append(((*keys, _IN_JSON), _parsed(node)))
            elif _is_media_path(keys, node):
                yield keys, node
        elif isinstance(node, dict):
            children: Mapping[str, Any] = mapping(node)
            waiting.extend(((*keys, key), child) for key, child in children.items())
        elif isinstance(node, list):
            waiting.extend(((*keys, "[]"), child) for child in items(node))


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _parsed(text: str) -> Any:
    """What a string holds as JSON; None where it is no JSON, such as a text in brackets."""
    try:
        return parse_json(text.encode("utf-8", "surrogatepass"))
    except UnreadableJson:
        return None


def _is_media_path(keys: tuple[str, ...], text: str) -> bool:
    """Whether a string names a file by a path of at least one folder: by a medium's suffix, or as a ``uri`` in a folder
    of media. ``example.org/a.jpg`` is an address that is shown without its scheme."""
    found = _RELATIVE.fullmatch(text) if "/" in text and len(text) <= _LONGEST_PATH else None
    if found is None or "." in found["first"]:
        return False
    if text.lower().endswith(MEDIA_SUFFIXES):
        return True
    return keys[-1:] == ("uri",) and not MEDIA_FOLDERS.isdisjoint(text.split("/")[:-1])


def resource_of(address: str) -> str:
    """Host and path of a URL: what it names, whatever the scheme, the size and the signature."""
    rest = html.unescape(address).partition("://")[2].partition("#")[0]
    path = rest.partition("?")[0]
    # A script's query says which picture it is to give.
    return rest if path.endswith(".php") else path


def _path_text(keys: tuple[str, ...]) -> str:
    return ".".join(keys).replace(".[]", "[]")
