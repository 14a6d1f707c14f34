"""What every archive does, whatever stands behind it.

What belongs here: the contract, the keys, the errors. What does not: any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from media_pipeline.model import ArchivedObject, Content, MediaPipelineError

MEDIA_PREFIX = "media/"
"""All originals' keys begin with it."""


class ArchiveError(MediaPipelineError):
    """An object could not be sent, checked or fetched; the text names its key and the cause.

    To do: Look at the cause that the message names (address, key, clock, rights). The next run tries again; nothing
    that the archive lacks leaves the store.
    """

    def __init__(self, key: str, cause: object) -> None:
        super().__init__(f"archive object {key}: {cause}")
        self.key = key


class OtherBytes(ArchiveError):
    """The key holds something else than it should. It is left as it is: nothing in an archive is overwritten.

    To do: Nothing: the file gets a key of its own with the next run. `media-pipeline verify --archive --read` finds all
    such objects.
    """

    def __init__(self, key: str, cause: object = "it holds other bytes than those that were archived under it") -> None:
        super().__init__(key, cause)


class Archive(Protocol):
    """Keeps objects under keys and shows that they are the right ones. Every method raises ArchiveError.

    An object is written once: no method replaces or removes one.
    """

    @property
    def provider(self) -> str:
        """``s3``, ``r2``, ``gcs``, ``minio`` or ``local``."""
        ...

    @property
    def is_read_for_free(self) -> bool:
        """Whether reading objects back costs neither money nor a wide-area network."""
        ...

    @property
    def address(self) -> str:
        """Where it is, for people: a folder, or ``s3://bucket``."""
        ...

    def put(self, key: str, path: Path, content: Content) -> ArchivedObject:
        """Send a file with its checksum, unless the object is there already, and say how its bytes are proven.

        Raises OtherBytes when the key holds something else. Two that send the same file at once both succeed.
        """
        ...

    def check(self, key: str, content: Content) -> ArchivedObject | None:
        """The object if it is there, as cheaply as the service allows; None when there is none.

        Raises OtherBytes when the service itself can tell that it is not the right one.
        """
        ...

    def read_back(self, key: str, content: Content) -> ArchivedObject | None:
        """The object with ``Proof.READ``, once every byte was read; None when there is none. Raises OtherBytes."""
        ...

    def fetch_to(self, key: str, path: Path) -> None:
        """Write an object's bytes to the file ``path``, which is not left behind half written."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys of all objects that begin with ``prefix``, in order."""
        ...

    def read_note(self, name: str, wait: bool = True) -> bytes | None:
        """A small object that is no medium; None when there is none.

        ``wait=False`` takes the first no of a service as its answer, where what follows needs no archive.
        """
        ...

    def write_note(self, name: str, data: bytes) -> None:
        """Write a small object that is no medium. It may be replaced."""
        ...


def archive_keys(media_id: str, when: datetime, extension: str, sha256: str) -> Iterator[str]:
    """The keys that a medium may have, the usual one first: ``media/{year}/{month:02}/{media_id}.{extension}``.

    A key belongs to one content for ever. Where it is taken, the next one names more of the content's SHA-256.
    """
    stem = f"{MEDIA_PREFIX}{when.year:04}/{when.month:02}/{media_id}"
    yield f"{stem}.{extension}"
    for digits in (8, 16, 32, 64):
        yield f"{stem}-{sha256[:digits]}.{extension}"


def digest_of_key(key: str) -> str:
    """The beginning of the SHA-256 that a key names; empty for the usual key, which names none."""
    return "-".join(key.rpartition("/")[2].partition(".")[0].split("-")[2:])


def media_id_of_key(key: str) -> str | None:
    """The reference that a key was made for; None for a key of another form."""
    name = key.rpartition("/")[2].partition(".")[0]
    parts = name.split("-")
    return "-".join(parts[:2]) if key.startswith(MEDIA_PREFIX) and parts[0] == "med" and len(parts) > 1 else None
