"""Videos were compared by one picture each, and are to be by their seconds: they all count as compared long ago."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

media_files = sa.table(
    "media_files", sa.column("media_type", sa.String()), sa.column("near_searched_at", sa.DateTime(timezone=True))
)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    searched = sa.and_(media_files.c.media_type == "video", media_files.c.near_searched_at.is_not(None))
    op.execute(sa.update(media_files).where(searched).values(near_searched_at=LONG_AGO))


def downgrade() -> None:
    pass
