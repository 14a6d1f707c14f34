"""What hosts have answered for good to the URLs of a reference, by the requests that were made for it.

What belongs here: rows. What does not: which answers are final, and for how long
(:mod:`media_pipeline.policy.final_answers`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.tables import fetch_attempts
from media_pipeline.policy.final_answers import FINAL_KINDS, FinalAnswer


def final_answers(connection: sa.Connection, media_ids: Collection[str]) -> dict[str, dict[str, FinalAnswer]]:
    """For each of these references the URLs, as they were asked for, whose last answer is final."""
    rows: dict[str, list[Any]] = {media_id: [] for media_id in media_ids}
    columns = fetch_attempts.c["media_id", "url", "final_url", "error_kind", "started_at"]
    for piece in pieces(rows):
        query = sa.select(*columns).where(fetch_attempts.c.media_id.in_(piece)).order_by(fetch_attempts.c.id)
        for row in connection.execute(query):
            rows[row.media_id].append(row)
    return {media_id: _final(found) for media_id, found in rows.items()}


def _final(rows: Iterable[Any]) -> dict[str, FinalAnswer]:
    """The last answer to each URL, where it is final. A redirect's answer is that of the URL where it ended."""
    last: dict[str, Any] = {}
    redirected: dict[str, set[str]] = {}
    for row in rows:
        last[row.url] = row
        if row.final_url not in (None, row.url):
            redirected.setdefault(row.final_url, set()).add(row.url)
            continue
        last |= dict.fromkeys(redirected.pop(row.url, ()), row)
    return {
        url: FinalAnswer(row.error_kind, row.started_at) for url, row in last.items() if row.error_kind in FINAL_KINDS
    }
