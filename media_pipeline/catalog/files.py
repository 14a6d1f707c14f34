"""Files by content: the table media_files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import (
    EVERYTHING,
    Selection,
    in_partitions,
    page_after,
    paged,
    pieces,
    selects_file,
)
from media_pipeline.catalog.tables import imports, media_files, post_media
from media_pipeline.model import FetchedFile, ImportPartition, Status
from media_pipeline.policy.clocks import FOUND_WRONG, is_from_the_future


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the content store."""

    sha256: str
    md5_sum: str
    file_size: int
    mime_type: str
    local_path: str
    verified_at: datetime


LOCAL_FILE = media_files.c["sha256", "md5_sum", "file_size", "mime_type", "local_path", "verified_at"]
"""The columns of a LocalFile."""


def save(connection: sa.Connection, stored: Sequence[tuple[FetchedFile, str]]) -> None:
    """Record files that lie in the store now, each with its place. A known content gets place and check renewed."""
    now = datetime.now(UTC)
    places = {fetched.sha256: (fetched, local_path) for fetched, local_path in stored}
    known = {
        sha256
        for piece in pieces(places)
        for sha256 in connection.execute(
            sa.select(media_files.c.sha256).where(media_files.c.sha256.in_(piece))
        ).scalars()
    }
    for sha256 in known:
        _renew(connection, sha256, places[sha256][1], now)
    rows = [_row(fetched, local_path, now) for sha256, (fetched, local_path) in places.items() if sha256 not in known]
    if rows:
        connection.execute(sa.insert(media_files), rows)


def _renew(connection: sa.Connection, sha256: str, local_path: str, now: datetime) -> None:
    # What was unreadable may have been put aside: it is looked at again now that it lies in its place.
    unreadable = media_files.c.facts_error.is_not(None)
    connection.execute(
        sa.update(media_files)
        .where(media_files.c.sha256 == sha256)
        .values(
            local_path=local_path,
            verified_at=now,
            last_used_at=now,
            facts_at=sa.case((unreadable, None), else_=media_files.c.facts_at),
            facts_error=None,
        )
    )


def _row(fetched: FetchedFile, local_path: str, now: datetime) -> dict[str, Any]:
    return {
        "sha256": fetched.sha256,
        "md5_sum": fetched.md5_sum,
        "file_size": fetched.file_size,
        "media_type": fetched.media_type,
        "mime_type": fetched.mime_type,
        "extension": fetched.extension,
        "local_path": local_path,
        "created_at": now,
        "verified_at": now,
        "last_used_at": now,
    }


def local(connection: sa.Connection, selection: Selection = EVERYTHING, page: int = 5000) -> Iterator[LocalFile]:
    """The selected files that lie in the store, by SHA-256."""
    for piece in selection.pieces():
        for found in paged(partial(_page, connection, piece, page), lambda file: file.sha256, ""):
            yield from found


def _page(connection: sa.Connection, selection: Selection, limit: int, after: str) -> list[LocalFile]:
    return _read(connection, page_after(_local(selection), media_files.c.sha256, after, limit))


def local_sample(connection: sa.Connection, selection: Selection, limit: int) -> list[LocalFile]:
    """Some of the selected files that lie in the store, others each time."""
    return _read(connection, _local(selection).order_by(sa.func.random()).limit(limit))


def found_wrong(connection: sa.Connection, selection: Selection, limit: int) -> list[LocalFile]:
    """Some of the selected files that a check has found wrong, and that nobody has looked at since."""
    query = _local(selection).where(media_files.c.verified_at <= FOUND_WRONG)
    return _read(connection, query.order_by(media_files.c.sha256).limit(limit))


def mark_found_wrong(connection: sa.Connection, sha256s: Sequence[str]) -> None:
    """Record that these files did not match their checksums: whoever looks at files begins with them."""
    for piece in pieces(sha256s):
        connection.execute(
            sa.update(media_files).where(media_files.c.sha256.in_(piece)).values(verified_at=FOUND_WRONG)
        )


