"""JSON documents: an array whose items are records, or one object that is a record."""

from __future__ import annotations

from collections.abc import Iterator

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.readers.array_items import BrokenArray, Item, cut_items
from media_pipeline.posts.readers.json_text import UnreadableJson, parse_json
from media_pipeline.posts.readers.opener import MAX_RECORD_BYTES


def read_object(
    chunks: Iterator[bytes], offset: int = 0, max_bytes: int = MAX_RECORD_BYTES
) -> Iterator[Record | Fault]:
    """Yield the whole text, which begins at byte ``offset`` of the file, as one record."""
    locator = Locator(offset=offset)
    text = bytearray()
    for chunk in chunks:
        text += chunk
        if len(text) > max_bytes:
            yield Fault(locator, f"the document is longer than {max_bytes} bytes; convert it to NDJSON")
            return
    try:
        yield Record(parse_json(bytes(text)), locator)
    except UnreadableJson as error:
        yield Fault(locator, str(error))


def read_array(chunks: Iterator[bytes], offset: int = 0, max_bytes: int = MAX_RECORD_BYTES) -> Iterator[Record | Fault]:
    """Yield each item of the array that begins at byte ``offset``, as it streams.

    Locators: that offset and the pointer ``/<index>``. An item that can't be used is a fault and the rest goes on;
    an array that breaks off is a last fault, at the index of the item that is missing.
    """
    index = 0
    try:
        for item in cut_items(chunks, max_bytes):
            yield _read_item(item, Locator(offset=offset, pointer=f"/{index}"))
            index += 1
    except BrokenArray as error:
        yield Fault(Locator(offset=offset, pointer=f"/{index}"), str(error))


def _read_item(item: Item, locator: Locator) -> Record | Fault:
    try:
        return Record(parse_json(item.text), locator)
    except UnreadableJson as error:
        return Fault(locator, f"item at byte {item.offset}: {error}")
