"""Whether stored files are what the catalogue says: looked at in every run, read to the end once a week.

What belongs here: finding files that are missing or corrupt, what becomes of them and their references, and looking
for what was missing before. What does not: the archive's own objects (:mod:`media_pipeline.stages.archive.scrub`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from media_pipeline.catalog import archived, files, media, missing
from media_pipeline.catalog.files import LocalFile
from media_pipeline.catalog.missing import MissingFile
from media_pipeline.catalog.selection import EVERYTHING, Selection, pieces
from media_pipeline.model import Content, ImportPartition, MediaPipelineError, MediaType, Proof, Reason, Status
from media_pipeline.policy.clocks import is_changed_since
from media_pipeline.stages.context import StageContext
from media_pipeline.storage.archive import ArchiveError, OtherBytes

VERIFIED_TOGETHER = 200
"""Files whose check is written down in one transaction."""

FEW_MISSING = 10
"""Files that may be missing whatever their share: of three files, one that was removed by hand is a third."""


class StoreIncomplete(MediaPipelineError):
    """More files are not where they should be than single losses explain. Nothing was changed.

    To do: Mount the disk, or set MEDIA_STORAGE_PATH right, and run again. Where files are really lost, raise
    MEDIA_MISSING_SHARE_LIMIT for one run.
    """


@dataclass(frozen=True, slots=True)
class Verification:
    """How many files were read, and those that were not what they should be."""

    checked: int
    corrupt: tuple[LocalFile, ...]


def verify_if_touched(context: StageContext, partitions: Sequence[ImportPartition]) -> None:
    """Look at every stored file of the partitions; read those that are not as they were when last verified.

    Also what is asked for again, since its host is asked for another version only as long as the old one is there.
    Raises StoreIncomplete before anything is changed.
    """
    verify_touched(context, Selection(partitions, statuses=(Status.STORED, Status.PENDING, Status.FAILED)))


def verify_touched(context: StageContext, selection: Selection) -> list[LocalFile]:
    """Read those of the selected files that are not as they were when last verified; return what is missing or corrupt.

    Raises StoreIncomplete before anything is changed.
    """
    with context.database.read() as connection:
        expected = list(files.local(connection, selection))
    _refuse_if_unmounted(context, expected)
    return _settle(context, [file for file in expected if _touched(context, file)])


def verify_files(context: StageContext, selection: Selection = EVERYTHING, only_look: bool = False) -> Verification:
    """Read the selected stored files and hold each against its checksum.

    One that does not match is put aside, and brought back from the archive, or fetched again by the next run.
    ``only_look``: nothing is changed. Raises StoreIncomplete before anything is changed.
    """
    with context.database.read() as connection:
        there = _refuse_if_unmounted(context, files.local(connection, selection))
    checked = 0
    corrupt: list[LocalFile] = []
    with context.progress.of("verification", there) as progress, context.database.read() as connection:
        for batch in pieces(files.local(connection, selection), VERIFIED_TOGETHER):
            corrupt += _corrupt(context, batch) if only_look else _settle(context, batch)
            checked += len(batch)
            progress.advance(len(batch))
    return Verification(checked, tuple(corrupt))


def matching(context: StageContext, file: LocalFile) -> bool:
    """Whether the file lies in its place with its size and checksum; reads it to the end."""
    return context.store.matches(file.local_path, file.sha256, file.file_size)


def _refuse_if_unmounted(context: StageContext, expected: Iterator[LocalFile] | Sequence[LocalFile]) -> int:
    """A disk that is partly there looks like many lost files. A stat for each; returns how many there should be."""
    limit = context.settings.media_missing_share_limit
    count = gone = 0
    for file in expected:
        count += 1
        gone += not context.store.path_of(file.local_path).exists()
    if gone > FEW_MISSING and gone > limit * count:
        raise StoreIncomplete(
            f"{gone} of {count} stored files are not in {context.store.root}, more than MEDIA_MISSING_SHARE_LIMIT "
            f"({limit:g}) allows: is the disk mounted? Nothing was changed. When they are lost for good, run once more "
            "with MEDIA_MISSING_SHARE_LIMIT=1: they are looked for in the archive and fetched again"
        )
    return count


def _corrupt(context: StageContext, suspects: Sequence[LocalFile]) -> list[LocalFile]:
    return [file for file in suspects if not matching(context, file)]


def _settle(context: StageContext, suspects: Sequence[LocalFile]) -> list[LocalFile]:
    """Read the files, write down which are right, and put aside and look for those that are not."""
    if not suspects:
        return []
    corrupt = _corrupt(context, suspects)
    wrong = {file.sha256 for file in corrupt}
    with context.database.write() as connection:
        files.mark_verified(connection, [file.sha256 for file in suspects if file.sha256 not in wrong])
    for file in corrupt:
        context.log.warning(f"{file.local_path} is missing or corrupt")
        _lose(context, file)
    with context.database.read() as connection:
        lost = missing.by_digest(connection, wrong)
    _heal(context, lost)
    return corrupt


def _touched(context: StageContext, file: LocalFile) -> bool:
    """Cheap: one stat. A flipped bit that leaves size and time alone is found by the weekly verification."""
    try:
        stat = context.store.path_of(file.local_path).stat()
    except FileNotFoundError:
        return True
    modified_at = datetime.fromtimestamp(stat.st_mtime, UTC)
    return stat.st_size != file.file_size or is_changed_since(modified_at, file.verified_at, datetime.now(UTC))


def _lose(context: StageContext, file: LocalFile) -> None:
    """Put aside what lies in the file's place; its references are missing from now on."""
    reason = "the stored file was missing or corrupt"
    _quarantine(context, file, Status.MISSING, reason)
    with context.database.write() as connection:
        missing.mark_lost(connection, file.sha256, reason)


