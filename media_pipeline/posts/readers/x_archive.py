"""The X data archive: a script that assigns a JSON document, ``window.YTD.tweets.part0 = [ … ]``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from media_pipeline.model import Fault, Record
from media_pipeline.posts.readers.document import read_array, read_object

_ASSIGNMENT = re.compile(rb"\s*(?:var\s+)?[A-Za-z_$][\w.$]*\s*=\s*(?=[\[{])")


def is_assignment(head: bytes) -> bool:
    """Whether a file that begins like this is such a script."""
    return _ASSIGNMENT.match(head) is not None


def read_script(head: bytes, chunks: Iterator[bytes]) -> Iterator[Record | Fault]:
    """Yield the records of the assigned document. ``head`` is what ``chunks`` begin with, assignment included."""
    match = _ASSIGNMENT.match(head)
    offset = match.end() if match else 0
    document = _skip(chunks, offset)
    if head[offset : offset + 1] == b"[":
        return read_array(document, offset)
    return read_object(document, offset)


def _skip(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    for chunk in chunks:
        if len(chunk) > count:
            yield chunk[count:]
        count = max(0, count - len(chunk))
