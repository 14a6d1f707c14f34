"""Whether stored files are what the catalogue says: looked at in every run, read to the end once a week.

What belongs here: finding files that are missing or corrupt, and what becomes of them and their references.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from media_pipeline.catalog import files, media
from media_pipeline.catalog.files import ArchivedFile, LocalFile
from media_pipeline.model import ImportPartition, MediaType, Status
from media_pipeline.policy.clocks import is_changed_since
from media_pipeline.stages.context import StageContext
from media_pipeline.storage.archive import ArchiveError

VERIFIED_TOGETHER = 200
"""Files whose check is written down in one transaction."""


@dataclass(frozen=True, slots=True)
class Verification:
    """How many files were read, and those that were not what they should be."""

    checked: int
    corrupt: tuple[LocalFile, ...]


def verify_if_touched(context: StageContext, partitions: Sequence[ImportPartition]) -> None:
    """Look at every stored file of the partitions; read those that are not as they were when last verified.

    Also what is asked for again, since its host is asked for another version only as long as the old one is there.
    """
    held = files.of_partitions(partitions, (Status.STORED, Status.PENDING, Status.FAILED))
    with context.database.read() as connection:
        suspects = [file for file in files.local(connection, held) if _touched(context, file)]
    _verify(context, suspects)


def verify_files(context: StageContext, condition: sa.ColumnElement[bool] | None = None) -> Verification:
    """Read every stored file, or those that meet the condition, and hold it against its checksum.

    One that does not match is put aside, and its references are fetched again by the next run.
    """
    checked = 0
    corrupt: list[LocalFile] = []
    with context.progress.of("verification") as progress:
        pending: list[LocalFile] = []
        with context.database.read() as connection:
            for file in files.local(connection, condition):
                pending.append(file)
                if len(pending) == VERIFIED_TOGETHER:
                    corrupt += _verify(context, pending)
                    checked += len(pending)
                    progress.advance(len(pending))
                    pending = []
        corrupt += _verify(context, pending)
        progress.advance(len(pending))
    return Verification(checked + len(pending), tuple(corrupt))


def matching(context: StageContext, file: LocalFile) -> bool:
    """Whether the file lies in its place with its size and checksum; reads it to the end."""
    return context.store.matches(file.local_path, file.sha256, file.file_size)


def _verify(context: StageContext, suspects: Sequence[LocalFile]) -> list[LocalFile]:
    corrupt = [file for file in suspects if not matching(context, file)]
    if not suspects:
        return []
    wrong = {file.sha256 for file in corrupt}
    with context.database.write() as connection:
        files.mark_verified(connection, [file.sha256 for file in suspects if file.sha256 not in wrong])
    for file in corrupt:
        context.log.warning(f"{file.local_path} is missing or corrupt: it is fetched again")
        set_aside(context, file, Status.PENDING, "the stored file was missing or corrupt")
    return corrupt


def _touched(context: StageContext, file: LocalFile) -> bool:
    """Cheap: one stat. A flipped bit that leaves size and time alone is found by the weekly verification."""
    try:
        stat = context.store.path_of(file.local_path).stat()
    except FileNotFoundError:
        return True
    modified_at = datetime.fromtimestamp(stat.st_mtime, UTC)
    return stat.st_size != file.file_size or is_changed_since(modified_at, file.verified_at, datetime.now(UTC))


def restore(context: StageContext, file: ArchivedFile, folder: Path) -> str:
    """Bring a file back from the archive into the store and return its place.

    Raises ArchiveError when the archive does not give back the bytes that it took.
    """
    temporary = folder / f"restore-{file.sha256}"
    context.archive.fetch_to(file.s3_key, temporary)
    with temporary.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
            raise ArchiveError(file.s3_key, "it gave back other bytes than it took")
    context.log.info(f"restored {file.s3_key} from the archive: its host no longer has it")
    return context.store.adopt(
        temporary,
        sha256=file.sha256,
        md5_sum=file.md5_sum,
        media_type=MediaType(file.media_type),
        extension=file.extension,
    )


def set_aside(context: StageContext, file: LocalFile, status: Status, reason: str) -> None:
    """Move a file that can't be used to quarantine and give its references the status."""
    path = context.store.path_of(file.local_path)
    details = {"sha256": file.sha256, "status": status.value, "error": reason}
    place = context.store.quarantine(path, path.name, details) if path.exists() else None
    with context.database.write() as connection:
        if status == Status.QUARANTINED and place is not None:
            files.mark_quarantined(connection, file.sha256, place, reason)
        else:
            files.mark_missing(connection, file.sha256)
        media.mark_file(connection, file.sha256, status, reason)
