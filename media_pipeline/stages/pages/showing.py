"""Which files show a medium on a page, brought into the page's folder.

What belongs here: the choice among renditions and original, and the catalogue's rows as the rows of a page. What does
not: how a file comes into the folder (:mod:`media_pipeline.stages.pages.folder`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from media_pipeline.catalog import renditions
from media_pipeline.catalog.pages import ArchivedFile, ArchivedMedium, ArchivedPost
from media_pipeline.model import MediaType, RenditionKind
from media_pipeline.stages.archive.scrub import evict
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.integrity.stored_files import fetch_back
from media_pipeline.stages.pages.folder import PageFolder
from media_pipeline.views.posts import Medium, Post

_SHOWN_BY: Mapping[MediaType, Sequence[RenditionKind]] = {
    MediaType.IMAGE: (RenditionKind.ANIMATION, RenditionKind.OPTIMIZED),
    MediaType.VIDEO: (RenditionKind.WEB,),
}
"""Renditions that are shown in place of the original, the first that is there."""
_USED = (RenditionKind.THUMBNAIL, *(kind for kinds in _SHOWN_BY.values() for kind in kinds))
_PLAYERS = {RenditionKind.ANIMATION: MediaType.VIDEO}

Places = Mapping[RenditionKind, Mapping[str, str]]
"""By kind and SHA-256 of the original, where the rendition lies in the store."""


class Shown:
    """Makes posts of a page of the catalogue's, and copies the files that they show.

    ``fetches``: an original that only the archive has, and that no rendition stands for, is fetched back for it.
    """

    def __init__(self, context: StageContext, folder: PageFolder, fetches: bool) -> None:
        self._context = context
        self._folder = folder
        self._fetches = fetches
        self._are_fetched = False

    def posts(self, archived: Sequence[ArchivedPost]) -> list[Post]:
        """The posts with all their media. Raises StorageError."""
        digests = {medium.file.sha256 for post in archived for medium in post.media if medium.file}
        with self._context.database.read() as connection:
            places = {kind: renditions.local_paths(connection, digests, kind) for kind in _USED}
        shown = [self._post(post, places) for post in archived]
        if self._are_fetched:
            # The store may be over its limit by now.
            evict(self._context)
            self._are_fetched = False
        return shown

    def _post(self, post: ArchivedPost, places: Places) -> Post:
        return Post(
            platform=post.platform,
            author_name=post.author_name,
            author_handle=post.author_handle,
            posted_at=post.posted_at,
            url=post.url,
            text=post.text,
            relation=post.relation,
            media=tuple(self._medium(medium, places) for medium in post.media),
            post_id=post.post_id,
        )

    def _medium(self, medium: ArchivedMedium, places: Places) -> Medium:
        file = medium.file
        if file is None or not file.is_readable:
            return Medium(medium.media_type, medium.status, medium.error, medium.alt_text)
        thumbnail = self._rendition(file, places[RenditionKind.THUMBNAIL])
        path, kind = self._file(file, places)
        player = _PLAYERS.get(kind) if kind else None
        if file.media_type in (MediaType.VIDEO, MediaType.AUDIO):
            player = file.media_type
        return Medium(
            media_type=file.media_type,
            status=medium.status,
            reason=medium.error,
            alt_text=medium.alt_text,
            is_duplicate=medium.is_duplicate,
            width=file.width,
            height=file.height,
            file_size=file.file_size,
            mime_type=file.mime_type,
            duration=file.duration,
            frames=file.frames,
            camera=file.camera,
            coordinates=file.coordinates,
            thumbnail=thumbnail,
            file=path,
            player=player,
            archive_key=file.archive_key,
        )

    def _file(self, file: ArchivedFile, places: Places) -> tuple[str | None, RenditionKind | None]:
        """What is opened or played, and which rendition that is; None: the original."""
        for kind in _SHOWN_BY.get(file.media_type, ()):
            if path := self._rendition(file, places[kind]):
                return path, kind
        return self._original(file), None

    def _rendition(self, file: ArchivedFile, places: Mapping[str, str]) -> str | None:
        place = places.get(file.sha256)
        if place is None:
            return None
        # The original itself may stand for a rendition.
        return self._copy(place, _name_of(file) if place == file.local_path else place)

    def _original(self, file: ArchivedFile) -> str | None:
        name = _name_of(file)
        if self._folder.holds(name, file.file_size):
            return name
        if file.local_path is not None and self._copy(file.local_path, name):
            return name
        if file.archive_key is None or not self._fetches:
            return None
        place = fetch_back(self._context, file.sha256)
        self._are_fetched = True
        return self._copy(place, name) if place else None

    def _copy(self, place: str, name: str) -> str | None:
        return name if self._folder.copy(self._context.store.path_of(place), name) else None


def _name_of(file: ArchivedFile) -> str:
    """Of an original in the folder; by its SHA-256, so that it needs no place in the store."""
    return PurePosixPath("media", file.sha256[:2], f"{file.sha256}.{file.extension}").as_posix()
