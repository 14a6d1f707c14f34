"""More facts of files, fingerprints of videos, and pairs of files that show the same."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FACTS = (
    ("frame_rate", sa.Float(), "pictures a second of a video"),
    ("video_codec", sa.Text(), "of a video, by ffmpeg's name"),
    ("audio_codec", sa.Text(), "of its sound, by ffmpeg's name; empty: it has none"),
    ("colour_profile", sa.Text(), "its ICC profile's own name, or what its container says"),
    ("orientation", sa.Integer(), "as EXIF counts: 1 to 8"),
    ("lens", sa.Text(), "from EXIF"),
    ("software", sa.Text(), "that wrote it, from EXIF"),
    ("altitude", sa.Float(), "metres above the sea, below it negative; from EXIF"),
    ("caption", sa.Text(), "that it carries itself: IPTC, XMP or EXIF"),
    ("facts_version", sa.Integer(), "of the code that read the facts; below the present one they are read again"),
    ("near_searched_at", sa.DateTime(timezone=True), "when near duplicates of it were looked for"),
)

_REWORDED = (
    ("kind", sa.String(16), "optimized, thumbnail, page, animation or web"),
    ("recipe", sa.String(64), "kind, size, further choices, quality and version: other choices, another recipe"),
)


def upgrade() -> None:
    for name, kind, comment in FACTS:
        op.add_column("media_files", sa.Column(name, kind, nullable=True, comment=comment))
    for name, comment in (
        ("stands_in", "true: the original itself, since it is no larger; no file is made"),
        ("partial", "true: drawn from what there is of a truncated original"),
    ):
        op.add_column("renditions", sa.Column(name, sa.Boolean(), nullable=True, comment=comment))
    # SQLite keeps no comments.
    if op.get_bind().dialect.name == "postgresql":
        for name, kind, comment in _REWORDED:
            op.alter_column("renditions", name, existing_type=kind, existing_nullable=False, comment=comment)
    op.create_table(
        "video_fingerprints",
        sa.Column("sha256", sa.String(64), nullable=False, comment="the video"),
        sa.Column(
            "second",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="of the picture, from the video's beginning",
        ),
        sa.Column("pdq", sa.String(64), nullable=False, comment="perceptual hash PDQ, hexadecimal"),
        sa.Column("pdq_quality", sa.Integer(), nullable=False, comment="0 to 100; below 50 the hash says little"),
        sa.ForeignKeyConstraint(["sha256"], ["media_files.sha256"], name=op.f("fk_video_fingerprints_sha256")),
        sa.PrimaryKeyConstraint("sha256", "second", name=op.f("pk_video_fingerprints")),
        comment="A fingerprint a second of videos, of their first ten minutes.",
    )
    op.create_table(
        "near_duplicates",
        sa.Column("first_sha256", sa.String(64), nullable=False, comment="the lesser of the two digests"),
        sa.Column("second_sha256", sa.String(64), nullable=False, comment="the greater one"),
        sa.Column("tier", sa.String(16), nullable=False, comment="same_pixels or near"),
        sa.Column(
            "distance",
            sa.Integer(),
            nullable=False,
            comment="bits in which their PDQ differ, 0 to 31; 0 for the same pixels",
        ),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False, comment="when the pair was found"),
        sa.ForeignKeyConstraint(["first_sha256"], ["media_files.sha256"], name=op.f("fk_near_duplicates_first_sha256")),
        sa.ForeignKeyConstraint(
            ["second_sha256"], ["media_files.sha256"], name=op.f("fk_near_duplicates_second_sha256")
        ),
        sa.PrimaryKeyConstraint("first_sha256", "second_sha256", name=op.f("pk_near_duplicates")),
        comment="Pairs of files that show the same picture in other bytes.",
    )
    op.create_index(op.f("ix_near_duplicates_second_sha256"), "near_duplicates", ["second_sha256"])


def downgrade() -> None:
    op.drop_table("near_duplicates")
    op.drop_table("video_fingerprints")
    with op.batch_alter_table("renditions") as renditions:
        renditions.drop_column("partial")
        renditions.drop_column("stands_in")
    with op.batch_alter_table("media_files") as media_files:
        for name, _, _ in reversed(FACTS):
            media_files.drop_column(name)
