"""An archive in a folder: another disk, a network mount, or a stand-in for a bucket.

What belongs here: the archive's contract over plain files. What does not: the content store's layout.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from media_pipeline.model import ArchivedObject, Content, Proof
from media_pipeline.policy.clocks import is_too_old
from media_pipeline.storage.archive import ArchiveError, OtherBytes
from media_pipeline.storage.durable import holds, make_folders, move_into_place, sync

_PART_AGE = timedelta(days=1)
"""A part file of this age belongs to no copy that is still under way."""
_NO_HARD_LINKS = frozenset((errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES, errno.ENOSYS))


class FolderArchive:
    """Objects as files under ``root``, readable by this user alone; their URLs begin with ``file:``."""

    provider = "local"
    is_read_for_free = True

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def address(self) -> str:
        """The folder."""
        return str(self.root)

    def put(self, key: str, path: Path, content: Content) -> ArchivedObject:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        found = self.read_back(key, content)
        if found is not None:
            return found
        with _archive_errors(key):
            is_ours = self._copy(path, self._path(key), content)
        written = self.read_back(key, content)
        if written is None:
            raise ArchiveError(key, "what was written is not there; look after the disk and run again")
        return replace(written, sent=is_ours)

    def check(self, key: str, content: Content) -> ArchivedObject | None:
        """See :class:`~media_pipeline.storage.archive.Archive`. One stat: whether the file is there with its size."""
        with _archive_errors(key):
            try:
                size = self._path(key).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                return None
        if size != content.file_size:
            raise OtherBytes(key, f"it has {size} bytes in place of {content.file_size}")
        return self._object(key, content, None)

    def read_back(self, key: str, content: Content) -> ArchivedObject | None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(key):
            if self.check(key, content) is None:
                return None
            if not holds(self._path(key), content.sha256, content.file_size):
                raise OtherBytes(key)
        return self._object(key, content, Proof.READ)

    def fetch_to(self, key: str, path: Path) -> None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(key), _removed_on_error(path):
            shutil.copyfile(self._path(key), path)

    def keys(self, prefix: str) -> Iterator[str]:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        folder = self._path(prefix).parent if not prefix.endswith("/") else self._path(prefix)
        with _archive_errors(prefix):
            for path in sorted(folder.rglob("*")):
                key = path.relative_to(self.root).as_posix()
                if key.startswith(prefix) and not path.name.startswith(".") and path.is_file():
                    yield key

    def read_note(self, name: str, wait: bool = True) -> bytes | None:  # noqa: ARG002 - a folder answers at once
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        with _archive_errors(name):
            try:
                return self._path(name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write_note(self, name: str, data: bytes) -> None:
        """See :class:`~media_pipeline.storage.archive.Archive`."""
        target = self._path(name)
        with _archive_errors(name), self._part_of(target) as part:
            part.write_bytes(data)
            part.chmod(0o600)
            move_into_place(part, target)

    def _copy(self, source: Path, target: Path, content: Content) -> bool:
        """Make a file appear whole at ``target``; False when another one was faster. It is never replaced, so what is
        no longer this content never comes to be there. Raises ArchiveError.
        """
        with self._part_of(target) as part:
            shutil.copyfile(source, part)
            part.chmod(0o600)
            sync(part)
            if not holds(part, content.sha256, content.file_size):
                raise ArchiveError(
                    target.relative_to(self.root).as_posix(),
                    f"{source} is damaged: `media-pipeline verify` puts it aside and looks for another copy",
                )
            is_ours = _appear_once(part, target)
            sync(target.parent)
            return is_ours

    @contextlib.contextmanager
    def _part_of(self, target: Path) -> Generator[Path]:
        """A name beside the target, gone afterwards. What a killed copy left a day ago is removed."""
        make_folders(target.parent, 0o700)
        for left in target.parent.glob(f".{target.name}.*.part"):
            modified_at = datetime.fromtimestamp(left.stat().st_mtime, UTC)
            if is_too_old(modified_at, datetime.now(UTC), _PART_AGE):
                left.unlink(missing_ok=True)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        pure = PurePosixPath(key)
        if not key or pure.is_absolute() or ".." in pure.parts:
            raise ArchiveError(key, "the key would lead out of the archive")
        return self.root / pure

    def _object(self, key: str, content: Content, proof: Proof | None) -> ArchivedObject:
        url = self._path(key).as_uri()
        return ArchivedObject(key, url, content.md5_sum, self.provider, content.file_size, False, proof)


def _appear_once(part: Path, target: Path) -> bool:
    """A hard link fails where a file is there already; a rename would replace it."""
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # This file system has no hard links: the look and the rename leave a moment between them.
        if target.exists():
            return False
        part.rename(target)
    return True


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
