"""The Python interface: a library opened for a script, a notebook or a service, without Dagster.

    import media_pipeline

    with media_pipeline.open_library() as library:
        result = library.fetch("https://example.org/picture.jpg")
        print(result.status, result.path)

What belongs here: the few calls that are promised to others, and the frozen values that they return. What does not:
the work itself (``stages``) and questions to the catalogue (``catalog``). What a call finds wrong with one URL is the
status of its result; what keeps the library from being used at all is raised as a ``MediaPipelineError`` whose text
says what to do. A library is meant for one thread at a time; several processes may each open the same one.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_pipeline.catalog import known_media, stats
from media_pipeline.catalog.database import expect_library
from media_pipeline.catalog.errors import driver_errors
from media_pipeline.catalog.known_media import KnownFile, KnownMedium
from media_pipeline.catalog.selection import Selection, pieces
from media_pipeline.fetch.sniff import NotMedia, SniffedType, sniff
from media_pipeline.model import MediaPipelineError, MediaType, Status, post_id_of
from media_pipeline.policy.foreign_text import with_lines
from media_pipeline.posts.platforms import url as url_platform
from media_pipeline.settings import Settings, load_settings
from media_pipeline.stages.context import ROWS_ASKED_FOR, StageContext, opened, opened_to_read
from media_pipeline.stages.downloads.cached_media import fetch_references
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.imports.requested_urls import land_urls
from media_pipeline.stages.integrity.stored_files import Verification, verify_files, verify_touched
from media_pipeline.stages.progress import Progress
from media_pipeline.storage.bucket import bucket_of
from media_pipeline.storage.durable import storage_errors

URLS_AT_ONCE = ROWS_ASKED_FOR
"""URLs that become one export and are fetched together."""

_HEAD_BYTES = 64 * 1024
"""Of a file, to recognise what it is."""


class AmbiguousQuestion(MediaPipelineError):
    """A call names no criterion, or several where one is needed.

    To do: Name exactly one of md5, sha256 and url.
    """


class ReadOnlyLibrary(MediaPipelineError):
    """A call would write into a library that was opened to look at it only.

    To do: Open the library without `read_only`.
    """


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Where one URL stands in the library. What belongs to a file is None unless ``status`` is ``stored``."""

    url: str
    """As it was asked for."""
    status: Status
    reason: str | None = None
    """Why it is not stored, in one line."""
    path: Path | None = None
    """The original in the store; None where only the archive has it."""
    md5: str | None = None
    """In hex, as ``sha256``."""
    sha256: str | None = None
    media_type: MediaType | None = None
    """Told by the bytes."""
    mime_type: str | None = None
    """Told by the bytes."""
    size: int | None = None
    """Bytes."""
    width: int | None = None
    """Pixels, as seen: the orientation is applied."""
    height: int | None = None
    archive_address: str | None = None
    """Of the original in the archive; None: it is not archived yet."""

    @property
    def is_stored(self) -> bool:
        """Whether the library has the bytes, in the store or in the archive."""
        return self.status is Status.STORED


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the library, with the same fields as a :class:`FetchResult`."""

    md5: str
    sha256: str
    media_type: MediaType
    mime_type: str
    size: int
    width: int | None
    height: int | None
    path: Path | None
    archive_address: str | None
    url: str | None
    """Of the oldest reference that holds it; None: none does."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers over the whole library."""

    posts: int
    media: int
    """References, in whatever status."""
    status: Mapping[str, int]
    """References by status."""
    stored: int
    """References that are stored."""
    files: int
    """Different files that they hold."""
    file_size: int
    """Bytes of these files."""
    duplicates: int
    """References that hold a file that another holds as well, pruned ones left out."""
    pruned: int
    """References that `dedup --prune` made links to another one with the same file."""
    bytes_saved: int
    """By storing such files once."""
    renditions: int
    renditions_size: int
    """Bytes."""
    archived: int
    """Files that the archive has."""
    truncated: int
    """Files whose end is missing."""
    placeholders: int
    """Files that stand in for a picture that was removed."""


