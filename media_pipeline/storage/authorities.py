"""The authorities that an archive's certificate is held against: the usual ones, and those of MEDIA_CA_FILE.

What belongs here: one file of both, since an S3 client takes no other form. What does not: media hosts (``fetch``).
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import certifi

from media_pipeline.storage.durable import storage_errors

_kept: list[tempfile.TemporaryDirectory[str]] = []
"""Removed when this process ends."""


@functools.cache
def bundle_with(own: Path) -> Path:
    """A file of the usual authorities and these. Raises StorageError."""
    with storage_errors("read the certificates of MEDIA_CA_FILE in", own):
        text = own.read_bytes()
    folder: tempfile.TemporaryDirectory[str] = tempfile.TemporaryDirectory(prefix="media-pipeline-ca-")
    _kept.append(folder)
    bundle = Path(folder.name) / "authorities.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + text)
    return bundle
