"""Where a media reference comes from: the export, its digest, the place in it, and the very bytes there."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media_pipeline.catalog import origins
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.origins import Origin
from media_pipeline.model import Locator
from media_pipeline.posts.readers.source_text import record_at, value_at
from media_pipeline.posts.values import items, mapping, pointer
from media_pipeline.settings import Settings
from media_pipeline.stages.imports.source_exports import NoProvenance, export_of, post_in


@dataclass(frozen=True, slots=True)
class Provenance:
    """One media reference, the export that it was read from, and the bytes that name it."""

    media_id: str
    media_url: str | None
    path: Path
    import_id: str
    """SHA-256 of the export, and found so just now."""
    locator: Locator
    text: bytes
    """The JSON value that names the medium's URL, as it stands in the export; the post where no single one does."""
    post_text: bytes

    def facts(self) -> dict[str, Any]:
        """Everything but the bytes, for a person."""
        return {
            "media_id": self.media_id,
            "media_url": self.media_url,
            "file": str(self.path),
            "sha256": self.import_id,
            "place": str(self.locator),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything; the bytes as text."""
        return self.facts() | {
            "line": self.locator.line,
            "offset": self.locator.offset,
            "pointer": self.locator.pointer,
            "member": self.locator.member,
            "text": self.text.decode("utf-8", "replace"),
            "post_text": self.post_text.decode("utf-8", "replace"),
        }


def provenance_of(settings: Settings, database: Database, media_id: str) -> Provenance:
    """Read the export again up to the post that names the reference. Raises NoProvenance."""
    with database.read() as connection:
        origin = origins.origin(connection, media_id)
    if origin is None:
        raise NoProvenance(f"no media reference {media_id}; `media-pipeline list` shows them")
    path = export_of(settings, origin.import_id, origin.paths)
    post = post_in(path, origin.platform, origin.post_id).post
    record, rest = record_at(path, post.locator)
    at = post.locator.pointer.removesuffix(rest)
    post_text = value_at(record, rest)
    # What a page keeps apart from its posts, as v2 of Twitter does, stands elsewhere in the record.
    for text, place in ((post_text, at + rest), (record, at)):
        for found in _pointers(_value(text), origin.urls):
            locator = Locator(post.locator.line, post.locator.offset, place + found, post.locator.member)
            return _provenance(origin, path, locator, value_at(text, found), post_text)
    return _provenance(origin, path, post.locator, post_text, post_text)


def _provenance(origin: Origin, path: Path, locator: Locator, text: bytes, post_text: bytes) -> Provenance:
    return Provenance(origin.media_id, origin.media_url, path, origin.import_id, locator, text, post_text)


def _value(text: bytes) -> Any:
    """None for what is no JSON: a row of a table is shown whole."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _pointers(value: Any, urls: Sequence[str]) -> Iterator[str]:
    """Where a string stands that is one of the URLs or, of a URL exported in two parts, its end."""
    waiting: list[tuple[str, Any]] = [("", value)]
    found: dict[str, str] = {}
    while waiting:
        place, node = waiting.pop()
        if isinstance(node, str):
            found.setdefault(html.unescape(node.strip()), place)
        elif isinstance(node, dict):
            waiting.extend((place + pointer(key), child) for key, child in mapping(node).items())
        elif isinstance(node, list):
            waiting.extend((place + pointer(index), child) for index, child in enumerate(items(node)))
    yield from (found[url] for url in urls if url in found)
    yield from (place for text, place in found.items() if len(text) > 20 and any(url.endswith(text) for url in urls))
