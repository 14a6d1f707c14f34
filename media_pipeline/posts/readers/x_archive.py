"""The X data archive: scripts that assign a JSON document, ``window.YTD.tweets.part0 = [ … ]``.

Its posts don't repeat whose they are; ``account.js`` beside them says so. ``note-tweet.js`` has the whole text of long
posts, by the time of the post alone, and ``tweets.js`` their beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from html import unescape
from itertools import islice
from typing import Any

from media_pipeline.model import Fault, Record
from media_pipeline.posts.readers.compression import DamagedExport
from media_pipeline.posts.readers.document import read_array, read_object
from media_pipeline.posts.values import dig, mapping, moment, text

ACCOUNT = "account.js"
"""The script beside the posts that names their author."""
NOTES = "note-tweet"
"""What the name of the file of long texts begins with."""
_MOST_ACCOUNT_CHUNKS = 4
_POSTS = re.compile(r"(?:^|/)(?:tweets?|community-tweet|deleted-tweets?)(?:-part\d+)?\.js$")
_CUT_OFF = re.compile(r"(?:\s*(?:…|https?://\S+))+$")
"""What stands behind the beginning of a long text: a link to the post, or to its media."""

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


def has_notes(path: str) -> bool:
    """Whether a file of an archive holds posts of which some may have their whole text in ``note-tweet.js``."""
    return _POSTS.search(path) is not None


def with_notes(posts: Iterator[Record | Fault], notes: Iterator[Record | Fault]) -> Iterator[Record | Fault]:
    """The posts, those of which a note is the whole text with it as ``note_tweet``: of the same second, and beginning
    with the words of the post."""
    texts: dict[datetime, list[str]] = {}
    for part in notes:
        note = mapping(dig(part.value, "noteTweet") if isinstance(part, Record) else None)
        time, words = moment(note.get("createdAt")), text(dig(note, "core", "text"))
        if time and words:
            texts.setdefault(time.replace(microsecond=0), []).append(words)
    for part in posts:
        yield _with_note(part, texts) if isinstance(part, Record) and texts else part


def _with_note(record: Record, texts: Mapping[datetime, Sequence[str]]) -> Record:
    post = mapping(dig(record.value, "tweet"))
    time = moment(post.get("created_at"))
    beginning = _CUT_OFF.sub("", text(post.get("full_text")) or text(post.get("text")) or "")
    notes = texts.get(time, ()) if time and beginning else ()
    found = [words for words in notes if unescape(words).startswith(unescape(beginning))]
    if len(found) != 1:
        return record
    return replace(record, value={**record.value, "tweet": {**post, "note_tweet": {"text": found[0]}}})
