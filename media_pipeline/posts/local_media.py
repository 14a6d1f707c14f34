"""Media that an export brings along: which files beside it hold the bytes of which reference.

The X data archive keeps them in ``tweets_media/<tweet id>-<last part of the URL>`` beside ``tweets.js``, on disk or
inside the archive's zip. Other official exports name each file by its path in the zip or tar. What belongs here: names.
What does not: reading or storing them.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from media_pipeline.posts.readers.archive import UNREADABLE, Archive
from media_pipeline.posts.readers.archives import open_archive
from media_pipeline.posts.readers.compression import DamagedExport
from media_pipeline.posts.readers.x_archive import ACCOUNT

MEDIA_FOLDERS = ("tweets_media", "tweet_media")
"""Older archives say it in the singular."""


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """The files that lie beside one export, by name."""

    export: Path
    names: Mapping[str, tuple[str, ...]]
    """The name of each, and where files of that name lie: paths beside the export or inside the archive."""
    archive: Archive | None = None
    """The export where it is an archive, open."""

    @property
    def title(self) -> str:
        """What the export is called."""
        return self.export.name

    def find(self, native_id: str, urls: Iterable[str], files: Iterable[str] = ()) -> str | None:
        """The path of the file that holds a medium of a post, by a path that the export gives for it, or by the first
        of its URLs that one was kept of."""
        named = next((path for file in files if (path := self._at(file))), None)
        return named or next((path for name in _names(native_id, urls) if (path := self._in_folder_of_x(name))), None)

    def _at(self, file: str) -> str | None:
        """The file that an export means by a path. The zip may have a folder around everything, or the path one more
        than the zip, so what agrees longest from the end is meant: at least a folder and the name."""
        wanted = _parts(file)
        found = [(_agreeing(wanted, _parts(path)), path) for path in self.names.get(wanted[-1] if wanted else "", ())]
        best = max(found, default=(0, ""), key=lambda pair: pair[0])
        is_clear = best[0] >= min(2, len(wanted)) and [length for length, _ in found].count(best[0]) == 1
        return best[1] if is_clear else None

    def _in_folder_of_x(self, name: str) -> str | None:
        return next(
            (path for path in self.names.get(name, ()) if PurePosixPath(path).parent.name in MEDIA_FOLDERS), None
        )

    def in_order(self, paths: Iterable[str]) -> list[str]:
        """Paths as the archive has its files: who opens them so goes through a compressed one once."""
        places = {label: place for place, label in enumerate(self.archive.files)} if self.archive else {}
        return sorted(paths, key=lambda path: places.get(path, 0))

    def open(self, path: str) -> IO[bytes]:
        """Open one of the files, one at a time. Raises OSError, and what UNREADABLE names."""
        return self.archive.open(path) if self.archive else (self.export.parent / path).open("rb")


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in PurePosixPath(path).parts if part not in ("/", ".", ".."))


def _agreeing(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many parts of two paths are the same, from the end."""
    length = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        length += 1
    return length


def is_companion(path: Path) -> bool:
    """Whether a file belongs to an export beside it, so that it is none itself: its media, or whose account it is."""
    return path.name == ACCOUNT or any(part in MEDIA_FOLDERS for part in path.parts[:-1])


@contextlib.contextmanager
def media_beside(export: Path) -> Generator[LocalMedia]:
    """Look at what lies beside an export. An archive or a folder that can't be looked into holds nothing."""
    names: dict[str, list[str]] = {}
    archive = None
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, DamagedExport, *UNREADABLE):
            archive = stack.enter_context(open_archive(export))
            for path in _labels(archive) if archive else _paths_on_disk(export.parent):
                names.setdefault(PurePosixPath(path).name, []).append(path)
        yield LocalMedia(export, {name: tuple(paths) for name, paths in names.items()}, archive)


def _labels(archive: Archive) -> Iterator[str]:
    """Of two files of one name nobody knows which is meant."""
    times = Counter(file.name for file in archive.files.values())
    return (file.label for file in archive.files.values() if times[file.name] == 1 and not file.refused)


def _paths_on_disk(folder: Path) -> Iterator[str]:
    for name in MEDIA_FOLDERS:
        if (folder / name).is_dir():
            yield from (f"{name}/{path.name}" for path in (folder / name).iterdir() if path.is_file())


def _names(native_id: str, urls: Iterable[str]) -> Iterator[str]:
    for url in urls:
        try:
            base = PurePosixPath(urlsplit(url).path).name
        except ValueError:
            continue
        if base:
            yield f"{native_id}-{base}"
