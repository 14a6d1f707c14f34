"""Files in quarantine that settings have put there, and taking them out to be looked at again.

What belongs here: rows. What does not: moving files (:mod:`media_pipeline.stages.downloads.reopened`), and putting them
into quarantine (:mod:`media_pipeline.catalog.files`, :mod:`media_pipeline.catalog.media`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from media_pipeline.catalog.missing import MissingFile
from media_pipeline.catalog.selection import in_partitions, is_decided_otherwise
from media_pipeline.catalog.tables import media_files, post_media
from media_pipeline.model import Content, ImportPartition, MediaType, Reason, Status


def decided_otherwise(
    connection: sa.Connection, partitions: Sequence[ImportPartition], decided_under: Mapping[Reason, str]
) -> list[MissingFile]:
    """Files that references of the partitions hold, and that could not be read under settings that have changed."""
    held = sa.select(post_media.c.sha256).where(
        in_partitions(post_media.c.import_id, partitions),
        post_media.c.status == Status.QUARANTINED,
        is_decided_otherwise(decided_under),
    )
    columns = media_files.c["sha256", "md5_sum", "file_size", "mime_type", "media_type", "extension"]
    query = (
        sa.select(*columns, *media_files.c["local_path", "s3_key"])
        .where(
            media_files.c.sha256.in_(held),
            media_files.c.facts_error.is_not(None),
            media_files.c.local_path.is_not(None),
        )
        .order_by(media_files.c.sha256)
    )
    return [
        MissingFile(
            Content(row.sha256, row.md5_sum, row.file_size, row.mime_type),
            MediaType(row.media_type),
            row.extension,
            row.local_path,
            row.s3_key,
        )
        for row in connection.execute(query)
    ]


def release(connection: sa.Connection, sha256: str, local_path: str) -> None:
    """The file lies in its place again, and its facts are to be read; its references are stored until they are."""
    now = datetime.now(UTC)
    connection.execute(
        sa.update(media_files)
        .where(media_files.c.sha256 == sha256)
        .values(local_path=local_path, facts_error=None, facts_at=None, verified_at=now, last_used_at=now)
    )
    connection.execute(
        sa.update(post_media)
        .where(
            post_media.c.sha256 == sha256,
            post_media.c.status == Status.QUARANTINED,
            post_media.c.reason == Reason.UNREADABLE,
        )
        .values(status=Status.STORED, reason=None, error=None, decided_under=None, updated_at=now)
    )
