"""References that have no bytes, and may be given some that are known to be theirs."""

from __future__ import annotations

from collections.abc import Sequence

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
