"""What every archive does, whatever stands behind it.

What belongs here: the contract, the keys, the error. What does not: any one provider.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from media_pipeline.model import ArchivedObject, MediaPipelineError


class ArchiveError(MediaPipelineError):
    """An object could not be sent, checked or fetched; the text names its key and the cause."""

    def __init__(self, key: str, cause: object) -> None:
        super().__init__(f"archive object {key}: {cause}")
        self.key = key


class Archive(Protocol):
    """Keeps objects under keys and proves that they are the right ones. Every method raises ArchiveError."""

    @property
    def provider(self) -> str:
        """``s3``, ``r2``, ``gcs``, ``minio`` or ``local``."""
        ...

    def put(self, key: str, path: Path, *, sha256: str, md5_sum: str, mime_type: str) -> ArchivedObject:
        """Send a file with its checksum and read the checksum back.

        Nothing is sent when the object is already there with the right checksum. Digests are hex.
        """
        ...

    def check(self, key: str, *, sha256: str, size: int) -> ArchivedObject | None:
        """The object if it is there with this checksum and size, else None."""
        ...

    def fetch_to(self, key: str, path: Path) -> None:
        """Write an object's bytes to the file ``path``, which is not left behind half written."""
        ...


def archive_key(media_id: str, when: datetime, extension: str) -> str:
    """The key of a medium: ``media/{year}/{month:02}/{media_id}.{extension}``."""
    return f"media/{when.year:04}/{when.month:02}/{media_id}.{extension}"
