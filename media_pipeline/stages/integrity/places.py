"""Whether the store, the archive and the import path are the library's own, before anything is written.

A mount that is missing looks like an empty folder, and a bucket of another library like one of ours. So each place
carries a marker with the library's id and its own, and the catalogue knows both. A place without them, or with others,
stops every command that would write.

What belongs here: what follows from markers, and registering a place on purpose. What does not: how a marker is kept
(:mod:`media_pipeline.storage.marker`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from logging import Logger
from pathlib import Path

from media_pipeline.catalog import archived, files, missing, places
from media_pipeline.catalog.database import Connection, Database
from media_pipeline.catalog.selection import EVERYTHING
from media_pipeline.model import Marker, MediaPipelineError, Place, PlaceKind
from media_pipeline.settings import Settings
from media_pipeline.storage.archive import Archive, ArchiveError, OtherBytes
from media_pipeline.storage.durable import StorageError, on_same_device
from media_pipeline.storage.folder import FolderArchive
from media_pipeline.storage.marker import read_archive_marker, read_marker, write_archive_marker, write_marker
from media_pipeline.storage.store import ContentStore

SAMPLE = 20
"""Files of the catalogue that are looked for in a place without a marker."""
SAMPLE_OBJECTS = 5
"""Objects that are read in an archive without one: reading a bucket costs."""

_HOLDS = {
    PlaceKind.STORE: "stored files",
    PlaceKind.ARCHIVE: "archived files",
    PlaceKind.IMPORTS: "exports",
}
_SETTING = {
    PlaceKind.STORE: "MEDIA_STORAGE_PATH",
    PlaceKind.ARCHIVE: "AWS_S3_BUCKET or MEDIA_ARCHIVE_PATH",
    PlaceKind.IMPORTS: "MEDIA_IMPORT_PATH",
}


class WrongPlace(MediaPipelineError):
    """A folder or bucket is not the library's; the text names it, and how a new or moved one is registered.

    To do: Mount the disk or set the right path; a place that is new or was moved on purpose is registered by
    `media-pipeline places --register`.
    """


class WithinLibrary(MediaPipelineError):
    """Something for people would be written into a folder that belongs to the library.

    To do: Name a folder outside the store, the archive and the import path.
    """


@dataclass(frozen=True, slots=True)
class Sample:
    """How many of some of the catalogue's files were found in a place, and read."""

    sampled: int
    found: int

    @property
    def shows_the_place(self) -> bool:
        """Whether this is where they lie. Single ones may well be lost."""
        return self.sampled > 0 and 2 * self.found >= self.sampled


@dataclass(frozen=True, slots=True)
class _Site:
    """A place as it is configured, with the means to look at it."""

    kind: PlaceKind
    address: str
    read: Callable[[], Marker | None]
    write: Callable[[Marker], None]
    sample: Callable[[Connection], Sample]
    is_used: Callable[[], bool]
    """Whether something lies there already that a new library would not have."""


def confirm(settings: Settings, database: Database, store: ContentStore, bucket: Archive | None, log: Logger) -> None:
    """Make sure that store and import path are the library's own; mark them where the library is new.

    The archive is looked at too: a new catalogue is refused where any of the three belongs to a library, so that a
    catalogue that is not mounted never begins another one.
    Raises WrongPlace, StorageError.
    """
    _refuse_for_new_catalogue(settings, database, store, bucket)
    _confirm(database, _store_site(settings, store))
    try:
        _confirm(database, _imports_site(settings))
    except StorageError as error:
        # Exports are only read, and may lie where nothing can be written.
        log.debug(f"the import path is not marked: {error}")


def _refuse_for_new_catalogue(
    settings: Settings, database: Database, store: ContentStore, bucket: Archive | None
) -> None:
    with database.read() as connection:
        if places.library_id(connection) is not None or places.has_imports(connection):
            return
    for site in (
        _store_site(settings, store),
        _imports_site(settings),
        _archive_site(archive_of(settings, bucket), wait=False),
    ):
        with contextlib.suppress(ArchiveError):
            if marker := site.read():
                _refuse_strange(site, marker, None, [])


def confirm_archive(database: Database, archive: Archive, wait: bool = True) -> str:
    """Make sure that the archive is the library's own, mark it where it is new, and return its id.

    Raises WrongPlace, ArchiveError when it can't be reached: at once without ``wait``.
    """
    return _confirm(database, _archive_site(archive, wait))


def archive_of(settings: Settings, bucket: Archive | None) -> Archive:
    """The bucket, or the folder that stands in for one."""
    return bucket or FolderArchive(settings.archive_path)