class Library:
    """An open library. Made by :func:`open_library`; unusable after its ``with`` block."""

    def __init__(self, stage: StageContext, read_only: bool = False) -> None:
        self._stage = stage
        self._read_only = read_only

    def fetch(self, url: str) -> FetchResult:
        """Fetch and keep what a URL leads to, or return what is known of it; see :meth:`fetch_many`."""
        return self.fetch_many([url])[0]

    def fetch_many(self, urls: Iterable[str]) -> list[FetchResult]:
        """Fetch and keep what URLs lead to; return a result for each, in the order of the URLs.

        A URL becomes a reference under the platform ``url``, imported today. One that is stored is not asked for again,
        whichever export named it, and neither is one that ended for good; one that failed is, once its next attempt is
        due. Originals are stored when the call returns. Renditions and the copy in the archive are made by the next run
        of its partition, such as the nightly backfill. Each result is written down as it arrives: a process that is
        killed loses what was under way at most, and the same call goes on from there.

        Raises a MediaPipelineError where the library can't be used: CatalogError, StorageError, NothingToImport when
        today is before MEDIA_START_DATE, ReadOnlyLibrary.
        """
        if isinstance(urls, str | bytes):
            raise TypeError("fetch_many takes several URLs; for one there is fetch")
        if self._read_only:
            raise ReadOnlyLibrary("this library was opened read-only: open it without read_only to fetch into it")
        return [result for batch in pieces(map(_text, urls), URLS_AT_ONCE) for result in self._fetch(batch)]

    @driver_errors()
    def find(self, *, md5: str | None = None, sha256: str | None = None, url: str | None = None) -> FoundFile | None:
        """The file with this digest (hex, in any case), or the one that this URL brought; None when there is none.

        Sends no request. Raises AmbiguousQuestion unless exactly one of the three is given.
        """
        if sum(given is not None for given in (md5, sha256, url)) != 1:
            raise AmbiguousQuestion("find takes exactly one of md5, sha256 and url")
        with self._stage.database.read() as connection:
            if url is not None:
                medium = known_media.by_url(connection, url)
                return self._found(medium.file, url) if medium and medium.file else None
            found = known_media.file_of(connection, Selection(digest=md5 or sha256 or ""))
        if found is None or (found[0].md5_sum if md5 else found[0].sha256) != (md5 or sha256 or "").lower():
            return None
        return self._found(*found)

    @driver_errors()
    def verify(self, digest: str | None = None) -> Verification:
        """Read stored files to their end and hold each against its checksums; all of them, or the one of this MD5 or
        SHA-256 (hex).

        A file that does not match is put aside, and brought back from the archive, or fetched again by the next run.
        An unknown digest gives ``checked == 0``. Raises StoreIncomplete when so many files are gone that the disk may
        not be mounted; a library that is opened read-only is only looked at.
        """
        return verify_files(self._stage, Selection(digest=digest), only_look=self._read_only)

    @driver_errors()
    def statistics(self) -> Statistics:
        """Numbers over the whole library."""
        with self._stage.database.read() as connection:
            return Statistics(**stats.totals(connection))

    @driver_errors()
    def _fetch(self, urls: Sequence[str]) -> list[FetchResult]:
        posts = {url: post_id_of(url_platform.NAME, url_platform.native_id_of(url)) for url in urls if url.strip()}
        self._import(posts)
        known = self._with_files(self._known(posts))
        unfinished = [medium for medium in known.values() if medium.is_unfinished]
        if unfinished:
            partitions = sorted({medium.partition for medium in unfinished})
            fetch_references(self._stage, partitions, [medium.media_id for medium in unfinished if medium.media_id])
            known = self._known(posts)
        return [self._result(url, known.get(posts.get(url, ""))) for url in urls]

    def _import(self, posts: Mapping[str, str]) -> None:
        """Make a reference of each URL that has none yet."""
        known = self._known(posts)
        partitions = {medium.partition for medium in known.values() if medium.media_id is None}
        new = [url for url, post_id in posts.items() if post_id not in known]
        if new:
            today = land_urls(self._stage.settings, new)
            read_posts(self._stage, [today])
            partitions.add(today)
        if partitions:
            write_manifests(self._stage, sorted(partitions))

    def _known(self, posts: Mapping[str, str]) -> dict[str, KnownMedium]:
        with self._stage.database.read() as connection:
            return known_media.of_posts(connection, posts.values())

    def _with_files(self, known: dict[str, KnownMedium]) -> dict[str, KnownMedium]:
        """The same media once each stored file was looked at: what has gone from the store is due from now on."""
        held = {medium.file.sha256 for medium in known.values() if medium.file}
        if not held or not verify_touched(self._stage, Selection(sha256s=sorted(held))):
            return known
        with self._stage.database.read() as connection:
            return known_media.of_posts(connection, known)

    def _result(self, url: str, medium: KnownMedium | None) -> FetchResult:
        if not url.strip():
            return FetchResult(url, Status.UNSAFE, "the URL is empty")
        if medium is None or medium.status is None:
            return FetchResult(url, Status.FAILED, "the catalogue could not take the URL: its import names the reason")
        if medium.file is None:
            return FetchResult(url, medium.status, medium.error)
        found = self._found(medium.file, url)
        return FetchResult(
            url,
            medium.status,
            medium.error,
            found.path,
            found.md5,
            found.sha256,
            found.media_type,
            found.mime_type,
            found.size,
            found.width,
            found.height,
            found.archive_address,
        )

    def _found(self, file: KnownFile, url: str | None) -> FoundFile:
        return FoundFile(
            file.md5_sum,
            file.sha256,
            file.media_type,
            file.mime_type,
            file.file_size,
            file.width,
            file.height,
            self._stage.store.path_of(file.local_path) if file.local_path else None,
            file.archive_url,
            url,
        )


def _text(url: object) -> str:
    if not isinstance(url, str):
        raise TypeError(f"a URL is a str, not {type(url).__name__}: {url!r:.80}")
    return url


@contextmanager
def open_library(
    settings: Settings | None = None, *, read_only: bool = False, progress: Progress | None = None
) -> Generator[Library]:
    """Open the library of these settings, by default of the environment and ``.env``, and close it after the block.

    ``read_only`` opens it to look at it, also on a disk that can't be written. ``progress`` shows how far a call is.
    Messages go to the logger ``media_pipeline``. Raises SettingsError, CatalogError, StorageError, WrongPlace when
    store, archive or import path are another library's, and NoLibrary where there is none to be looked at.
    """
    settings = settings or load_settings()
    log = with_lines(logging.getLogger("media_pipeline"))
    if read_only:
        expect_library(settings)
    way = opened_to_read if read_only else opened
    with way(settings, log, progress, bucket_of(settings)) as stage:
        yield Library(stage, read_only)


def detect_media_type(source: bytes | str | Path) -> SniffedType | None:
    """What a file is by its first bytes, whatever it is called: MIME type, usual extension, kind; None: no medium.

    ``source`` is the content itself as bytes, or the path of a file. Opens no library and decodes nothing. Raises
    StorageError where the file can't be read.
    """
    if isinstance(source, bytes):
        head = source[:_HEAD_BYTES]
    else:
        path = Path(source)
        with storage_errors("read", path), path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    found = sniff(head)
    return None if isinstance(found, NotMedia) else found
