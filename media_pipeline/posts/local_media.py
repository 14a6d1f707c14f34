"""Media that an export brings along: which files beside it hold the bytes of which reference.

The X data archive keeps them in ``tweets_media/<tweet id>-<last part of the URL>`` beside ``tweets.js``, on disk or
inside the archive's zip. What belongs here: names. What does not: reading or storing them.
"""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from media_pipeline.posts.readers.x_archive import ACCOUNT
from media_pipeline.posts.readers.zip_archive import UNREADABLE, is_zip

MEDIA_FOLDERS = ("tweets_media", "tweet_media")
"""Older archives say it in the singular."""


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """The media files that lie beside one export, by name."""

    export: Path
    names: Mapping[str, str]
    """The name of each, and its path beside the export or inside the zip."""

    def find(self, native_id: str, urls: Iterable[str]) -> str | None:
        """The path of the file that holds a medium of a post, by the first of its URLs that one was kept of."""
        return next((self.names[name] for name in _names(native_id, urls) if name in self.names), None)

    def open(self, path: str) -> IO[bytes]:
        """Open one of the files. Raises OSError, and what UNREADABLE names."""
        if not is_zip(self.export):
            return (self.export.parent / path).open("rb")
        with zipfile.ZipFile(self.export) as archive:
            return archive.open(path)


def is_companion(path: Path) -> bool:
    """Whether a file belongs to an export beside it, so that it is none itself: its media, or whose account it is."""
    return path.name == ACCOUNT or any(part in MEDIA_FOLDERS for part in path.parts[:-1])


def media_beside(export: Path) -> LocalMedia:
    """Look at what lies beside an export. A zip or a folder that can't be looked into holds nothing."""
    paths = _paths_in_zip(export) if is_zip(export) else _paths_on_disk(export.parent)
    names: dict[str, str] = {}
    with contextlib.suppress(OSError, *UNREADABLE):
        names.update((PurePosixPath(path).name, path) for path in paths)
    return LocalMedia(export, names)


def _paths_on_disk(folder: Path) -> Iterator[str]:
    for name in MEDIA_FOLDERS:
        if (folder / name).is_dir():
            yield from (f"{name}/{path.name}" for path in (folder / name).iterdir() if path.is_file())


def _paths_in_zip(export: Path) -> Iterator[str]:
    with zipfile.ZipFile(export) as archive:
        yield from (name for name in archive.namelist() if PurePosixPath(name).parent.name in MEDIA_FOLDERS)


def _names(native_id: str, urls: Iterable[str]) -> Iterator[str]:
    for url in urls:
        try:
            base = PurePosixPath(urlsplit(url).path).name
        except ValueError:
            continue
        if base:
            yield f"{native_id}-{base}"
