"""Writing so that a reader never sees half a file and a crash loses nothing that was reported as written.

What belongs here: fsync, atomic rename and digests of files. What does not: where files go.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from media_pipeline.model import MediaPipelineError

CHUNK_BYTES = 1024 * 1024
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""Modes of what only its owner may read."""

_ADVICE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "raise the quota or free some space",
    errno.EACCES: "give this user write permission there",
    errno.EPERM: "give this user write permission there",
    errno.EROFS: "remount the file system for writing",
    errno.EXDEV: "temporary files must come from the store's own temporary folder",
}


class StorageError(MediaPipelineError):
    """A file could not be written, read or moved; the text names the path and what to do.

    To do: Free the disk, or give the rights that the message asks for, and run again.
    """


@dataclass(frozen=True, slots=True)
class Digests:
    """A file's SHA-256 and MD5, in hex."""

    sha256: str
    md5_sum: str


@contextlib.contextmanager
def storage_errors(action: str, path: Path) -> Generator[None]:
    """Turn an OSError into a StorageError: ``can't <action> <path>: <reason>; <advice>``."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "see to it and run again")
        raise StorageError(f"can't {action} {path}: {error.strerror or error}; {advice}") from error


def digests_of(path: Path) -> Digests:
    """Digest a file in chunks. Raises OSError."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            sha256.update(chunk)
            md5.update(chunk)
    return Digests(sha256.hexdigest(), md5.hexdigest())


def holds(path: Path, sha256: str, size: int) -> bool:
    """Whether a file is there, has ``size`` bytes and this SHA-256 when read again. Raises OSError."""
    try:
        if path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except (FileNotFoundError, NotADirectoryError):
        return False


def sync(path: Path) -> None:
    """fsync a file or a folder. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_into_place(temp: Path, target: Path) -> None:
    """Make ``temp`` appear whole at ``target``, in place of what is there. Raises OSError."""
    sync(temp)
    temp.replace(target)
    sync(target.parent)


def place_private(temp: Path, target: Path) -> None:
    """The same for a file that names people: its owner alone can read it and the folders that are made for it, whatever
    MEDIA_PUBLIC says. Raises OSError.
    """
    make_folders(target.parent, PRIVATE_FOLDER)
    temp.chmod(PRIVATE_FILE)
    move_into_place(temp, target)


def make_folders(path: Path, mode: int) -> None:
    """Make a folder and those above it that are missing, all with this mode whatever the umask. Raises OSError."""
    for folder in (*reversed(path.parents), path):
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        folder.chmod(mode)
        sync(folder.parent)


def on_same_device(one: Path, other: Path) -> bool:
    """Whether two folders, or where they would be made, lie in one file system. Raises OSError."""
    return _device(one) == _device(other)


def _device(path: Path) -> int:
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    return existing.stat().st_dev
