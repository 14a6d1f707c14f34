"""Backups of the catalogue: SQLite's by its own backup, once a day and before each migration; PostgreSQL's by pg_dump.

What belongs here: making, checking, keeping and restoring them. What does not: when a run makes one
(:mod:`media_pipeline.catalog.database`).
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import URL

from media_pipeline.catalog.errors import is_damage, named
from media_pipeline.model import MediaPipelineError
from media_pipeline.policy.clocks import is_from_the_future

FOLDER = "backups"
"""Beside the catalogue, or below the storage path where that is PostgreSQL's."""
DAILY = "daily"
READ_BUSY_SECONDS = 120
KEPT = 7
"""Of each kind: daily ones, and those before migrations."""
_NAME = re.compile(r"catalog-(\d{8}T\d{6})Z-(.+)\.(sqlite|dump)")
_TIME = "%Y%m%dT%H%M%S"


class BackupError(MediaPipelineError):
    """The catalogue could not be backed up or restored; nothing was changed.

    To do: See to the path or program that the message names and run the command again.
    """


def sqlite_backups(catalogue: Path) -> list[Path]:
    """The backups of a SQLite catalogue, the newest first; last those that a wrong clock has dated.

    The last are the first to go: else seven of the future would be kept for years, and no other.
    """
    now = datetime.now(UTC)
    found = [path for path in catalogue.parent.glob(f"{FOLDER}/catalog-*.sqlite") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: (not is_from_the_future(_time_of(path), now), path.name), reverse=True)


def is_daily_due(catalogue: Path, now: datetime) -> bool:
    """Whether no daily backup is of the last day, or the catalogue has more than doubled since.

    A backup of the future, by another clock, says nothing.
    """
    recent = [
        path
        for path in sqlite_backups(catalogue)
        if f"Z-{DAILY}." in path.name and timedelta() <= now - _time_of(path) < timedelta(days=1)
    ]
    return not any(catalogue.stat().st_size <= 2 * path.stat().st_size for path in recent)


def back_up_sqlite(catalogue: Path, why: str) -> Path:
    """Copy a SQLite catalogue that may be in use, check the copy, and let go of old ones. Raises BackupError.

    A copy that is damaged is not kept, and no older one goes for it.
    """
    if not catalogue.is_file() or not catalogue.stat().st_size:
        raise BackupError(f"there is no catalogue {catalogue}: restore a backup with {restore_advice(catalogue)}")
    target = catalogue.parent / FOLDER / f"catalog-{datetime.now(UTC).strftime(_TIME)}Z-{why}.sqlite"
    part = target.with_suffix(f".part-{os.getpid()}")
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        part.touch(mode=0o600)
        with closing(sqlite3.connect(catalogue)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy, pages=2000)
            # A copy in WAL mode would be two files.
            copy.execute("PRAGMA journal_mode=DELETE")
        damage = damage_of(part)
        if damage is not None:
            raise BackupError(damage_said(catalogue, damage))
        part.replace(target)
    except (sqlite3.Error, OSError) as error:
        if isinstance(error, sqlite3.Error) and is_damage(error):
            raise BackupError(damage_said(catalogue, str(error))) from error
        said = named(error) if isinstance(error, sqlite3.Error) else str(error)
        raise BackupError(f"the catalogue {catalogue} can't be backed up to {target.parent}: {said}") from error
    finally:
        part.unlink(missing_ok=True)
    same_kind = [path for path in sqlite_backups(catalogue) if (f"Z-{DAILY}." in path.name) == (why == DAILY)]
    for old in same_kind[KEPT:]:
        old.unlink(missing_ok=True)
    return target


