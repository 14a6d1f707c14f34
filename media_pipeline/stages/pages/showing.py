"""Which files show a medium on a page, brought into the page's folder.

What belongs here: the choice among renditions and original, and the catalogue's rows as the rows of a page. What does
not: how a file comes into the folder (:mod:`media_pipeline.stages.pages.folder`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from media_pipeline.catalog import renditions
from media_pipeline.catalog.pages import ArchivedFile, ArchivedMedium, ArchivedPost
from media_pipeline.catalog.renditions import Placed
from media_pipeline.catalog.selection import Selection
from media_pipeline.model import MediaType, RenditionKind
from media_pipeline.stages.archive.scrub import evict
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.integrity.stored_files import fetch_back, verify_files
from media_pipeline.stages.pages.folder import Copy, DamagedSource, PageFolder
from media_pipeline.views.posts import Medium, Post, is_picture

_SHOWN_BY: Mapping[MediaType, Sequence[RenditionKind]] = {
    MediaType.IMAGE: (RenditionKind.ANIMATION, RenditionKind.OPTIMIZED),
    MediaType.VIDEO: (RenditionKind.WEB,),
}
"""Renditions that are shown in place of the original, the first that is there."""
_USED = (RenditionKind.THUMBNAIL, *(kind for kinds in _SHOWN_BY.values() for kind in kinds))
_PLAYERS = {RenditionKind.ANIMATION: MediaType.VIDEO}

Places = Mapping[RenditionKind, Mapping[str, Placed]]
"""By kind and SHA-256 of the original, the rendition in the store."""


class Shown:
    """Makes posts of a page of the catalogue's, and copies the files that they show.

    ``heals``: an original that only the archive has, and that no rendition stands for, is fetched back for it, and what
    shows to be damaged in the store leaves it. Nothing damaged is copied in either case.
    """

    def __init__(self, context: StageContext, folder: PageFolder, heals: bool) -> None:
        self._context = context
        self._folder = folder
        self._heals = heals
        self._are_fetched = False

    def posts(self, archived: Sequence[ArchivedPost]) -> list[Post]:
        """The posts with all their media. Raises StorageError."""
        digests = {medium.file.sha256 for post in archived for medium in post.media if medium.file}
        with self._context.database.read() as connection:
            places = {kind: renditions.placed(connection, digests, kind) for kind in _USED}
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
            media=tuple(self._medium(medium, places, is_alone=len(post.media) == 1) for medium in post.media),
            post_id=post.post_id,
        )

    def _medium(self, medium: ArchivedMedium, places: Places, is_alone: bool) -> Medium:
        file = medium.file
        if file is None or not file.is_readable:
            return Medium(medium.media_type, medium.status, medium.error, medium.alt_text, is_removed=medium.is_removed)
        path, kind = self._file(file, places)
        player = _PLAYERS.get(kind) if kind else None
        if file.media_type in (MediaType.VIDEO, MediaType.AUDIO):
            player = file.media_type
        # A thumbnail is cropped to a square; a post's only picture is shown whole.
        is_whole = is_alone and player is None and is_picture(path)
        thumbnail = None if is_whole else self._rendition(file, places[RenditionKind.THUMBNAIL])
        return Medium(
            media_type=file.media_type,
            status=medium.status,
            reason=medium.error,
            alt_text=medium.alt_text,
            is_duplicate=medium.is_duplicate,
            is_removed=medium.is_removed,
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

    def _rendition(self, file: ArchivedFile, places: Mapping[str, Placed]) -> str | None:
        rendition = places.get(file.sha256)
        if rendition is None:
            return None
        if rendition.sha256 == file.sha256:
            # The original itself stands for the rendition.
            return self._original(file)
        copy = Copy(rendition.local_path, rendition.sha256, rendition.file_size)
        try:
            return copy.name if self._copies(rendition.local_path, copy) else None
        except DamagedSource:
            self._context.log.warning(f"{rendition.local_path} is damaged: the next run draws it again")
            if self._heals:
                self._context.store.remove(rendition.local_path)
            return None

    def _original(self, file: ArchivedFile) -> str | None:
        copy = _copy_of(file)
        try:
            if file.local_path is not None and self._copies(file.local_path, copy):
                return copy.name
        except DamagedSource:
            self._context.log.warning(f"{file.local_path} is damaged, and is not copied")
            if self._heals:
                verify_files(self._context, Selection(sha256s=[file.sha256]))
        if self._folder.holds(copy):
            return copy.name
        if file.archive_key is None or not self._heals:
            return None
        place = fetch_back(self._context, file.sha256)
        self._are_fetched = True
        return copy.name if place and self._copies(place, copy) else None

    def _copies(self, place: str, copy: Copy) -> bool:
        return self._folder.copy(self._context.store.path_of(place), copy)


def _copy_of(file: ArchivedFile) -> Copy:
    """The original in the folder; named by its SHA-256, so that it needs no place in the store."""
    name = PurePosixPath("media", file.sha256[:2], f"{file.sha256}.{file.extension}").as_posix()
    return Copy(name, file.sha256, file.file_size)
