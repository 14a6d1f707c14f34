"""Files whose end is missing, and what that means to the references that hold them."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from media_pipeline.catalog import media
from media_pipeline.catalog.media import FailedMedia
from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.tables import media_files, post_media
from media_pipeline.model import Status


def fetch_again(connection: sa.Connection, truncated: Mapping[str, str], max_attempts: int) -> int:
    """Make the references to these files fail, so that they are fetched again; return how many.

    ``{sha256: how its end is missing}``. To be called before that is written to the files: one that is known as
    truncated already came a second time, so its host has no better, and its references stay stored. So do those
    whose tries are spent, and those without a URL: half a picture is better than none. All keep the file.
    """
    failures: list[FailedMedia] = []
    for piece in pieces(truncated):
        query = (
            sa.select(*post_media.c["media_id", "attempts", "sha256"])
            .join(media_files, media_files.c.sha256 == post_media.c.sha256)
            .where(
                post_media.c.sha256.in_(piece),
                post_media.c.status == Status.STORED,
                post_media.c.media_url.is_not(None),
                post_media.c.attempts < max_attempts,
                media_files.c.truncated.is_(None),
            )
        )
        failures += [
            FailedMedia(row.media_id, Status.FAILED, f"truncated: {truncated[row.sha256]}", row.attempts)
            for row in connection.execute(query)
        ]
    media.mark_failed(connection, failures, max_attempts)
    return len(failures)
