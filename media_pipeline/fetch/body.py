"""A response's body on its way to a file: sniffed, limited, and digested in one pass.

What belongs here: reading, hashing, writing, and removing what must not stay. What does not: which URL is asked,
what is kept of an unfinished body (:mod:`media_pipeline.fetch.unfinished`), and where the file goes afterwards.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.sniff import NotMedia, SniffedType
from media_pipeline.model import MediaPipelineError, Status

CHUNK_BYTES = 256 * 1024
"""Most small pictures come in one chunk, so one digest call and one write; larger chunks were not faster."""

EVIDENCE_BYTES = 1_000_000
"""Kept of a body that is no medium: any page that a person would look at."""


class TemporaryFileError(MediaPipelineError):
    """The temporary file could not be written: the disk's fault, not the host's, so no reference is blamed for it.

    To do: Free the disk, or give the rights that the message asks for, and run again.
    """


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A complete, recognised body in a temporary file."""

    path: Path
    sha256: str
    md5_sum: str
    size: int
    type: SniffedType


class BodyWriter:
    """Writes a body to a file, and knows its digests and size. ``limit`` is in bytes."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Raises Refusal above the limit, TemporaryFileError when the disk takes no more."""
        self.account(chunk)
        _write(self._file, chunk)

    def account(self, chunk: bytes) -> None:
        """What the file holds already."""
        self.size += len(chunk)
        if self.size > self._limit:
            raise too_large(self._limit)
        self._md5.update(chunk)
        self._sha256.update(chunk)

    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def received(self, path: Path, found: SniffedType) -> ReceivedBody:
        return ReceivedBody(path, self._sha256.hexdigest(), self._md5.hexdigest(), self.size, found)


def receive(raw: BaseHTTPResponse, path: Path, limit: int, head: bytes, found: SniffedType) -> ReceivedBody:
    """Stream a medium into the new file ``path``, from its first chunk on.

    Raises Refusal (too large), TemporaryFileError, and what urllib3 raises; then no file stays behind.
    """
    try:
        with create(path) as file:
            writer = BodyWriter(file, limit)
            chunk = head
            while chunk:
                writer.write(chunk)
                chunk = next_chunk(raw)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return writer.received(path, found)


def save(raw: BaseHTTPResponse, path: Path, limit: int) -> None:
    """Stream a body of any type into the new file ``path``. Raises as :func:`receive` does; then no file stays."""
    refuse_too_large(raw, limit)
    size = 0
    try:
        with create(path) as file:
            while chunk := next_chunk(raw):
                size += len(chunk)
                if size > limit:
                    raise too_large(limit)
                _write(file, chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def whole(raw: BaseHTTPResponse, head: bytes, limit: int) -> bytes:
    """The rest of a body that is small, in memory, with what was read of it."""
    pieces, size = [head], len(head)
    while chunk := next_chunk(raw):
        pieces.append(chunk)
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
    return b"".join(pieces)


def not_media(raw: BaseHTTPResponse, head: bytes, path: Path, found: NotMedia) -> Refusal:
    """The refusal of a body that is no medium, with its beginning at ``path`` and its headers as evidence."""
    headers = {name: value for name, value in raw.headers.items() if name.lower() != "set-cookie"}
    what = "an empty body" if found.kind == "empty" else f"something else ({found.kind.replace('_', ' ')})"
    message = f"the host sent {what} instead of a medium"
    return Refusal(Status.NOT_MEDIA, found.kind, message, evidence=_evidence(raw, head, path), headers=headers)


def refuse_too_large(raw: BaseHTTPResponse, limit: int) -> None:
    """Raise Refusal when the host announces more than the limit."""
    if (getattr(raw, "length_remaining", None) or 0) > limit:
        raise too_large(limit)


def next_chunk(raw: BaseHTTPResponse) -> bytes:
    """The next piece of a body; empty at its end."""
    if "Content-Encoding" not in raw.headers:
        return raw.read(CHUNK_BYTES, decode_content=False)  # decoding it would copy it once more
    # Asked once more, a compressed body of which nothing came says whether it was empty or broke off.
    return raw.read(CHUNK_BYTES, decode_content=True) or raw.read(CHUNK_BYTES, decode_content=True)


def too_large(limit: int) -> Refusal:
    return Refusal(Status.TOO_LARGE, "too_large", f"larger than MEDIA_MAX_FILE_MB allows ({limit:,} bytes)")


def create(path: Path) -> BinaryIO:
    """A new private file. Raises TemporaryFileError."""
    try:
        return open(path, "xb", buffering=0, opener=_private)
    except OSError as error:
        raise TemporaryFileError(f"can't create {path}: {error.strerror}; see to the folder and try again") from error


def _evidence(raw: BaseHTTPResponse, head: bytes, path: Path) -> Path | None:
    if not head:
        return None
    try:
        with create(path) as file:
            _write(file, head)
            # Whatever ends it early: it is a page to look at, and what came of it will do.
            with contextlib.suppress(HTTPError, OSError):
                _append(raw, file, EVIDENCE_BYTES - len(head))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _append(raw: BaseHTTPResponse, file: BinaryIO, room: int) -> None:
    while room > 0 and (chunk := next_chunk(raw)):
        _write(file, chunk[:room])
        room -= len(chunk)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise TemporaryFileError(f"can't write {file.name}: {error.strerror}; free some space and try again") from error
