"""Files by content: the table media_files."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import by_author, clean, in_partitions, pieces
from media_pipeline.catalog.tables import imports, media_files, post_media, posts
from media_pipeline.model import ArchivedObject, FetchedFile, ImportPartition, Status
from media_pipeline.policy.clocks import is_from_the_future


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the content store."""

    sha256: str
    md5_sum: str
    file_size: int
    media_type: str
    mime_type: str
    extension: str
    local_path: str
    verified_at: datetime


LOCAL_FILE = media_files.c[
    "sha256", "md5_sum", "file_size", "media_type", "mime_type", "extension", "local_path", "verified_at"
]
"""The columns of a LocalFile."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file that the archive holds, with what is needed to bring it back."""

    sha256: str
    md5_sum: str
    media_type: str
    extension: str
    file_size: int
    s3_key: str


@dataclass(frozen=True, slots=True)
class ToArchive:
    """A file that the archive does not hold yet, and the reference that names its key: the oldest."""

    file: LocalFile
    media_id: str
    posted_at: datetime | None
    fetched_at: datetime


def of_partitions(
    partitions: Sequence[ImportPartition], statuses: Collection[Status] = (Status.STORED,)
) -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: a reference of the partitions holds the file, in one of the statuses."""
    refs = sa.select(post_media.c.sha256).where(
        in_partitions(post_media.c.import_id, partitions), post_media.c.status.in_(statuses)
    )
    return media_files.c.sha256.in_(refs)


def of_user(user: str) -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: a reference of the author holds the file."""
    refs = sa.select(post_media.c.sha256).join(posts, posts.c.post_id == post_media.c.post_id)
    return media_files.c.sha256.in_(refs.where(by_author(user), post_media.c.status == Status.STORED))


