"""Media in a folder that another tool filled: which file there holds the bytes of which medium of a post.

Tools put a post's JSON beside its media: instaloader ``<stem>.json`` beside ``<stem>.jpg`` or ``<stem>_1.jpg``,
gallery-dl ``<name>.jpg.json`` beside ``<name>.jpg``, yt-dlp ``<stem>.info.json`` beside ``<stem>.mp4``. Others name a
file by the MD5 of its URL; an official export that was unpacked, as in its zip. What belongs here: names. What does
not: looking at a disk, reading or storing files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from media_pipeline.model import MediaType, Role
from media_pipeline.posts.local_media import LocalMedia
from media_pipeline.posts.media_names import type_of

_SIDECAR = re.compile(r"(?:\.info)?\.json(?:\.gz|\.xz)?$", re.IGNORECASE)
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class SidecarMedium:
    """A medium of a post, as far as tools name files by it."""

    sidecar: str
    """The path of the JSON that holds the post, below the folder."""
    native_id: str
    """Of the post."""
    number: int
    """Of the post's media of the role ``media``, from 1; a poster has the number of its video."""
    of: int
    """How many media of that role the post has."""
    media_type: MediaType
    role: Role
    urls: tuple[str, ...]
    files: tuple[str, ...]
    """Paths that the post itself gives for the file."""


class FolderOfMedia:
    """The files below a folder by the names that tools give them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths: set[str] = set()
        self._by_stem: dict[str, list[str]] = {}
        self._by_url: dict[str, str] = {}
        by_name: dict[str, list[str]] = {}
        for path in paths:
            self._paths.add(path)
            pure = PurePosixPath(path)
            by_name.setdefault(pure.name, []).append(path)
            self._by_stem.setdefault(path.removesuffix(pure.suffix), []).append(path)
            if _MD5.fullmatch(pure.stem):
                self._by_url[pure.stem] = path
        self._of_export = LocalMedia(Path(), {name: tuple(found) for name, found in by_name.items()})

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def find(self, medium: SidecarMedium) -> str | None:
        """The path of the file that holds a medium, if the folder has it."""
        named = self._of_export.find(medium.native_id, medium.urls, medium.files)
        return named or self._beside(medium) or self.of_url(medium.urls)

    @property
    def named_by_url(self) -> Collection[str]:
        """The files whose names are an MD5: of their URL, as some tools do it."""
        return self._by_url.values()

    def _beside(self, medium: SidecarMedium) -> str | None:
        """By the name of the JSON beside it."""
        stem = _SIDECAR.sub("", medium.sidecar)
        if stem == medium.sidecar:
            return None
        if stem in self._paths and medium.of <= 1 and medium.role is Role.MEDIA:
            return stem
        stems = [f"{stem}_{medium.number}", *([stem] if medium.of <= 1 else [])]
        found = (path for one in stems for path in self._by_stem.get(one, ()) if _is_of(medium, path))
        return next(found, None)

    def of_url(self, urls: Iterable[str]) -> str | None:
        """The path of the file that is named by the MD5 of one of these URLs."""
        digests = (hashlib.md5(_bytes(url), usedforsecurity=False).hexdigest() for url in urls)
        return next((self._by_url[digest] for digest in digests if digest in self._by_url), None)


def _is_of(medium: SidecarMedium, path: str) -> bool:
    """Whether a file beside the JSON may be the medium: the picture beside a video is its preview."""
    wanted = MediaType.IMAGE if medium.role is Role.POSTER else medium.media_type
    return medium.role in (Role.MEDIA, Role.POSTER) and type_of(path) is wanted


def _bytes(url: str) -> bytes:
    return url.encode("utf-8", "surrogatepass")
