"""The X data archive: scripts that assign a JSON document, ``window.YTD.tweets.part0 = [ … ]``.

Its posts don't repeat whose they are; ``account.js`` beside them says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from media_pipeline.model import Fault, Record
from media_pipeline.posts.readers.compression import DamagedExport
from media_pipeline.posts.readers.document import read_array, read_object
from media_pipeline.posts.values import dig, mapping

ACCOUNT = "account.js"
"""The script beside the posts that names their author."""
_MOST_ACCOUNT_CHUNKS = 4

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


def owner_in(script: Iterator[bytes]) -> Mapping[str, Any] | None:
    """The account that ``account.js`` names, or a JSON document about it; None where it is something else."""
    try:
        text = b"".join(islice(script, _MOST_ACCOUNT_CHUNKS))
    except DamagedExport:
        return None
    is_script = is_assignment(text)
    first = next(read_script(text, iter([text])) if is_script else read_object(iter([text])), None)
    if not isinstance(first, Record):
        return None
    return mapping(dig(first.value, "account") if is_script else first.value) or None


def _skip(chunks: Iterator[bytes], count: int) -> Iterator[bytes]:
    for chunk in chunks:
        if len(chunk) > count:
            yield chunk[count:]
        count = max(0, count - len(chunk))
