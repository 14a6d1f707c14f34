"""The content store: every file once, under its digest, on the local disk.

What belongs here: the layout, modes, adoption of temporary files and checking of stored ones.
What does not: the archive, and the rows that speak of the files.

| kind | path under the root |
|---|---|
| original | ``media/{images,videos,audio,documents}/<2 hex>/<md5_sum>.<ext>`` |
| the same MD5, another content | ``…/<md5_sum>-<8 hex of sha256>.<ext>`` |
| rendition | ``{optimized,thumbnails,pages,animations,web,motion}/<2 hex>/<sha256 of the original>-<recipe>.<ext>`` |
| set aside | ``quarantine/<name>`` and ``quarantine/<name>.json``, never public |
| not done yet | ``tmp/<process>/…``, never public |
| downloads that broke off | ``parts/…``, never public |
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Self
from urllib.parse import quote

from media_pipeline.model import Content, MediaType, RenditionKind
from media_pipeline.storage.durable import (
    Digests,
    StorageError,
    digests_of,
    holds,
    make_folders,
    move_into_place,
    storage_errors,
    sync,
)
from media_pipeline.storage.temporary import TemporaryFolder, remove_abandoned

_PRIVATE = (0o600, 0o700)
_PUBLIC = (0o644, 0o755)

_MEDIA_FOLDERS = {
    MediaType.IMAGE: "images",
    MediaType.VIDEO: "videos",
    MediaType.AUDIO: "audio",
    MediaType.DOCUMENT: "documents",
}
_RENDITION_FOLDERS = {
    RenditionKind.OPTIMIZED: "optimized",
    RenditionKind.THUMBNAIL: "thumbnails",
    RenditionKind.PAGE: "pages",
    RenditionKind.ANIMATION: "animations",
    RenditionKind.WEB: "web",
    RenditionKind.MOTION: "motion",
}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")


_WRITTEN_DOWN = "written down: "
"""Begins a line of the journal that strikes out a place."""


class ContentStore:
    """Files under ``root``, named by their digests. Safe for several threads and processes.

    ``public`` makes originals and renditions readable by all, for a web server. Every method raises StorageError.
    Paths that are handed out are POSIX text relative to ``root``, fit for the catalogue.
    """

    def __init__(self, root: Path, public: bool) -> None:
        self.root = root.resolve()
        self._file_mode, self._folder_mode = _PUBLIC if public else _PRIVATE
        self._temporary: TemporaryFolder | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self.close(is_broken_off=error is not None)

    def close(self, *, is_broken_off: bool = False) -> None:
        """Remove this process's temporary folder.

        Broken off: what was adopted may have no row yet, so that the next process is told of it as of a killed one's.
        """
        with self._lock, storage_errors("remove temporary files under", self.root):
            if self._temporary is not None:
                (self._temporary.abandon if is_broken_off else self._temporary.close)()
                self._temporary = None

    def temporary_folder(self) -> Path:
        """This process's own folder for files to be adopted, in the same file system; removed by :meth:`close`."""
        with self._lock:
            if self._temporary is None:
                parent = self._folder("tmp", _PRIVATE[1])
                with storage_errors("make a temporary folder in", parent):
                    self._temporary = TemporaryFolder(parent)
            return self._temporary.path

    @property
    def unfinished_folder(self) -> Path:
        """Where downloads that broke off wait to be gone on with, in the same file system."""
        return self.root / "parts"

    def remove_leftovers(self, settle: Callable[[list[str]], None]) -> None:
        """Remove the folders in ``tmp/`` of killed processes. Live ones keep theirs.

        Each time ``settle`` is given the places of the originals that the process had adopted and not yet told to be
        written down (:meth:`written_down`): a row may be missing for some of them.
        """
        with storage_errors("remove leftovers under", self.root / "tmp"):
            remove_abandoned(self.root / "tmp", lambda lines: settle(_without_row(lines)))

    def adopt(self, temp: Path, *, sha256: str, md5_sum: str, media_type: MediaType, extension: str) -> str:
        """Move an original from the temporary folder to its place and return that.

        A content that is already there is not written again. An impostor under the same name is replaced when its
        MD5 shows it to be damaged, and left alone when it is another content with the same MD5: both are kept.
        ``temp`` is gone afterwards, also when StorageError is raised.
        """
        with _consuming(temp):
            usual, beside = self.places_for(Content(sha256, md5_sum, 0), media_type, extension)
            place, found = usual, self._digests(usual)
            if found is not None and found.md5_sum == md5_sum and found.sha256 != sha256:
                place, found = beside, self._digests(beside)
            if found is not None and found.sha256 == sha256:
                return place
            self._note(place)
            folder, _, name = place.rpartition("/")
            return self._place(temp, folder, name)

    def written_down(self, places: Iterable[str]) -> None:
        """Rows name these originals, and are committed: whatever becomes of the catalogue, they are no leftovers.

        A catalogue that is restored from a backup has no row for what came since. That makes orphans of its files,
        which ``verify --orphans`` finds, and nothing removes by itself.
        """
        with self._lock, storage_errors("note files of", self.root / "tmp"):
            if self._temporary is not None:
                for place in places:
                    self._temporary.note(f"{_WRITTEN_DOWN}{place}")

    def adopt_rendition(self, temp: Path, *, sha256: str, kind: RenditionKind, recipe: str, extension: str) -> str:
        """Move a rendition of the original ``sha256`` to its place, instead of what the same recipe made before.

        ``kind`` and ``recipe`` are those of RenderedFile.
        """
        with _consuming(temp):
            folder = f"{_RENDITION_FOLDERS[kind]}/{sha256[:2]}"
            return self._place(temp, folder, f"{sha256}-{_checked(recipe)}.{_checked(extension)}")

    def quarantine(self, path: Path, name: str, details: Mapping[str, Any]) -> str:
        """Set a file aside as ``name``, with ``details`` (why, from where) as JSON beside it. Never public.

        ``path`` is a temporary or a stored file of this store; it stays where it is when StorageError is raised.
        """
        folder = self._folder("quarantine", _PRIVATE[1])
        note = self.temporary_folder() / f"{_checked(name)}.json"
        with _consuming(note), storage_errors("write", note):
            note.write_text(json.dumps(dict(details), indent=2, default=str, sort_keys=True) + "\n", "utf-8")
            self._move(note, folder / note.name, _PRIVATE[0])
        self._move(path, folder / name, _PRIVATE[0])
        return f"quarantine/{name}"

    def originals(self) -> Iterator[str]:
        """The places of all originals on the disk, whatever the catalogue knows."""
        yield from self._files_below("media")

    def drawn(self) -> Iterator[str]:
        """The places of all renditions on the disk, whatever the catalogue knows."""
        for folder in _RENDITION_FOLDERS.values():
            yield from self._files_below(folder)

    def places_for(self, content: Content, media_type: MediaType, extension: str) -> tuple[str, str]:
        """Where an original lies if the store has it: its usual place, and that beside another of the same MD5."""
        folder = f"media/{_MEDIA_FOLDERS[media_type]}/{_checked(content.md5_sum)[:2]}"
        name = f"{folder}/{content.md5_sum}"
        return f"{name}.{_checked(extension)}", f"{name}-{content.sha256[:8]}.{extension}"

    def matches(self, relative: str, sha256: str, size: int) -> bool:
        """Whether the file is there and still the right one: its size, then its content read again."""
        path = self.path_of(relative)
        with storage_errors("read", path):
            return holds(path, sha256, size)

    def path_of(self, relative: str) -> Path:
        """The absolute path of a stored file; refuses what would lead out of the root, through links as well."""
        pure = PurePosixPath(relative)
        path = self.root / pure
        if not relative or pure.is_absolute() or ".." in pure.parts or not path.resolve().is_relative_to(self.root):
            raise StorageError(f"{relative!r} is not a path inside {self.root}; see which row names it")
        return path

    def url_of(self, relative: str, base_url: str) -> str:
        """The address of a stored file under ``base_url``; without one, a ``file:`` URL."""
        path = self.path_of(relative)
        return f"{base_url.rstrip('/')}/{quote(relative)}" if base_url else path.as_uri()

    def remove(self, relative: str) -> bool:
        """Remove a stored file; False when it wasn't there."""
        path = self.path_of(relative)
        with storage_errors("remove", path):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            sync(path.parent)
            return True

    def _files_below(self, folder: str) -> Iterator[str]:
        with storage_errors("list", self.root / folder):
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file():
                    yield path.relative_to(self.root).as_posix()

    def _note(self, place: str) -> None:
        """Before a file is there: if this process is killed before its row is, the next one finds it."""
        self.temporary_folder()
        with self._lock, storage_errors("note a file of", self.root / "tmp"):
            if self._temporary is not None:
                self._temporary.note(place)

    def _place(self, temp: Path, folder: str, name: str) -> str:
        self._move(temp, self._folder(folder, self._folder_mode) / name, self._file_mode)
        return f"{folder}/{name}"

    def _move(self, temp: Path, target: Path, mode: int) -> None:
        with storage_errors("store", target):
            temp.chmod(mode)
            move_into_place(temp, target)

    def _digests(self, relative: str) -> Digests | None:
        path = self.root / relative
        with storage_errors("read", path):
            return digests_of(path) if path.exists() else None

    def _folder(self, relative: str, mode: int) -> Path:
        """Make a folder and those above it. A public root lets a web server through, whoever made it first."""
        path = self.root / relative
        with storage_errors("make the folder", path):
            make_folders(self.root, self._folder_mode)
            if self._folder_mode == _PUBLIC[1] and self.root.stat().st_mode & 0o055 != 0o055:
                self.root.chmod(self._folder_mode)
            make_folders(path, mode)
        return path


@contextmanager
def _consuming(temp: Path) -> Generator[None]:
    """Whatever happens, the temporary file is gone at the end: moved, or removed."""
    try:
        yield
    finally:
        with storage_errors("remove", temp):
            temp.unlink(missing_ok=True)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StorageError(f"{name!r} can't be a file name: use letters, digits, dots, dashes and underscores")
    return name


def _without_row(lines: Sequence[str]) -> list[str]:
    """The places that a journal noted and did not strike out again."""
    open_places: dict[str, None] = {}
    for line in lines:
        if line.startswith(_WRITTEN_DOWN):
            open_places.pop(line.removeprefix(_WRITTEN_DOWN), None)
        else:
            open_places[line] = None
    return list(open_places)
