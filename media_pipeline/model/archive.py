"""What the archive holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArchivedObject:
    """An object of the archive whose checksum was read back and found right."""

    key: str
    url: str
    etag: str
    provider: str
    """``s3``, ``r2``, ``gcs``, ``minio`` or ``local``."""
    size: int
    sent: bool
    """False when it already was there with the right checksum."""