def damage_of(catalogue: Path) -> str | None:
    """What is wrong inside a SQLite file, in a line; None when it is whole.

    Raises BackupError where it can't be read, which says nothing of what is inside.
    """
    try:
        with closing(connect_to_read(catalogue)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if is_damage(error):
            return str(error)
        raise BackupError(f"the catalogue {catalogue} can't be read: {named(error)}") from error
    except UnicodeDecodeError:
        # SQLite names what it can't read by the damaged text itself, which Python's driver can't decode.
        return "its schema holds text that is not UTF-8"
    return None if found == ("ok",) else " ".join(str(found[0]).split())


def connect_to_read(catalogue: Path) -> sqlite3.Connection:
    """A connection that writes nothing, also where no lock file can be made: on a disk that is mounted to be read."""
    uri = f"{catalogue.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=READ_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
    except sqlite3.OperationalError:
        connection.close()
        connection = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
    return connection


def damage_said(catalogue: Path, damage: str) -> str:
    """What is told when a catalogue is damaged inside: one line, with the way back."""
    return f"the catalogue {catalogue} is damaged ({damage}): restore a backup with {restore_advice(catalogue)}"


def restore_advice(catalogue: Path) -> str:
    """What to do when the catalogue is damaged."""
    newest = next(iter(sqlite_backups(catalogue)), None)
    if newest is None:
        return f"what docs/operations.md says: there is none in {catalogue.parent / FOLDER}"
    return f"`media-pipeline backups --restore {newest.name}`"


def _forget_removals(catalogue: Path) -> None:
    """What was to be removed when the backup was made may be somebody's since; what is nobody's is an orphan."""
    with closing(sqlite3.connect(catalogue, isolation_level=None)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'removals'").fetchone():
            connection.execute("DELETE FROM removals")


def restore_sqlite(catalogue: Path, name: str) -> Path:
    """Put a backup in the catalogue's place, and return where the catalogue that was there lies now.

    No run may be under way. Raises BackupError.
    """
    backup = catalogue.parent / FOLDER / name
    if not _NAME.fullmatch(name) or not backup.is_file():
        raise BackupError(f"there is no backup {name} in {backup.parent}")
    damage = damage_of(backup)
    if damage is not None:
        raise BackupError(f"the backup {backup} is damaged itself ({damage}): take another one")
    aside = catalogue.with_name(f"{catalogue.name}.before-restore-{datetime.now(UTC).strftime(_TIME)}Z")
    part = catalogue.with_name(f"{catalogue.name}.part")
    try:
        shutil.copyfile(backup, part)
        part.chmod(0o600)
        _forget_removals(part)
        # The log of the old catalogue goes with it: applied to the backup, it would destroy it.
        for suffix in ("-wal", "-shm", ""):
            there = Path(f"{catalogue}{suffix}")
            if there.exists():
                there.rename(f"{aside}{suffix}")
        part.rename(catalogue)
    except (sqlite3.Error, OSError) as error:
        said = named(error) if isinstance(error, sqlite3.Error) else str(error)
        raise BackupError(f"the backup {backup} can't be restored: {said}") from error
    return aside


def back_up_postgres(url: URL, folder: Path, why: str) -> Path:
    """Write a PostgreSQL catalogue with pg_dump in its custom format. Raises BackupError."""
    target = folder / f"catalog-{datetime.now(UTC).strftime(_TIME)}Z-{why}.dump"
    part = target.with_suffix(f".part-{os.getpid()}")
    plain = url.set(drivername="postgresql", password=None)
    search_path = re.search(r"search_path=(\w+)", str(url.query.get("options", "")))
    schema = [f"--schema={search_path[1]}"] if search_path else []
    plain = plain.set(query={name: value for name, value in url.query.items() if name != "options"})
    command = ["pg_dump", "--format=custom", f"--file={part}", *schema, plain.render_as_string()]
    environment = {**os.environ, "PGPASSWORD": url.password} if url.password else None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
        part.chmod(0o600)
        part.replace(target)
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise BackupError(
            f"the catalogue can't be backed up before it is migrated: {' '.join(said.split())}; install PostgreSQL's "
            "client (pg_dump), or back it up yourself and run `media-pipeline migrate --no-backup`"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _time_of(path: Path) -> datetime:
    found = _NAME.fullmatch(path.name)
    if found is None:
        raise ValueError(f"{path} is no backup")
    return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
