"""A medium may have a file in the export itself, under a path that the export names instead of a URL."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


RELATIONS_AND_ROLES = (("posts", "relation"), ("post_media", "role"))
COMMENTS = {
    "relation": "how it stands in another post: reposted, quoted, reply_parent, recommended; empty: its own",
    "role": "media (the post's own), poster, link_preview, cover, soundtrack, watermarked, subtitles",
}


def upgrade() -> None:
    op.add_column(
        "post_media",
        sa.Column("files", sa.JSON(), comment="paths of its file in exports that came with it, as they write them"),
    )
    # SQLite keeps no comments.
    if op.get_bind().dialect.name == "postgresql":
        for table, column in RELATIONS_AND_ROLES:
            op.alter_column(table, column, existing_type=sa.String(16), comment=COMMENTS[column])
    op.create_index("ix_post_sightings_import_id_post_id", "post_sightings", ["import_id", "post_id"])


def downgrade() -> None:
    op.drop_index("ix_post_sightings_import_id_post_id", "post_sightings")
    op.drop_column("post_media", "files")