def set_aside(context: StageContext, file: LocalFile, reason: str) -> None:
    """Move a file that can't be read to quarantine, and give its references that status."""
    place = _quarantine(context, file, Status.QUARANTINED, reason)
    with context.database.write() as connection:
        if place is None:
            missing.mark_lost(connection, file.sha256, reason)
        else:
            files.mark_quarantined(connection, file.sha256, place, reason)
            media.mark_quarantined(connection, file.sha256, reason, context.decided_under[Reason.UNREADABLE])


def _quarantine(context: StageContext, file: LocalFile, status: Status, reason: str) -> str | None:
    path = context.store.path_of(file.local_path)
    details = {"sha256": file.sha256, "status": status.value, "error": reason}
    return context.store.quarantine(path, path.name, details) if path.exists() else None


def heal(context: StageContext, partitions: Sequence[ImportPartition]) -> int:
    """Look once more for what the partitions miss: in the store, then in the archive. Return how many files are back.

    Asks no media host.
    """
    with context.database.read() as connection:
        lost = missing.of_partitions(connection, partitions)
    return _heal(context, lost)


def _heal(context: StageContext, lost: Sequence[MissingFile]) -> int:
    healed = 0
    archive_answers = True
    for file in lost:
        place = _in_store(context, file)
        if place is None and file.s3_key is not None and archive_answers:
            try:
                place = restore(context, file.content, file.media_type, file.extension, file.s3_key)
            except NotArchived as error:
                context.log.warning(f"{file.content.sha256} is missing: {error}")
            except ArchiveError as error:
                context.log.warning(f"what is missing can't be looked for in the archive: {error}")
                archive_answers = False
        if place is not None:
            with context.database.write() as connection:
                missing.mark_found(connection, file.content.sha256, place)
            context.store.written_down([place])
            healed += 1
    return healed


def _in_store(context: StageContext, file: MissingFile) -> str | None:
    usual = context.store.places_for(file.content, file.media_type, file.extension)
    for place in dict.fromkeys((file.local_path, *usual) if file.local_path else usual):
        if context.store.matches(place, file.content.sha256, file.content.file_size):
            return place
    return None


class NotArchived(ArchiveError):
    """The archive does not hold a file that it was sent.

    To do: Run `media-pipeline archive --all`, which sends what the archive lacks.
    """


def restore(context: StageContext, content: Content, media_type: MediaType, extension: str, key: str) -> str:
    """Bring a file back from the archive into the store, write down that it is proven there, and return its place.

    Raises NotArchived when the archive does not have it, which is written down too; ArchiveError when it can't say.
    """
    temporary = context.store.temporary_folder() / f"restore-{content.sha256}"
    try:
        found = context.archive.check(key, content)
        if found is None:
            raise NotArchived(key, "the archive does not have it")
        context.archive.fetch_to(key, temporary)
        _refuse_other_bytes(temporary, key, content)
    except (NotArchived, OtherBytes) as error:
        with context.database.write() as connection:
            archived.mark_not_archived(connection, [content.sha256])
        raise error if isinstance(error, NotArchived) else NotArchived(key, error) from error
    context.log.info(f"restored {key} from the archive")
    place = context.store.adopt(
        temporary,
        sha256=content.sha256,
        md5_sum=content.md5_sum,
        media_type=media_type,
        extension=extension,
    )
    with context.database.write() as connection:
        archived.mark_archived(connection, {content.sha256: replace(found, proof=Proof.READ)}, context.archive_id)
    return place


def fetch_back(context: StageContext, sha256: str) -> str | None:
    """Bring a file that only the archive has into the store and return its place; None when that fails, and why is
    logged.
    """
    with context.database.read() as connection:
        held = archived.by_digest(connection, [sha256]).get(sha256)
    if held is None:
        return None
    try:
        place = restore(context, held.content, MediaType(held.media_type), held.extension, held.s3_key)
    except ArchiveError as error:
        context.log.warning(f"{held.s3_key} can't be fetched back: {error}")
        return None
    with context.database.write() as connection:
        missing.mark_found(connection, sha256, place)
    context.store.written_down([place])
    return place


def _refuse_other_bytes(path: Path, key: str, content: Content) -> None:
    with path.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != content.sha256:
        path.unlink()
        raise OtherBytes(key)
