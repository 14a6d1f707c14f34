"""A medium may have a file in the export itself, under a path that the export names instead of a URL."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "post_media",
        sa.Column("files", sa.JSON(), comment="paths of its file in exports that came with it, as they write them"),
    )
    op.create_index("ix_post_sightings_import_id_post_id", "post_sightings", ["import_id", "post_id"])


def downgrade() -> None:
    op.drop_index("ix_post_sightings_import_id_post_id", "post_sightings")
    op.drop_column("post_media", "files")
