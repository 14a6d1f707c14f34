"""What references held before, which URL brought a file, and how a file is less than it should be."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "media_files",
        sa.Column(
            "truncated", sa.Text(), nullable=True, comment="how its end is missing; empty: it is whole, or can't tell"
        ),
    )
    op.add_column(
        "media_files",
        sa.Column(
            "placeholder_authors",
            sa.Integer(),
            nullable=True,
            comment="authors who share it under different URLs, when flagged as a placeholder",
        ),
    )
    op.add_column(
        "post_media", sa.Column("fetched_url", sa.Text(), nullable=True, comment="the URL that brought its bytes")
    )
    for side in ("width", "height"):
        op.add_column(
            "post_media",
            sa.Column(
                f"declared_{side}",
                sa.Integer(),
                nullable=True,
                comment="pixels that the export declares for that URL",
            ),
        )
    op.add_column(
        "post_media",
        sa.Column(
            "downgrade",
            sa.Text(),
            nullable=True,
            comment="how its file is less than the best that the export declares; empty: it isn't",
        ),
    )
    op.create_table(
        "media_versions",
        sa.Column("media_id", sa.String(21), nullable=False, comment="the reference; kept when that is pruned"),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="its version then"),
        sa.Column("sha256", sa.String(64), nullable=False, comment="the file it held"),
        sa.Column("fetched_url", sa.Text(), nullable=True, comment="the URL that brought it"),
        sa.Column("etag", sa.Text(), nullable=True, comment="as its host gave it"),
        sa.Column("last_modified", sa.Text(), nullable=True, comment="as its host gave it"),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True, comment="when its bytes came"),
        sa.Column(
            "replaced_at", sa.DateTime(timezone=True), nullable=False, comment="when other bytes took their place"
        ),
        sa.ForeignKeyConstraint(["sha256"], ["media_files.sha256"], name=op.f("fk_media_versions_sha256")),
        sa.PrimaryKeyConstraint("media_id", "version", name=op.f("pk_media_versions")),
        comment="What references held before their host changed it. Only ever added to.",
    )
    op.create_index(op.f("ix_media_versions_sha256"), "media_versions", ["sha256"])


def downgrade() -> None:
    op.drop_table("media_versions")
    with op.batch_alter_table("post_media") as post_media:
        post_media.drop_column("downgrade")
        post_media.drop_column("declared_height")
        post_media.drop_column("declared_width")
        post_media.drop_column("fetched_url")
    with op.batch_alter_table("media_files") as media_files:
        media_files.drop_column("placeholder_authors")
        media_files.drop_column("truncated")
