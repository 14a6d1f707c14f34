"""The folder of the pages: what is in it is whole, ours, and shown by a page.

What belongs here: the marker, writing and copying into the folder, and removing what no page shows any more. What does
not: which files a page shows.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from array import array
from bisect import bisect_left
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from media_pipeline.model import MediaPipelineError
from media_pipeline.storage.durable import PRIVATE_FILE, PRIVATE_FOLDER, holds, make_folders, storage_errors
from media_pipeline.storage.parts import part_of, remove_abandoned_parts

MARKER = ".media-pipeline-page"
"""A file in each such folder. Only a folder with it, or an empty one, is written to."""
_MARKER_TEXT = "This folder belongs to `media-pipeline page`, which updates it when it runs again.\n"
_OURS = re.compile(r"page-\d+\.html|[a-z]+/[0-9a-f]{2}/[0-9a-f]{64}(-[\w-]+)?\.\w+")
"""The names of what may be removed; files that people put beside them stay."""


class PageFolderError(MediaPipelineError):
    """The folder holds something else, or another run is writing to it.

    To do: Name an empty or new folder, or wait until the other run has ended.
    """


class DamagedSource(Exception):
    """A file that should be copied is not what its name promises; nothing of it is in the folder."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of the folder, by its name, and the content that it must have."""

    name: str
    """Relative to the folder, in POSIX text."""
    sha256: str
    size: int
    """Bytes."""


@contextmanager
def opened_folder(path: Path) -> Generator[PageFolder]:
    """The folder, made if need be, for one run at a time. Raises PageFolderError, StorageError."""
    path = path.absolute()
    marker = path / MARKER
    with storage_errors("use", path):
        if path.is_symlink() and not path.exists():
            raise PageFolderError(f"{path} is a link that leads nowhere: mount what it leads to, or remove it")
        if path.exists() and not marker.is_file() and (not path.is_dir() or any(path.iterdir())):
            raise PageFolderError(f"{path} holds something else; name an empty or new folder")
        make_folders(path, PRIVATE_FOLDER)
        lock = marker.open("a")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PageFolderError(f"another run is writing to {path}; wait until it has ended") from None
        with storage_errors("use", path):
            if not lock.tell():
                lock.write(_MARKER_TEXT)
            remove_abandoned_parts(path)
        yield PageFolder(path)


class PageFolder:
    """Files are named relative to it, in POSIX text. Every method raises StorageError, and PageFolderError where a
    link would lead out of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.copied = 0
        self.copied_bytes = 0
        self._used = _Names()

    def write(self, name: str, text: str) -> None:
        """Make a page say this. One that says it already is left alone."""
        target, data = self._place(name), text.encode()
        self._used.add(name)
        with storage_errors("write", target):
            if target.is_file() and target.read_bytes() == data:
                return
            with self._part_of(target) as part:
                part.write_bytes(data)

    def holds(self, copy: Copy) -> bool:
        """Whether the copy is there. None appears but whole and with its digest, so its size tells."""
        target = self._place(copy.name)
        with storage_errors("read", target):
            is_there = target.is_file() and target.stat().st_size == copy.size
        if is_there:
            self._used.add(copy.name)
        return is_there

    def copy(self, source: Path, copy: Copy) -> bool:
        """Make sure of a copy; False when it is not there and there is no source.

        Raises DamagedSource when the source does not have the promised content.
        """
        if self.holds(copy):
            return True
        target = self._place(copy.name)
        with storage_errors("copy to", target):
            if not source.exists():
                return False
            with self._part_of(target) as part:
                # A copy and no hard link: a file of the store shares its mode and its fate with nothing.
                shutil.copyfile(source, part)
                if not holds(part, copy.sha256, copy.size):
                    raise DamagedSource(source)
        self._used.add(copy.name)
        self.copied += 1
        self.copied_bytes += copy.size
        return True

    def remove_unused(self) -> int:
        """Remove the pages and copies that this run has not written, copied or found; return how many."""
        removed = 0
        self._used.sort()
        for path in self._files():
            name = path.relative_to(self.path).as_posix()
            if _OURS.fullmatch(name) and name not in self._used:
                with storage_errors("remove", path):
                    path.unlink()
                removed += 1
                with suppress(OSError):
                    path.parent.rmdir()
        return removed

    def _files(self) -> Iterator[Path]:
        for folder, _, names in os.walk(self.path, topdown=False):
            yield from (Path(folder) / name for name in names)

    def _place(self, name: str) -> Path:
        target = self.path / name
        for path in (target, *target.parents):
            if path == self.path:
                return target
            if path.is_symlink():
                raise PageFolderError(f"{path} is a link, through which nothing is written: remove it and run again")
        raise PageFolderError(f"{name} would lie outside {self.path}")

    @contextmanager
    def _part_of(self, target: Path) -> Generator[Path]:
        make_folders(target.parent, PRIVATE_FOLDER)
        with part_of(target, self.path) as part:
            part.chmod(PRIVATE_FILE)
            yield part


class _Names:
    """Names that are only ever asked for: 8 bytes each, since a library has millions of files."""

    def __init__(self) -> None:
        self._digests = array("Q")

    def add(self, name: str) -> None:
        self._digests.append(_digest(name))

    def sort(self) -> None:
        """Needed before the names are asked for."""
        self._digests = array("Q", sorted(set(self._digests)))

    def __contains__(self, name: str) -> bool:
        digest = _digest(name)
        at = bisect_left(self._digests, digest)
        return at < len(self._digests) and self._digests[at] == digest


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")