def refuse_within(settings: Settings, path: Path) -> None:
    """Raise WithinLibrary for a path in one of the library's own folders, where it would count as one of its files."""
    for setting, folder in (
        ("MEDIA_STORAGE_PATH", settings.storage_path),
        ("MEDIA_ARCHIVE_PATH", settings.archive_path),
        ("MEDIA_IMPORT_PATH", settings.import_path),
    ):
        if path.resolve().is_relative_to(folder.resolve()):
            raise WithinLibrary(f"{path} lies in {folder}, which is the library's own ({setting}): name another place")


def archive_shares_device(settings: Settings) -> bool:
    """Whether the archive is a folder on the disk that the store is on: one loss takes both."""
    if settings.aws_s3_bucket:
        return False
    return on_same_device(settings.archive_path, settings.storage_path)


def _confirm(database: Database, site: _Site) -> str:
    """The id of the place, which is the library's own."""
    marker = site.read()
    with database.read() as connection:
        library = places.library_id(connection)
        known = places.all_of(connection, site.kind)
    current = next((place for place in known if place.is_current), None)
    if marker is None:
        return _mark(database, site, current)
    _refuse_strange(site, marker, library, known)
    if current is None:
        # The catalogue was restored from a time before the place was marked.
        with database.write() as connection:
            _make_current(connection, site, marker.place_id)
    elif current.address != site.address:
        with database.write() as connection:
            places.set_address(connection, current.place_id, site.address)
    return marker.place_id


def _refuse_strange(site: _Site, marker: Marker, library: str | None, known: list[Place]) -> None:
    register = f"`media-pipeline places --register {site.kind}`"
    if library is None:
        raise WrongPlace(
            f"the catalogue is new, and {site.address} ({_SETTING[site.kind]}) belongs to library "
            f"{marker.library_id[:8]}: restore that library's catalogue from its backups (see docs/operations.md), or "
            f"let this one take over what is there by {register} and `media-pipeline verify --orphans --adopt`"
        )
    if marker.library_id != library or marker.kind is not site.kind:
        raise WrongPlace(
            f"{site.address} ({_SETTING[site.kind]}) is the {marker.kind} of library {marker.library_id[:8]}, not the "
            f"{site.kind} of library {library[:8]}: set the right path or catalogue"
        )
    place = next((place for place in known if place.place_id == marker.place_id), None)
    if known and (place is None or not place.is_current) and any(other.is_current for other in known):
        current = next(other for other in known if other.is_current)
        raise WrongPlace(
            f"{site.address} ({_SETTING[site.kind]}) is not the library's present {site.kind}, which is "
            f"{current.address}: set the right path, or go over to this one by {register}"
        )


def _mark(database: Database, site: _Site, current: Place | None) -> str:
    """Mark a place that has no marker, where that is safe: the library is new, or its files were found there."""
    register = f"`media-pipeline places --register {site.kind}`"
    if current is not None:
        raise WrongPlace(
            f"{site.address} ({_SETTING[site.kind]}) is not marked as the library's {site.kind}, which was last found "
            f"{'there' if current.address == site.address else f'at {current.address}'}: mount it or set the right "
            f"path; a new place is registered by {register}, a moved one is known by its marker"
        )
    with database.read() as connection:
        sample = site.sample(connection)
    if sample.sampled and not sample.shows_the_place:
        raise WrongPlace(
            f"of {sample.sampled} {_HOLDS[site.kind]} of the catalogue, {sample.found} are in {site.address} "
            f"({_SETTING[site.kind]}): mount it or set the right path; a new or moved place is registered by {register}"
        )
    if not sample.sampled and site.is_used():
        raise WrongPlace(
            f"the catalogue is new, and {site.address} ({_SETTING[site.kind]}) is full of another one's files: restore "
            f"that catalogue from its backups (see docs/operations.md), or let this one take over what is there by "
            f"{register} and `media-pipeline verify --orphans --adopt`"
        )
    return _write_marker(database, site, places.new_id())


def _write_marker(database: Database, site: _Site, place_id: str) -> str:
    """Row first: a marker that no row knows would be refused, a row without its marker is only registered again."""
    with database.exclusive(f"place-{site.kind}"):
        # Another process may have been faster.
        marker = site.read()
        with database.write() as connection:
            library = places.make_library(connection)
            if marker is not None and marker.library_id == library:
                place_id = marker.place_id
        site.write(Marker(library, place_id, site.kind))
        with database.write() as connection:
            _make_current(connection, site, place_id)
    return place_id


