"""What a stage works with: settings, catalogue, store, archive, and a way to say how far it is."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from logging import Logger

from media_pipeline.catalog import removals
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.selection import pieces
from media_pipeline.fetch.scan import Scanner, scanner_of
from media_pipeline.model import ImportPartition, Reason, Report
from media_pipeline.settings import Settings
from media_pipeline.stages.downloads.decided import decided_under
from media_pipeline.stages.integrity import places
from media_pipeline.stages.progress import Progress
from media_pipeline.storage.archive import Archive, ArchiveError
from media_pipeline.storage.store import ContentStore

TABLE_ROWS = 50
"""Rows of a table in a report: what a person reads, and small enough for the event log."""

ROWS_ASKED_FOR = 2000
"""Rows that a stage asks the catalogue for at once, to work on in smaller batches: finding the next rows of a large
partition costs 0.1 s however few are asked for."""

REMOVED_TOGETHER = 100
"""Files that are removed in one transaction, during which no one else writes: well under a second."""

Reports = Mapping[ImportPartition, Report]
"""What a stage returns: a report for each partition that it was given."""


@dataclass(frozen=True)
class StageContext:
    """Everything that a stage is given besides its partitions."""

    settings: Settings
    database: Database
    store: ContentStore
    log: Logger
    progress: Progress = field(default_factory=Progress)
    bucket: Archive | None = None
    """The archive when it is not a local folder."""

    @property
    def archive(self) -> Archive:
        """Where originals are archived, once it has shown that it is the library's own.

        Raises WrongPlace, ArchiveError when it can't be reached.
        """
        _ = self.archive_id
        return self._archive

    @cached_property
    def archive_id(self) -> str:
        """The id of the archive. Raises as :attr:`archive` does, each time until it was reached."""
        return places.confirm_archive(self.database, self._archive)

    @cached_property
    def _archive(self) -> Archive:
        return places.archive_of(self.settings, self.bucket)

    @cached_property
    def decided_under(self) -> Mapping[Reason, str]:
        """The present settings in a word, for each reason (:mod:`media_pipeline.policy.decided`)."""
        return decided_under(self.settings)

    @cached_property
    def scanner(self) -> Scanner | None:
        """What every new file is shown before it is stored, where CLAMD_URL is set."""
        return scanner_of(self.settings)

    def remove(self, gone: Sequence[str]) -> None:
        """Remove files of the store whose removal was begun, unless a row names them by now."""
        remove_unnamed(self.database, self.store, gone)


@contextmanager
def opened(
    settings: Settings,
    log: Logger,
    progress: Progress | None = None,
    bucket: Archive | None = None,
    run_id: str | None = None,
) -> Generator[StageContext]:
    """Open catalogue and store for stages that write, and close them afterwards. ``run_id``: of a run with a lease.

    Raises CatalogError or StorageError when one can't be used, WrongPlace when store, import path or archive are not
    the library's own. An archive that can't be reached is no reason to stop: only what needs it fails.
    """
    with (
        closing(Database.open(settings, run_id)) as database,
        ContentStore(settings.storage_path, public=settings.media_public) as store,
    ):
        places.confirm(settings, database, store, bucket, log)
        context = StageContext(settings, database, store, log, progress or Progress(), bucket)
        try:
            # Each step opens them: six that wait ten minutes for what most of them don't need would be an hour.
            places.confirm_archive(database, places.archive_of(settings, bucket), wait=False)
        except ArchiveError as error:
            log.warning(f"the archive can't be reached: {error}")
        database.back_up_daily()
        store.remove_leftovers(lambda adopted: remove_unnamed(database, store, adopted))
        with database.read() as connection:
            begun = removals.begun(connection)
        context.remove(begun)
        yield context


@contextmanager
def opened_to_read(
    settings: Settings, log: Logger, progress: Progress | None = None, bucket: Archive | None = None
) -> Generator[StageContext]:
    """Open catalogue and store to look at them only: nothing is written, also where nothing can be."""
    with (
        closing(Database.open(settings)) as database,
        ContentStore(settings.storage_path, public=settings.media_public) as store,
    ):
        yield StageContext(settings, database, store, log, progress or Progress(), bucket)


def remove_unnamed(database: Database, store: ContentStore, gone: Sequence[str]) -> None:
    """Remove files that no row names. Writers take turns, so no row comes to name one in between."""
    for piece in pieces(gone, REMOVED_TOGETHER):
        with database.write() as connection:
            for place in sorted(set(piece) - removals.named_again(connection, piece)):
                store.remove(place)
            removals.end(connection, piece)
