"""The marker of a place: a small file that says which library and which place it is.

What belongs here: how it is written in a folder or an archive, and read. What does not: what follows from it
(:mod:`media_pipeline.stages.integrity.places`).
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from media_pipeline.model import Marker, PlaceKind
from media_pipeline.storage.archive import Archive
from media_pipeline.storage.durable import StorageError, make_folders, move_into_place, storage_errors

NAME = ".media-pipeline.json"


def read_marker(folder: Path) -> Marker | None:
    """The marker of a folder; None when there is none. Raises StorageError for one that can't be read."""
    path = folder / NAME
    with storage_errors("read", path):
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
    return _parsed(data, str(path))


def write_marker(folder: Path, marker: Marker, mode: int = 0o700) -> None:
    """Mark a folder, which is made with ``mode`` if need be. Raises StorageError."""
    path = folder / NAME
    part = path.with_name(f"{NAME}.{secrets.token_hex(4)}")
    with storage_errors("write", path):
        make_folders(folder, mode)
        try:
            part.write_bytes(_text(marker))
            part.chmod(0o600)
            move_into_place(part, path)
        finally:
            part.unlink(missing_ok=True)


def read_archive_marker(archive: Archive, wait: bool = True) -> Marker | None:
    """The marker of an archive; None when there is none. Raises ArchiveError, at once without ``wait``."""
    data = archive.read_note(NAME, wait)
    return None if data is None else _parsed(data, f"{archive.address}/{NAME}")


def write_archive_marker(archive: Archive, marker: Marker) -> None:
    """Mark an archive. Raises ArchiveError."""
    archive.write_note(NAME, _text(marker))


def _text(marker: Marker) -> bytes:
    said = {"library": marker.library_id, "place": marker.place_id, "kind": marker.kind.value}
    return (json.dumps(said, indent=2) + "\n").encode()


def _parsed(data: bytes, where: str) -> Marker:
    try:
        said = json.loads(data)
        return Marker(str(said["library"]), str(said["place"]), PlaceKind(said["kind"]))
    except (ValueError, TypeError, KeyError):
        raise StorageError(
            f"{where} is no marker of a library any more; when this is the right place, remove that file and "
            "register the place again with `media-pipeline places --register`"
        ) from None