def _make_current(connection: Connection, site: _Site, place_id: str) -> None:
    places.make_library(connection)
    places.make_current(connection, place_id, site.kind, site.address)
    if site.kind is PlaceKind.ARCHIVE:
        archived.claim_archive(connection, place_id)


@dataclass(frozen=True, slots=True)
class Registration:
    """What became of a place that was registered on purpose."""

    kind: PlaceKind
    address: str
    place_id: str
    is_new: bool
    """Whether nothing that the catalogue knows lies there."""
    sample: Sample


def register(
    settings: Settings, database: Database, store: ContentStore, bucket: Archive | None, kind: PlaceKind
) -> Registration:
    """Make the configured place of a kind the library's own, because somebody says so.

    Where the catalogue's files are found in it, it is the known place, moved or without its marker. Else it is a new
    one: nothing counts as archived there, or nothing as stored.
    Raises WrongPlace for a place of another library that this one's catalogue has no right to.
    """
    site = {
        PlaceKind.STORE: lambda: _store_site(settings, store),
        PlaceKind.ARCHIVE: lambda: _archive_site(archive_of(settings, bucket)),
        PlaceKind.IMPORTS: lambda: _imports_site(settings),
    }[kind]()
    marker = site.read()
    with database.read() as connection:
        library = places.library_id(connection)
        current = places.current(connection, kind)
        sample = site.sample(connection)
        is_empty = not places.has_files(connection)
    if marker is not None and library != marker.library_id and not is_empty:
        raise WrongPlace(
            f"{site.address} belongs to library {marker.library_id[:8]}: remove the marker there yourself if that "
            "library is no more"
        )
    if marker is not None and marker.kind is not kind:
        raise WrongPlace(f"{site.address} is the library's {marker.kind}: its {kind} has to be another place")
    is_ours = marker is not None and library == marker.library_id
    if marker is not None and is_ours:
        place_id = marker.place_id
    else:
        place_id = current.place_id if current and sample.shows_the_place else places.new_id()
    is_known = current is None or current.place_id == place_id or sample.shows_the_place
    with database.write() as connection:
        library = places.make_library(connection)
        if not is_known:
            _forget_what_lay_there(connection, kind)
    site.write(Marker(library, place_id, kind))
    with database.write() as connection:
        _make_current(connection, site, place_id)
    return Registration(kind, site.address, place_id, not sample.shows_the_place, sample)


def _forget_what_lay_there(connection: Connection, kind: PlaceKind) -> None:
    if kind is PlaceKind.ARCHIVE:
        archived.forget_archive(connection)
    elif kind is PlaceKind.STORE:
        missing.forget_store(connection)


def _store_site(settings: Settings, store: ContentStore) -> _Site:
    def sample(connection: Connection) -> Sample:
        drawn = files.local_sample(connection, EVERYTHING, SAMPLE)
        return Sample(len(drawn), sum(store.matches(file.local_path, file.sha256, file.file_size) for file in drawn))

    return _Site(
        PlaceKind.STORE,
        str(store.root),
        lambda: read_marker(store.root),
        lambda marker: write_marker(store.root, marker, 0o755 if settings.media_public else 0o700),
        sample,
        lambda: next(store.originals(), None) is not None,
    )


def _archive_site(archive: Archive, wait: bool = True) -> _Site:
    def sample(connection: Connection) -> Sample:
        drawn = archived.archived_sample(connection, EVERYTHING, SAMPLE_OBJECTS)
        return Sample(len(drawn), sum(_is_archived(archive, file) for file in drawn))

    return _Site(
        PlaceKind.ARCHIVE,
        archive.address,
        lambda: read_archive_marker(archive, wait),
        lambda marker: write_archive_marker(archive, marker),
        sample,
        # A new library may share a bucket with what others keep there: nothing of theirs is overwritten.
        lambda: False,
    )


def _is_archived(archive: Archive, file: archived.ArchivedFile) -> bool:
    try:
        return archive.read_back(file.s3_key, file.content) is not None
    except OtherBytes:
        return False


def _imports_site(settings: Settings) -> _Site:
    def sample(connection: Connection) -> Sample:
        drawn = places.import_sample(connection, SAMPLE)
        return Sample(len(drawn), sum(Path(settings.import_path, path).exists() for path in drawn))

    return _Site(
        PlaceKind.IMPORTS,
        str(settings.import_path),
        lambda: read_marker(settings.import_path),
        lambda marker: write_marker(settings.import_path, marker, 0o755),
        sample,
        lambda: False,
    )
