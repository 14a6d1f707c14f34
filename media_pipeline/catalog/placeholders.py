"""Pictures that hosts send in place of many different ones ("no longer available"), told by who shares them.

The same bytes under different URLs in the posts of many authors can't be what each of them posted. Only the posts'
own media count: link previews and soundtracks are shared by nature.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import in_partitions, pieces
from media_pipeline.catalog.tables import media_files, media_versions, post_media, posts
from media_pipeline.model import ImportPartition, Role, Status

_IS_OWN = sa.and_(
    post_media.c.status == Status.STORED, post_media.c.role == Role.MEDIA, post_media.c.url_digest.is_not(None)
)


def flag(connection: sa.Connection, partitions: Sequence[ImportPartition], least_authors: int) -> None:
    """Flag the files of the partitions that references of the whole library share in this way; unflag the others."""
    authors = _authors(connection, partitions, least_authors)
    before = _flagged(connection, partitions)
    for sha256 in sorted(authors.keys() | before.keys()):
        if authors.get(sha256) != before.get(sha256):
            connection.execute(
                sa.update(media_files)
                .where(media_files.c.sha256 == sha256)
                .values(placeholder_authors=authors.get(sha256))
            )


def _flagged(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[str, int]:
    """The files with a flag that references of the partitions hold, or held before their host had better."""
    is_there = in_partitions(post_media.c.import_id, partitions)
    held = sa.select(post_media.c.sha256).where(is_there, post_media.c.sha256.is_not(None))
    # By the key of the versions, (media_id, version): most references have none.
    replaced = sa.select(media_versions.c.sha256).join(post_media, post_media.c.media_id == media_versions.c.media_id)
    query = sa.select(media_files.c.sha256, media_files.c.placeholder_authors).where(
        media_files.c.placeholder_authors.is_not(None), media_files.c.sha256.in_(held.union(replaced.where(is_there)))
    )
    return {row.sha256: row.placeholder_authors for row in connection.execute(query)}


def _authors(connection: sa.Connection, partitions: Sequence[ImportPartition], least: int) -> dict[str, int]:
    """For each file of the partitions that is shared so, the number of authors.

    Each URL counts for one author, however many share it, and each author once, however many URLs are theirs: a
    lower bound. It tells a placeholder from a picture that others repost under its own URL.
    """
    of_partitions = sa.select(post_media.c.sha256).where(in_partitions(post_media.c.import_id, partitions), _IS_OWN)
    # First by the URLs alone, which leaves next to nothing to look up authors for.
    under_many_urls = (
        sa.select(post_media.c.sha256)
        .where(post_media.c.sha256.in_(of_partitions), _IS_OWN)
        .group_by(post_media.c.sha256)
        .having(sa.func.count(post_media.c.url_digest.distinct()) >= least)
    )
    author = posts.c.platform + ":" + sa.func.coalesce(posts.c.author_id, posts.c.author_handle)
    by_url = (
        sa.select(post_media.c.sha256, sa.func.min(author).label("author"))
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(post_media.c.sha256.in_(under_many_urls), _IS_OWN)
        .group_by(post_media.c.sha256, post_media.c.url_digest)
        .subquery()
    )
    number = sa.func.count(by_url.c.author.distinct())
    query = sa.select(by_url.c.sha256, number.label("authors")).group_by(by_url.c.sha256).having(number >= least)
    return {row.sha256: row.authors for row in connection.execute(query)}


def authors_of(connection: sa.Connection, sha256s: Collection[str]) -> dict[str, int]:
    """Those of these files that are flagged, each with the number of authors who share it."""
    return {
        row.sha256: row.placeholder_authors
        for piece in pieces(sha256s)
        for row in connection.execute(
            sa.select(media_files.c.sha256, media_files.c.placeholder_authors).where(
                media_files.c.sha256.in_(piece), media_files.c.placeholder_authors.is_not(None)
            )
        )
    }


def listed(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> list[dict[str, Any]]:
    """The flagged files of the partitions: MD5, authors, how many references there hold it, and a URL of one."""
    query = (
        sa.select(
            media_files.c.md5_sum,
            media_files.c.placeholder_authors.label("authors"),
            sa.func.count().label("media"),
            sa.func.min(post_media.c.media_url).label("example"),
        )
        .join(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(
            in_partitions(post_media.c.import_id, partitions),
            post_media.c.status == Status.STORED,
            media_files.c.placeholder_authors.is_not(None),
        )
        .group_by(media_files.c.sha256, media_files.c.md5_sum, media_files.c.placeholder_authors)
        .order_by(media_files.c.placeholder_authors.desc(), media_files.c.md5_sum)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
