"""What the commands share: the catalogue and the stages opened, jobs run under progress bars, the summary of a run.

Everything heavy is imported where it is used: Dagster takes a second, which `--help` and `list` need not spend.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_pipeline.cli import terminal
from media_pipeline.model import ImportPartition, MediaPipelineError, PlaceKind
from media_pipeline.policy.foreign_text import with_lines
from media_pipeline.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from media_pipeline.catalog.database import Connection, Database
    from media_pipeline.defs.partitions import PartitionRange
    from media_pipeline.stages.context import StageContext


class WorkInterrupted(Exception):
    """Ctrl-C fell in work that is kept as far as it came. No KeyboardInterrupt: Typer would swallow what it says."""


@contextmanager
def kept_work() -> Generator[None]:
    """Have a Ctrl-C in what is done here end as WorkInterrupted."""
    try:
        yield
    except KeyboardInterrupt:
        raise WorkInterrupted from None


def run(settings: Settings, job: str, ranges: Iterable[PartitionRange], verbose: bool) -> bool:
    """Execute a job for each range, one after the other, and say whether any failed.

    Raises SettingsError, WorkInterrupted.
    """
    from media_pipeline.definitions import build_defs
    from media_pipeline.defs.runs.launch import execute, open_instance

    check_hosts(settings)
    failed = False
    with kept_work(), terminal.progress() as progress, open_instance(settings) as instance:
        definitions = build_defs(settings, progress)
        for partitions in ranges:
            finished = execute(definitions, instance, job, partitions, verbose)
            failed = failed or not finished.success
            for problem in finished.problems:
                terminal.err.print(f"{partitions}: {problem}", soft_wrap=True)
    return failed


def runnable(settings: Settings, partitions: Iterable[ImportPartition]) -> list[ImportPartition]:
    """Those of the partitions that Dagster has now, in order; the others are named on standard error."""
    from media_pipeline.defs.partitions import divided

    taken, left_alone = divided(settings, partitions)
    for refusal in left_alone:
        terminal.err.print(f"left alone: {refusal}", soft_wrap=True)
    return taken


def check_hosts(settings: Settings) -> None:
    """Read the files that the settings of hosts name, before anything is begun. Raises SettingsError."""
    from media_pipeline.fetch.http.client import ClientSettings

    ClientSettings.of(settings)


def print_summary(
    settings: Settings,
    title: str,
    partitions: list[ImportPartition],
    as_json: bool,
    started: datetime,
    files: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
) -> None:
    """What the partitions hold now, what failed and why, and what became of their posts since the run was started.

    ``files``: import files whose posts count as well, wherever their bytes were imported first. ``facts``: what else
    the command's JSON says.
    """
    from media_pipeline.stages.summary import summarise

    with open_database(settings) as database:
        summary = summarise(database, partitions, started, files)
    if as_json:
        terminal.print_json({**(facts or {}), **summary.as_json()})
        return
    terminal.print_facts(f"{title} {', '.join(summary.titles)}", summary.shown())
    terminal.print_table("Posts that their platform no longer shows", summary.stubs)
    terminal.print_table("What failed and why", summary.failures, ["status", "reason", "media", "detail", "example"])
    terminal.print_table("What could not be read", summary.faults)
    terminal.out.print(summary.last_line(), soft_wrap=True)


@contextmanager
def open_database(settings: Settings, begins: bool = False) -> Generator[Database]:
    """The catalogue. ``begins``: a new one where there is none. Raises CatalogError, NoLibrary."""
    from media_pipeline.catalog.database import Database, expect_library

    if not begins:
        expect_library(settings)
    with closing(Database.open(settings)) as database:
        yield database


@contextmanager
def open_stage(settings: Settings, writes: bool = True, begins: bool = False) -> Generator[StageContext]:
    """A stage's tools outside Dagster, with bars. ``begins``: for a new library where there is none.

    Raises NoLibrary, WorkInterrupted.
    """
    from media_pipeline.catalog.database import expect_library
    from media_pipeline.defs.resources import bucket_of
    from media_pipeline.stages.context import opened, opened_to_read

    if not begins:
        expect_library(settings)
    log = with_lines(logging.getLogger("media_pipeline"))
    way = opened if writes else opened_to_read
    kept = kept_work() if writes else nullcontext()
    with kept, terminal.progress() as progress, way(settings, log, progress, bucket_of(settings)) as stage:
        yield stage


def is_read_only(settings: Settings) -> bool:
    """Whether the store is there and can only be read."""
    return settings.storage_path.is_dir() and not os.access(settings.storage_path, os.W_OK)


def archive_facts(settings: Settings, connection: Connection) -> dict[str, Any]:
    """Which archive the library has, and whether that is a second place at all."""
    from media_pipeline.catalog import places
    from media_pipeline.stages.integrity.places import archive_shares_device

    place = places.current(connection, PlaceKind.ARCHIVE)
    return {
        "archive": place.address if place else None,
        "archive_on_the_stores_device": archive_shares_device(settings),
    }


def begins_library(settings: Settings) -> bool:
    """Whether a command that writes is about to begin a library: nothing lies in the store yet."""
    store = settings.storage_path
    return not store.is_dir() or not any(store.iterdir())


def warn_of_archive(settings: Settings) -> None:
    """Say that the archive is no second place, where it is none."""
    from media_pipeline.stages.integrity.places import archive_shares_device

    if archive_shares_device(settings):
        terminal.err.print(
            f"note: the archive {settings.archive_path} lies on the same disk as the store: one loss takes both. "
            "AWS_S3_BUCKET or MEDIA_ARCHIVE_PATH name another place.",
            soft_wrap=True,
        )


def catalogue_file(settings: Settings) -> Path:
    """The file of the embedded catalogue. Raises SettingsError where the catalogue is PostgreSQL's."""
    from media_pipeline.catalog.database import normalised_url

    url = normalised_url(settings.catalog_url)
    if url.get_backend_name() != "sqlite":
        raise SettingsError("MEDIA_CATALOG_URL names PostgreSQL, which is backed up by its own means (pg_dump)")
    return Path(str(url.database))


def explained(error: Exception) -> str | None:
    """An error in one line; None for one that nobody foresaw.

    Flipped bytes inside the catalogue show as errors of any kind, so that is looked for behind those.
    """
    from media_pipeline.catalog.backups import BackupError
    from media_pipeline.catalog.errors import CatalogError

    is_ours = isinstance(error, MediaPipelineError)
    damage = None if is_ours and not isinstance(error, CatalogError | BackupError) else _catalogue_damage()
    return damage or (str(error) if is_ours else None)


def _catalogue_damage() -> str | None:
    """What to do where the embedded catalogue is damaged inside; None where it is whole."""
    from media_pipeline.catalog.backups import damage_of, damage_said

    try:
        file = catalogue_file(load_settings())
        damage = damage_of(file) if file.exists() else None
    except MediaPipelineError:
        return None
    return damage_said(file, damage) if damage else None
