"""References that have no bytes, and the way to give them some that are known to be theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.tables import post_media
from media_pipeline.model import Status


def without_bytes(connection: sa.Connection, media_ids: Sequence[str]) -> list[str]:
    """Those of the references that hold nothing and never did."""
    return [
        media_id
        for piece in pieces(media_ids)
        for media_id in connection.execute(
            sa.select(post_media.c.media_id).where(
                post_media.c.media_id.in_(piece),
                post_media.c.sha256.is_(None),
                post_media.c.status.not_in([Status.STORED, Status.QUARANTINED]),
            )
        ).scalars()
    ]


def give(connection: sa.Connection, media_id: str, sha256: str) -> None:
    """Let a reference hold a stored file that was archived for it. When that was fetched is not known any more."""
    now = datetime.now(UTC)
    connection.execute(
        sa.update(post_media)
        .where(post_media.c.media_id == media_id, post_media.c.sha256.is_(None))
        .values(status=Status.STORED, sha256=sha256, error=None, next_attempt_at=None, fetched_at=now, updated_at=now)
    )
