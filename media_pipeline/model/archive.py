"""What the archive holds, and how it was shown that it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    """How it was shown that an archive holds the right bytes. A request for headers alone shows nothing of the kind."""

    ETAG = "etag"
    """The service's MD5 of what it received is ours."""
    SHA256 = "sha256"
    """The service computed the SHA-256 of what it received, and it is ours."""
    COMPOSITE = "composite"
    """The service computed the SHA-256 of each part that it received, and they are ours."""
    READ = "read"
    """Every byte was read back."""

    @property
    def allows_eviction(self) -> bool:
        """Whether the local file may go for it. MD5 can be forged, so that an ETag is not enough."""
        return self is not Proof.ETAG


@dataclass(frozen=True, slots=True)
class Content:
    """What a file must be, wherever it lies."""

    sha256: str
    md5_sum: str
    file_size: int
    mime_type: str = "application/octet-stream"
    archived_etag: str | None = None
    """What the archive called it when its bytes were last proven there."""


@dataclass(frozen=True, slots=True)
class ArchivedObject:
    """An object of the archive that is the right one."""

    key: str
    url: str
    etag: str
    provider: str
    """``s3``, ``r2``, ``gcs``, ``minio`` or ``local``."""
    size: int
    sent: bool
    """False when it already was there."""
    proof: Proof | None = None
    """What this very call has shown; None: that the object is there, and what it was when it came."""


class PlaceKind(StrEnum):
    """What a place is for. A library has one of each kind at a time."""

    STORE = "store"
    """The folder of originals and renditions, MEDIA_STORAGE_PATH."""
    ARCHIVE = "archive"
    """The bucket, or the folder that stands in for one."""
    IMPORTS = "imports"
    """The folder of exports, MEDIA_IMPORT_PATH."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What a place says of itself: whose it is, and which one."""

    library_id: str
    place_id: str
    kind: PlaceKind


@dataclass(frozen=True, slots=True)
class Place:
    """A place that the catalogue knows."""

    place_id: str
    kind: PlaceKind
    address: str
    """A folder, or ``s3://bucket``."""
    is_current: bool
    """False for one that another has replaced."""
