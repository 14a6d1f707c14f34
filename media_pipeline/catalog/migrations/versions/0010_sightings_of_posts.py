"""Each import that holds a post is a sighting of it.

What is there was seen by the import that its row names; other imports that hold it are entered when their exports are
read again, as happens whenever a platform's module is newer than what has read them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

time = sa.DateTime(timezone=True)
POSTS = "Posts, each once, as the newest sighting of it says. What that leaves out stays as an older one said it."
COMMENTS: tuple[tuple[str, str, sa.types.TypeEngine[Any], str], ...] = (
    ("posts", "import_id", sa.String(64), "the import whose sighting is believed"),
    (
        "post_media",
        "import_id",
        sa.String(64),
        "the newest import that names it, or the one that brought its URL",
    ),
    (
        "post_media",
        "candidates",
        sa.JSON(),
        "every URL that any sighting gave, those that still work first, then best first: url, width, height, "
        "bitrate, codec, role, rule, expires_at",
    ),
)


def upgrade() -> None:
    op.create_table(
        "post_sightings",
        sa.Column(
            "post_id",
            sa.String(21),
            nullable=False,
            comment="the post; one of which only stubs are known has no row in posts",
        ),
        sa.Column("import_id", sa.String(64), nullable=False, comment="the import that holds it"),
        sa.Column("locator", sa.Text(), nullable=False, comment="where it stands in that import, as in import_faults"),
        sa.Column(
            "raw_sha256",
            sa.String(64),
            nullable=True,
            comment="of its JSON there; empty: a stub that is no post of its own",
        ),
        sa.Column("relation", sa.String(16), nullable=True, comment="how it stands in another post there, as in posts"),
        sa.Column(
            "stub",
            sa.Text(),
            nullable=True,
            comment="why it tells nothing of the post: blocked, deleted, unavailable; empty: it does",
        ),
        sa.Column(
            "observed_at", time, nullable=False, comment="when the export saw the post; never later than the import"
        ),
        sa.Column(
            "observed_by",
            sa.String(16),
            nullable=False,
            comment="how that is known: collected, edited, newest, file or import",
        ),
        sa.Column("edited_at", time, nullable=True, comment="the post's last edit, where the export names it"),
        sa.Column(
            "urls_end_at",
            time,
            nullable=True,
            comment="when the last of its media URLs stops working, where one says so",
        ),
        sa.Column("media", sa.Integer(), nullable=False, comment="how many media of the post it shows"),
        sa.Column(
            "reader_version", sa.Integer(), nullable=False, comment="version of the platform module that read it"
        ),
        sa.PrimaryKeyConstraint("post_id", "import_id", name=op.f("pk_post_sightings")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_post_sightings_import_id")),
        comment="Imports that hold a post, each once for each post: its history.",
    )
    op.get_bind().execute(_SIGHTINGS)
    # SQLite keeps no comments.
    if op.get_bind().dialect.name == "postgresql":
        for table, column, kind, comment in COMMENTS:
            op.alter_column(table, column, existing_type=kind, comment=comment)
        op.create_table_comment("posts", POSTS)


_SIGHTINGS = sa.text(
    """
    INSERT INTO post_sightings (post_id, import_id, locator, raw_sha256, relation, stub, observed_at, observed_by,
                                urls_end_at, media, reader_version)
    SELECT posts.post_id, posts.import_id, posts.locator, posts.raw_sha256, posts.relation, NULL,
           CASE WHEN newest.at IS NULL THEN imports.seen_at ELSE newest.at END,
           CASE WHEN newest.at IS NULL THEN 'import' ELSE 'newest' END,
           (SELECT max(post_media.url_expires_at) FROM post_media
            WHERE post_media.post_id = posts.post_id AND post_media.import_id = posts.import_id),
           (SELECT count(*) FROM post_media
            WHERE post_media.post_id = posts.post_id AND post_media.removed_at IS NULL),
           imports.reader_version
    FROM posts
    JOIN imports ON imports.import_id = posts.import_id
    LEFT JOIN (
        SELECT dated.import_id AS import_id, max(dated.posted_at) AS at
        FROM posts AS dated
        JOIN imports AS read ON read.import_id = dated.import_id
        WHERE dated.posted_at <= read.seen_at
        GROUP BY dated.import_id
    ) AS newest ON newest.import_id = posts.import_id
    """
)


def downgrade() -> None:
    op.drop_table("post_sightings")
