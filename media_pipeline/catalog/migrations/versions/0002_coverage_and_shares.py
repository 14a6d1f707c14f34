"""What an import's media URLs are explained by, and how often a post was liked and shared."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REWORDED = (
    (
        "import_faults",
        "locator",
        sa.Text(),
        "file in a zip and colon, line or byte offset, `#` and a JSON Pointer",
    ),
    (
        "post_media",
        "candidates",
        sa.JSON(),
        "every URL, best first: url, width, height, bitrate, codec, role, rule, expires_at",
    ),
)


def upgrade() -> None:
    with op.batch_alter_table("imports") as imports:
        imports.add_column(
            sa.Column(
                "media_urls",
                sa.Integer(),
                nullable=True,
                comment="media URLs in it, claimed or not; empty: not counted yet",
            )
        )
        imports.add_column(
            sa.Column(
                "unexplained_urls",
                sa.Integer(),
                nullable=True,
                comment="those that no post claims and no rule explains",
            )
        )
        imports.add_column(
            sa.Column(
                "unexplained",
                sa.JSON(none_as_null=True),
                nullable=True,
                comment="these by key path: keys, count, example; the first 100",
            )
        )
    op.add_column(
        "posts",
        sa.Column("like_count", sa.BigInteger(), nullable=True, comment="likes or reactions, as the export says"),
    )
    op.add_column(
        "posts",
        sa.Column(
            "share_count", sa.BigInteger(), nullable=True, comment="shares, reposts or retweets, as the export says"
        ),
    )
    # SQLite keeps no comments.
    if op.get_bind().dialect.name == "postgresql":
        for table, column, kind, comment in _REWORDED:
            op.alter_column(table, column, existing_type=kind, existing_nullable=False, comment=comment)


def downgrade() -> None:
    op.drop_column("posts", "share_count")
    op.drop_column("posts", "like_count")
    with op.batch_alter_table("imports") as imports:
        imports.drop_column("unexplained")
        imports.drop_column("unexplained_urls")
        imports.drop_column("media_urls")
