"""Unfinished downloads on disk, and what must hold before one is gone on with.

What belongs here: their files, and proof that they are what their host sent. What does not: asking for the rest
(:mod:`media_pipeline.fetch.dispatch.requester`).

A download is two files, named by the digest of the URL where it began:

| file | holds |
|---|---|
| ``<digest>.part`` | bytes as they came; whoever writes it holds its lock (flock), which ends with the process |
| ``<digest>.json`` | which version it is of, how long that is, and the digest of a beginning of the bytes |

After a power failure a file may be as long as it was, with zeros in it. So nothing is gone on with but a beginning
whose digest was written down while it was received, and is found again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Self

from media_pipeline.fetch.body import BodyWriter, TemporaryFileError
from media_pipeline.model import Validators
from media_pipeline.policy.clocks import is_too_old

CHECKPOINT_BYTES = 16_000_000
"""What a crash costs at most of one download: 0.2 s of a fast line, for one small file written."""

_CHUNK_BYTES = 1 << 20
_NAME_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of an unfinished download."""

    etag: str | None
    last_modified: str | None
    length: int
    """Of the whole body."""
    size: int
    """Bytes of it that are there and known to be right."""
    sha256: str
    """Of these."""

    @property
    def validators(self) -> Validators:
        return Validators(self.etag, self.last_modified)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        try:
            fields: dict[str, Any] = json.loads(path.read_bytes())
            return cls(**fields)
        except (OSError, ValueError, TypeError):
            return None


class UnfinishedDownload:
    """One that this thread holds: nobody else writes it until it is closed."""

    def __init__(self, file: BinaryIO, path: Path, begun: Begun | None) -> None:
        self.file = file
        self._path = path
        self.begun = begun
        """What is there; None when it begins now."""
        self._validators = begun.validators if begun else Validators(None, None)
        self._length = begun.length if begun else 0
        self._noted = begun.size if begun else 0

    def start(self, validators: Validators, length: int) -> None:
        """From its first byte, whatever was there."""
        self.file.seek(0)
        self.file.truncate()
        self.begun, self._noted = None, 0
        self._validators, self._length = validators, length

    def go_on(self, writer: BodyWriter) -> None:
        """Account for what is there, and stand at its end. Raises OSError."""
        assert self.begun is not None
        self.file.seek(0)
        left = self.begun.size
        while left:
            chunk = self.file.read(min(_CHUNK_BYTES, left))
            writer.account(chunk)
            left -= len(chunk)
        self.file.truncate(self.begun.size)

    def note(self, writer: BodyWriter) -> None:
        """Write down what has come, now and then."""
        if writer.size - self._noted >= CHECKPOINT_BYTES:
            self._write_down(writer)

    def keep(self, writer: BodyWriter) -> None:
        """Leave it for the next to go on with."""
        if writer.size > self._noted:
            self._write_down(writer)
        self.file.close()

    def discard(self) -> None:
        """It can't be gone on with."""
        self._forget_note()
        self._path.unlink(missing_ok=True)
        self.file.close()

    def finish(self, path: Path) -> None:
        """It is whole: move it to ``path``, in the same file system. Raises TemporaryFileError."""
        try:
            # In this order: killed between the two, what is left is begun anew and not left lying about.
            self._forget_note()
            self._path.rename(path)
        except OSError as error:
            raise TemporaryFileError(f"can't move {self._path} to {path}: {error.strerror}") from error
        finally:
            self.file.close()

    def _write_down(self, writer: BodyWriter) -> None:
        begun = Begun(self._validators.etag, self._validators.last_modified, self._length, writer.size, writer.sha256())
        new = _new_note_of(self._path)
        # A note that can't be written costs no more than going on from where the last one says.
        with contextlib.suppress(OSError):
            new.write_text(json.dumps(asdict(begun)), "utf-8")
            new.replace(_note_of(self._path))
        self._noted = writer.size

    def _forget_note(self) -> None:
        _note_of(self._path).unlink(missing_ok=True)
        _new_note_of(self._path).unlink(missing_ok=True)


class UnfinishedDownloads:
    """The folder of them. Safe for several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def claim(self, url: str) -> UnfinishedDownload | None:
        """The unfinished download that began at a URL; None when there is none, or another goes on with it."""
        path = self._path_of(url)
        if not path.exists():
            return None
        held = self._hold(path, create=False)
        if held is not None and (held.begun is None or not _begins_as_noted(held.file, held.begun)):
            held.discard()
            return None
        return held

    def begin(self, url: str) -> UnfinishedDownload | None:
        """A new one; None when another has it under way, or the folder can't be written."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            return None
        return self._hold(self._path_of(url), create=True)

    def discard(self, url: str) -> None:
        """Remove what there is of a URL that is not asked for again, unless another goes on with it."""
        path = self._path_of(url)
        if path.exists() and (held := self._hold(path, create=False)) is not None:
            held.discard()

    def remove_older_than(self, seconds: float) -> int:
        """Remove those that nobody has gone on with for so long, and count them."""
        removed, now = 0, datetime.now(UTC)
        for path in self._folder.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if is_too_old(modified_at, now, timedelta(seconds=seconds)):
                    removed += self._remove(path)
        return removed

    def _remove(self, path: Path) -> int:
        if path.suffix == ".part":
            held = self._hold(path, create=False)
            if held is None:
                return 0
            held.discard()
            return 1
        if not path.with_suffix(".part").exists():
            path.unlink(missing_ok=True)
        return 0

    def _hold(self, path: Path, *, create: bool) -> UnfinishedDownload | None:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
        except OSError:
            return None
        file = os.fdopen(descriptor, "r+b", buffering=0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have moved it away before it let go.
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return UnfinishedDownload(file, path, Begun.read(_note_of(path)))
        except (BlockingIOError, FileNotFoundError):
            pass
        file.close()
        return None

    def _path_of(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:_NAME_DIGITS]}.part"


def _begins_as_noted(file: BinaryIO, begun: Begun) -> bool:
    digest, left = hashlib.sha256(), begun.size
    file.seek(0)
    while left > 0 and (chunk := file.read(min(_CHUNK_BYTES, left))):
        digest.update(chunk)
        left -= len(chunk)
    return left == 0 and digest.hexdigest() == begun.sha256


def _note_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _new_note_of(path: Path) -> Path:
    """Written whole before it takes the place of the note. One writer holds the lock, so one name will do."""
    return path.with_suffix(".new")
