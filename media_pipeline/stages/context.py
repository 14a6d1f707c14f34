"""What a stage works with: settings, catalogue, store, archive, and a way to say how far it is."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from logging import Logger

from media_pipeline.catalog import files
from media_pipeline.catalog.database import Database
from media_pipeline.fetch.scan import Scanner, scanner_of
from media_pipeline.model import ImportPartition, Report
from media_pipeline.settings import Settings
from media_pipeline.stages.progress import Progress
from media_pipeline.storage.archive import Archive
from media_pipeline.storage.folder import FolderArchive
from media_pipeline.storage.store import ContentStore

TABLE_ROWS = 50
"""Rows of a table in a report: what a person reads, and small enough for the event log."""

ROWS_ASKED_FOR = 2000
"""Rows that a stage asks the catalogue for at once, to work on in smaller batches: finding the next rows of a large
partition costs 0.1 s however few are asked for."""

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

    @cached_property
    def archive(self) -> Archive:
        """Where originals are archived."""
        return self.bucket or FolderArchive(self.settings.archive_path)

    @cached_property
    def scanner(self) -> Scanner | None:
        """What every new file is shown before it is stored, where CLAMD_URL is set."""
        return scanner_of(self.settings)


@contextmanager
def opened(
    settings: Settings,
    log: Logger,
    progress: Progress | None = None,
    bucket: Archive | None = None,
    run_id: str | None = None,
) -> Generator[StageContext]:
    """Open catalogue and store for stages, and close them afterwards. ``run_id`` is that of a run with a lease.

    Raises CatalogError or StorageError when one can't be used.
    """
    with (
        closing(Database.open(settings, run_id)) as database,
        ContentStore(settings.storage_path, public=settings.media_public) as store,
    ):
        store.remove_leftovers(lambda adopted: _remove_without_row(database, store, adopted))
        yield StageContext(settings, database, store, log, progress or Progress(), bucket)


def _remove_without_row(database: Database, store: ContentStore, adopted: Sequence[str]) -> None:
    """A process that was killed between a file and its row leaves a file that nothing leads to: it is fetched again."""
    with database.read() as connection:
        known = files.known_places(connection, adopted)
    for place in set(adopted) - known:
        store.remove(place)
