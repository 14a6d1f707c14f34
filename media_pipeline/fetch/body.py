"""A response's body on its way to a temporary file: sniffed, limited, and digested in one pass.

What belongs here: reading, hashing, writing, and removing what must not stay. What does not: which URL is asked,
retries, and where the file goes afterwards.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from urllib3 import BaseHTTPResponse

from media_pipeline.fetch.outcome import Refusal
from media_pipeline.fetch.sniff import NotMedia, SniffedType, sniff
from media_pipeline.model import MediaPipelineError, Status

CHUNK_BYTES = 256 * 1024
"""Most small pictures come in one chunk, so one digest call and one write; larger chunks were not faster."""


class TemporaryFileError(MediaPipelineError):
    """The temporary file could not be written: the disk's fault, not the host's, so no reference is blamed for it."""


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A complete, recognised body in a temporary file."""

    path: Path
    sha256: str
    md5_sum: str
    size: int
    type: SniffedType


def receive(raw: BaseHTTPResponse, path: Path, limit: int) -> ReceivedBody:
    """Stream a body into the new file ``path``; ``limit`` is in bytes, of the transfer and of what it decodes to.

    Raises Refusal (too large, not media; the latter with the refused first chunk at ``path`` as evidence),
    TemporaryFileError, and what urllib3 raises. But for the evidence, no file stays behind.
    """
    if (getattr(raw, "length_remaining", None) or 0) > limit:
        raise _too_large(limit)
    head = _next_chunk(raw)
    found = sniff(head)
    try:
        evidence = _evidence(head, path) if isinstance(found, NotMedia) else None
        if isinstance(found, SniffedType):
            return _store(raw, head, path, limit, found)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    raise _not_media(found, evidence)


def save(raw: BaseHTTPResponse, path: Path, limit: int) -> None:
    """Stream a body of any type into the new file ``path``. Raises as :func:`receive` does; then no file stays."""
    if (getattr(raw, "length_remaining", None) or 0) > limit:
        raise _too_large(limit)
    size = 0
    try:
        with _create(path) as file:
            while chunk := _next_chunk(raw):
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                _write(file, chunk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _store(raw: BaseHTTPResponse, head: bytes, path: Path, limit: int, found: SniffedType) -> ReceivedBody:
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    size, chunk = 0, head
    with _create(path) as file:
        while chunk:
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            md5.update(chunk)
            sha256.update(chunk)
            _write(file, chunk)
            chunk = _next_chunk(raw)
    return ReceivedBody(path, sha256.hexdigest(), md5.hexdigest(), size, found)


def _next_chunk(raw: BaseHTTPResponse) -> bytes:
    """Decoding an uncompressed body would copy it once more."""
    return raw.read(CHUNK_BYTES, decode_content="Content-Encoding" in raw.headers)


def _evidence(head: bytes, path: Path) -> Path | None:
    if not head:
        return None
    with _create(path) as file:
        _write(file, head)
    return path


def _create(path: Path) -> BinaryIO:
    try:
        return open(path, "xb", buffering=0, opener=_private)
    except OSError as error:
        raise TemporaryFileError(f"can't create {path}: {error.strerror}; see to the folder and try again") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise TemporaryFileError(f"can't write {file.name}: {error.strerror}; free some space and try again") from error


def _too_large(limit: int) -> Refusal:
    return Refusal(Status.TOO_LARGE, "too_large", f"larger than MEDIA_MAX_FILE_MB allows ({limit:,} bytes)")


def _not_media(found: NotMedia, evidence: Path | None) -> Refusal:
    what = "an empty body" if found.kind == "empty" else f"something else ({found.kind.replace('_', ' ')})"
    return Refusal(Status.NOT_MEDIA, found.kind, f"the host sent {what} instead of a medium", evidence=evidence)
