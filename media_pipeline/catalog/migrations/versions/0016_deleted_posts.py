"""A post says when its author deleted it, where the author's own export does."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "posts",
        sa.Column(
            "deleted_at",
            sa.DateTime(timezone=True),
            comment="when its author deleted it, where the author's own export says so",
        ),
    )


def downgrade() -> None:
    op.drop_column("posts", "deleted_at")
