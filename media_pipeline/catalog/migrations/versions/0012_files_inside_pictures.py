"""A file may hold other files, or be half of a live photo: the video of a motion photo, a gain map, Apple's identifier.

Nothing is told of files whose facts are read already: the version of the facts is raised, and they are read again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = (
    ("motion_photo", sa.JSON(), "the video in a motion photo: offset and length in bytes, is_there (false: cut off)"),
    ("gain_map", sa.JSON(), "the gain map of an Ultra HDR picture: offset and length in bytes, is_there"),
    ("content_identifier", sa.Text(), "Apple's: a picture and a video with the same one are a live photo"),
)


def upgrade() -> None:
    for name, kind, comment in COLUMNS:
        op.add_column("media_files", sa.Column(name, kind, nullable=True, comment=comment))


def downgrade() -> None:
    for name, _, _ in reversed(COLUMNS):
        op.drop_column("media_files", name)