def _local(selection: Selection) -> sa.Select[Any]:
    return sa.select(*LOCAL_FILE).where(media_files.c.local_path.is_not(None), selects_file(selection))


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[LocalFile]:
    return [LocalFile(*row) for row in connection.execute(query)]


def is_known(connection: sa.Connection, selection: Selection) -> bool:
    """Whether any file is selected, stored locally or not."""
    return (
        connection.execute(sa.select(media_files.c.sha256).where(selects_file(selection)).limit(1)).first() is not None
    )


def mark_local(connection: sa.Connection, sha256: str, local_path: str) -> None:
    """Record that the store holds this content again."""
    now = datetime.now(UTC)
    connection.execute(
        sa.update(media_files)
        .where(media_files.c.sha256 == sha256)
        .values(local_path=local_path, verified_at=now, last_used_at=now)
    )


def mark_verified(connection: sa.Connection, sha256s: Sequence[str]) -> None:
    """Record that these files were read and matched their checksums just now."""
    now = datetime.now(UTC)
    for piece in pieces(sha256s):
        connection.execute(sa.update(media_files).where(media_files.c.sha256.in_(piece)).values(verified_at=now))


def correct_last_uses(connection: sa.Connection) -> None:
    """What a wrong clock has used years ahead would be the last to leave the store for as long."""
    now = datetime.now(UTC)
    is_wrong = is_from_the_future(media_files.c.last_used_at, now)
    connection.execute(sa.update(media_files).where(is_wrong).values(last_used_at=now))


def mark_evicted(connection: sa.Connection, sha256: str) -> None:
    """Record that the store lets go of a file, which the archive has, or which nothing names any more."""
    connection.execute(sa.update(media_files).where(media_files.c.sha256 == sha256).values(local_path=None))


def mark_quarantined(connection: sa.Connection, sha256: str, local_path: str, error: str) -> None:
    """Record that the file lies in quarantine, and why."""
    connection.execute(
        sa.update(media_files)
        .where(media_files.c.sha256 == sha256)
        .values(local_path=local_path, facts_error=error, facts_at=datetime.now(UTC))
    )


def sizes(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, int]:
    """For each partition, the bytes of the different files that its references hold."""
    held = held_by(partitions)
    query = (
        sa.select(held.c.import_date, held.c.platform, sa.func.sum(media_files.c.file_size).label("size"))
        .join(media_files, media_files.c.sha256 == held.c.sha256)
        .group_by(held.c.import_date, held.c.platform)
    )
    return {partition_of_held(row): int(row.size) for row in connection.execute(query)}


def flagged(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, dict[str, int]]:
    """For each partition, how many of the files that its references hold are truncated, how many placeholders."""
    held = held_by(partitions)
    query = (
        sa.select(
            held.c.import_date,
            held.c.platform,
            sa.func.count(media_files.c.truncated).label("truncated"),
            sa.func.count(media_files.c.placeholder_authors).label("placeholders"),
        )
        .join(media_files, media_files.c.sha256 == held.c.sha256)
        .group_by(held.c.import_date, held.c.platform)
    )
    counted = {partition: {"truncated": 0, "placeholders": 0} for partition in partitions}
    for row in connection.execute(query):
        partition = ImportPartition(row.import_date, row.platform)
        counted[partition] = {"truncated": row.truncated, "placeholders": row.placeholders}
    return counted


def held_by(partitions: Sequence[ImportPartition]) -> sa.Subquery:
    """The different files that each partition's references hold."""
    return (
        sa.select(imports.c.import_date, imports.c.platform, post_media.c.sha256)
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(in_partitions(post_media.c.import_id, partitions), post_media.c.status == Status.STORED)
        .distinct()
        .subquery()
    )


def partition_of_held(row: Any) -> ImportPartition:
    """The partition of a row of :func:`held_by`."""
    return ImportPartition(row.import_date, row.platform)
