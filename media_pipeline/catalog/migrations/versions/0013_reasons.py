"""Why a medium is not stored is one word beside the detail, and the settings that decided it are known by a digest."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from media_pipeline.model import Status
from media_pipeline.policy.reasons import reason_of

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FINE = ("stored", "pending")
AT_ONCE = 1000
"""Rows that are written together."""
COMMENTS = {"error": "what was seen of that, in detail"}

post_media = sa.table(
    "post_media",
    sa.column("media_id", sa.String()),
    sa.column("status", sa.String()),
    sa.column("error", sa.Text()),
    sa.column("reason", sa.String()),
)
fetch_attempts = sa.table(
    "fetch_attempts",
    sa.column("id", sa.BigInteger()),
    sa.column("media_id", sa.String()),
    sa.column("error_kind", sa.String()),
)


def upgrade() -> None:
    reason = sa.Column("reason", sa.String(32), comment="why it is not stored, in one word: see Reasons")
    digest = sa.Column(
        "decided_under",
        sa.String(16),
        comment="digest of the settings that its reason hangs on, when it was decided",
    )
    op.add_column("post_media", reason)
    op.add_column("post_media", digest)
    # SQLite keeps no comments.
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("post_media", "error", existing_type=sa.Text(), comment=COMMENTS["error"])
    connection = op.get_bind()
    for rows in _pages(connection):
        by_id = sa.update(post_media).where(post_media.c.media_id == sa.bindparam("id"))
        found = [{"id": row.media_id, "why": _reason(row)} for row in rows]
        connection.execute(by_id.values(reason=sa.bindparam("why")), found)


def _pages(connection: sa.Connection) -> Iterator[list[Any]]:
    """What is not stored, with the kind of its last request's error. In pages, since rows are written in between."""
    last = (
        sa.select(fetch_attempts.c.error_kind)
        .where(fetch_attempts.c.media_id == post_media.c.media_id)
        .order_by(fetch_attempts.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(post_media.c.media_id, post_media.c.status, post_media.c.error, last.label("kind"))
    after = ""
    while True:
        page = query.where(post_media.c.media_id > after, post_media.c.status.not_in(FINE))
        rows = connection.execute(page.order_by(post_media.c.media_id).limit(AT_ONCE)).all()
        if not rows:
            return
        yield list(rows)
        after = rows[-1].media_id


def _reason(row: Any) -> str:
    if row.status == "skipped":
        return "role_not_wanted" if (row.error or "").startswith("role ") else "no_url"
    if row.status == "quarantined" and (row.error or "").startswith("infected"):
        return "infected"
    if (row.error or "").startswith("truncated: "):
        return "truncated"
    return reason_of(row.kind, Status(row.status)).value


def downgrade() -> None:
    op.drop_column("post_media", "decided_under")
    op.drop_column("post_media", "reason")
