"""What was decided under settings that have changed since is due again.

What belongs here: making it so, before anything is asked. What does not: which settings a verdict hangs on
(:mod:`media_pipeline.policy.reasons`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from media_pipeline.catalog import media, quarantine, removals
from media_pipeline.catalog.missing import MissingFile
from media_pipeline.model import ImportPartition
from media_pipeline.stages.context import StageContext
from media_pipeline.storage.durable import storage_errors


def reopen(context: StageContext, partitions: Sequence[ImportPartition]) -> None:
    """Make due again what other settings have decided otherwise.

    A file that could not be read is taken out of quarantine and read once more; only where it lies there no longer is
    its host asked.
    """
    with context.database.read() as connection:
        unread = quarantine.decided_otherwise(connection, partitions, context.decided_under)
    for file in unread:
        _take_out(context, file)
    with context.database.write() as connection:
        media.unskip(connection, partitions, context.settings.media_fetch_roles)
        media.reopen(connection, partitions, context.decided_under)


def _take_out(context: StageContext, file: MissingFile) -> None:
    """The copy in quarantine goes once a row names the other: a run that is killed in between loses neither."""
    content, set_aside = file.content, file.local_path or ""
    if not context.store.matches(set_aside, content.sha256, content.file_size):
        return
    copy = context.store.temporary_folder() / f"again-{content.sha256}"
    with storage_errors("copy", copy):
        shutil.copyfile(context.store.path_of(set_aside), copy)
    place = context.store.adopt(
        copy,
        sha256=content.sha256,
        md5_sum=content.md5_sum,
        media_type=file.media_type,
        extension=file.extension,
    )
    gone = [set_aside, f"{set_aside}.json"] if place != set_aside else []
    with context.database.write() as connection:
        quarantine.release(connection, content.sha256, place)
        removals.begin(connection, gone)
    context.store.written_down([place])
    context.remove(gone)
    context.log.info(f"{place} is taken out of quarantine and read again: settings have changed")
