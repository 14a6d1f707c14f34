"""An entry that is pruned stays, as a link to the entry that was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "post_media",
        sa.Column(
            "pruned_at",
            sa.DateTime(timezone=True),
            comment="when it became a mere link to duplicate_of; empty: it is an entry of its own",
        ),
    )


def downgrade() -> None:
    op.drop_column("post_media", "pruned_at")
