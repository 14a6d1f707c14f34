"""An archive in a folder: another disk, a network mount, or a stand-in for a bucket.

What belongs here: the archive's contract over plain files. What does not: the content store's layout.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Generator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from media_pipeline.model import ArchivedObject
from media_pipeline.storage.archive import ArchiveError
from media_pipeline.storage.durable import digests_of, holds, make_folders, move_into_place


class FolderArchive:
    """Objects as files under ``root``, readable by this user alone; URLs begin with ``base_url``, or ``file:``."""

    provider = "local"

    def __init__(self, root: Path, base_url: str = "") -> None:
        self.root = root.resolve()
        self._base_url = base_url.rstrip("/")

    def put(self, key: str, path: Path, *, sha256: str, md5_sum: str, mime_type: str) -> ArchivedObject:  # noqa: ARG002
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        target = self._path(key)
        with _archive_errors(key):
            size = path.stat().st_size
            found = self.check(key, sha256=sha256, size=size)
            if found is not None:
                return found
            self._copy(path, target)
            if not holds(target, sha256, size):
                target.unlink()
                raise ArchiveError(key, "what was written reads back differently; look after the disk and run again")
            return self._object(key, md5_sum, size, sent=True)

    def check(self, key: str, *, sha256: str, size: int) -> ArchivedObject | None:
        """See :class:`~media_pipeline.storage.archive.Archive`. Reads the whole file."""
        target = self._path(key)
        with _archive_errors(key):
            if not target.is_file() or target.stat().st_size != size:
                return None
            found = digests_of(target)
            return self._object(key, found.md5_sum, size, sent=False) if found.sha256 == sha256 else None

    def fetch_to(self, key: str, path: Path) -> None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(key), _removed_on_error(path):
            shutil.copyfile(self._path(key), path)

    def _copy(self, source: Path, target: Path) -> None:
        """A killed copy leaves its part file, and the next one of the same key writes over it."""
        part = target.with_name(f".{target.name}.part")
        make_folders(target.parent, 0o700)
        with _removed_on_error(part):
            shutil.copyfile(source, part)
            part.chmod(0o600)
            move_into_place(part, target)

    def _path(self, key: str) -> Path:
        pure = PurePosixPath(key)
        if not key or pure.is_absolute() or ".." in pure.parts:
            raise ArchiveError(key, "the key would lead out of the archive")
        return self.root / pure

    def _object(self, key: str, etag: str, size: int, *, sent: bool) -> ArchivedObject:
        url = f"{self._base_url}/{quote(key)}" if self._base_url else self._path(key).as_uri()
        return ArchivedObject(key, url, etag, self.provider, size, sent)


@contextlib.contextmanager
def _archive_errors(key: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(key, f"{error.strerror or error} ({error.filename})") from error


@contextlib.contextmanager
def _removed_on_error(path: Path) -> Generator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