def of_post(post_id: str) -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: a reference of the post (our id or the platform's) holds the file."""
    refs = (
        sa.select(post_media.c.sha256)
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(sa.or_(posts.c.post_id == post_id, posts.c.native_id == post_id), post_media.c.status == Status.STORED)
    )
    return media_files.c.sha256.in_(refs)


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


def local(
    connection: sa.Connection, condition: sa.ColumnElement[bool] | None = None, page: int = 5000
) -> Iterator[LocalFile]:
    """Files that lie in the store, in pages by SHA-256."""
    last = ""
    while True:
        query = (
            sa.select(*LOCAL_FILE)
            .where(media_files.c.local_path.is_not(None), media_files.c.sha256 > last)
            .order_by(media_files.c.sha256)
            .limit(page)
        )
        if condition is not None:
            query = query.where(condition)
        rows = [LocalFile(*row) for row in connection.execute(query)]
        if not rows:
            return
        yield from rows
        last = rows[-1].sha256


def has_digest(digest: str) -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: the file has this MD5 or SHA-256."""
    return sa.or_(media_files.c.md5_sum == digest.lower(), media_files.c.sha256 == digest.lower())


def is_known(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> bool:
    """Whether any file meets the condition, stored locally or not."""
    return connection.execute(sa.select(media_files.c.sha256).where(condition).limit(1)).first() is not None


def archived(connection: sa.Connection, sha256s: Sequence[str]) -> dict[str, ArchivedFile]:
    """Those of the files that the archive holds, by SHA-256."""
    return {
        file.sha256: file
        for piece in pieces(sha256s)
        for file in archived_where(connection, media_files.c.sha256.in_(piece))
    }


def archived_where(
    connection: sa.Connection, condition: sa.ColumnElement[bool], sample: int | None = None
) -> list[ArchivedFile]:
    """The files that meet the condition and that the archive holds, or a random sample of them."""
    columns = media_files.c["sha256", "md5_sum", "media_type", "extension", "file_size", "s3_key"]
    query = sa.select(*columns).where(condition, media_files.c.archived_at.is_not(None))
    if sample is not None:
        query = query.order_by(sa.func.random()).limit(sample)
    return [ArchivedFile(*row) for row in connection.execute(query)]


def local_sample(connection: sa.Connection, condition: sa.ColumnElement[bool], limit: int) -> list[LocalFile]:
    """Some of the files that meet the condition and lie in the store, others each time."""
    query = sa.select(*LOCAL_FILE).where(media_files.c.local_path.is_not(None), condition)
    return [LocalFile(*row) for row in connection.execute(query.order_by(sa.func.random()).limit(limit))]


def known_places(connection: sa.Connection, places: Sequence[str]) -> set[str]:
    """Those of the originals' places in the store that a row names. They are looked up by their MD5, their name."""
    return {
        place
        for piece in pieces({PurePosixPath(place).name[:32] for place in places})
        for place in connection.execute(
            sa.select(media_files.c.local_path).where(
                media_files.c.md5_sum.in_(piece), media_files.c.local_path.is_not(None)
            )
        ).scalars()
    }


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


def mark_missing(connection: sa.Connection, sha256: str) -> None:
    """Record that the store no longer holds this content as it should."""
    connection.execute(sa.update(media_files).where(media_files.c.sha256 == sha256).values(local_path=None))


def mark_quarantined(connection: sa.Connection, sha256: str, local_path: str, error: str) -> None:
    """Record that the file lies in quarantine, and why."""
    connection.execute(
        sa.update(media_files)
        .where(media_files.c.sha256 == sha256)
        .values(local_path=local_path, facts_error=clean(error), facts_at=datetime.now(UTC))
    )


def not_archived(
    connection: sa.Connection, condition: sa.ColumnElement[bool] | None, limit: int, after: str
) -> list[ToArchive]:
    """Files of stored references that the archive lacks, by SHA-256 from ``after`` on, each with its oldest reference.

    Ask for many at once: each call looks up all files of a condition such as :func:`of_partitions`.
    """
    query = (
        sa.select(*LOCAL_FILE)
        .where(
            media_files.c.archived_at.is_(None),
            media_files.c.local_path.is_not(None),
            media_files.c.facts_error.is_(None),
            media_files.c.sha256 > after,
            sa.exists().where(post_media.c.sha256 == media_files.c.sha256, post_media.c.status == Status.STORED),
        )
        .order_by(media_files.c.sha256)
        .limit(limit)
    )
    if condition is not None:
        query = query.where(condition)
    found = {row.sha256: LocalFile(*row) for row in connection.execute(query)}
    oldest = _oldest_references(connection, list(found))
    return [
        ToArchive(file, oldest[sha256].media_id, oldest[sha256].posted_at, oldest[sha256].fetched_at)
        for sha256, file in found.items()
    ]


def _oldest_references(connection: sa.Connection, sha256s: Sequence[str]) -> dict[str, Any]:
    oldest: dict[str, Any] = {}
    for piece in pieces(sha256s):
        query = (
            sa.select(post_media.c.sha256, post_media.c.media_id, posts.c.posted_at, post_media.c.fetched_at)
            .join(posts, posts.c.post_id == post_media.c.post_id)
            .where(post_media.c.sha256.in_(piece), post_media.c.status == Status.STORED)
            .order_by(posts.c.posted_at.is_(None), posts.c.posted_at, post_media.c.media_id)
        )
        for row in connection.execute(query):
            oldest.setdefault(row.sha256, row)
    return oldest


def mark_archived(connection: sa.Connection, archived: Mapping[str, ArchivedObject]) -> None:
    """Write where the archive holds these files."""
    now = datetime.now(UTC)
    for sha256, stored in archived.items():
        connection.execute(
            sa.update(media_files)
            .where(media_files.c.sha256 == sha256)
            .values(
                archive_url=stored.url,
                storage_provider=stored.provider,
                s3_key=stored.key,
                s3_etag=stored.etag,
                archived_at=now,
            )
        )


def local_bytes(connection: sa.Connection) -> int:
    """How many bytes of originals lie in the store."""
    query = sa.select(sa.func.coalesce(sa.func.sum(media_files.c.file_size), 0))
    return int(connection.execute(query.where(media_files.c.local_path.is_not(None))).scalar_one())


def least_recently_used(connection: sa.Connection, limit: int) -> list[LocalFile]:
    """Archived files that the store may let go, oldest use first."""
    query = (
        sa.select(*LOCAL_FILE)
        .where(media_files.c.local_path.is_not(None), media_files.c.archived_at.is_not(None))
        .order_by(media_files.c.last_used_at)
        .limit(limit)
    )
    return [LocalFile(*row) for row in connection.execute(query)]


def sizes(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, int]:
    """For each partition, the bytes of the different files that its references hold."""
    held = _held(partitions)
    query = (
        sa.select(held.c.import_date, held.c.platform, sa.func.sum(media_files.c.file_size).label("size"))
        .join(media_files, media_files.c.sha256 == held.c.sha256)
        .group_by(held.c.import_date, held.c.platform)
    )
    return {ImportPartition(row.import_date, row.platform): int(row.size) for row in connection.execute(query)}


def archive_totals(
    connection: sa.Connection, partitions: Sequence[ImportPartition]
) -> dict[ImportPartition, dict[str, int]]:
    """For each partition: files and bytes that the archive holds, and files that it lacks."""
    held = _held(partitions)
    archived = media_files.c.archived_at.is_not(None)
    query = (
        sa.select(
            held.c.import_date,
            held.c.platform,
            sa.func.count().filter(archived).label("archived"),
            sa.func.coalesce(sa.func.sum(media_files.c.file_size).filter(archived), 0).label("archived_bytes"),
            sa.func.count().filter(sa.not_(archived)).label("not_archived"),
        )
        .join(media_files, media_files.c.sha256 == held.c.sha256)
        .group_by(held.c.import_date, held.c.platform)
    )
    names = ("archived", "archived_bytes", "not_archived")
    return {
        ImportPartition(row.import_date, row.platform): {name: int(getattr(row, name)) for name in names}
        for row in connection.execute(query)
    }


def flagged(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, dict[str, int]]:
    """For each partition, how many of the files that its references hold are truncated, how many placeholders."""
    held = _held(partitions)
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


def _held(partitions: Sequence[ImportPartition]) -> sa.Subquery:
    """The different files that each partition's references hold."""
    return (
        sa.select(imports.c.import_date, imports.c.platform, post_media.c.sha256)
        .join(imports, imports.c.import_id == post_media.c.import_id)
        .where(in_partitions(post_media.c.import_id, partitions), post_media.c.status == Status.STORED)
        .distinct()
        .subquery()
    )
