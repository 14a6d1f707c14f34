"""Places carry ids, archived bytes have proofs, removals are written down first, and what was stored is at worst missing.

A key of the archive that several contents share holds one of them at most: none of them counts as archived any more,
and the next run finds out which one lies there. A reference that names bytes that are nowhere is missing, whatever its
host answered.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

time = sa.DateTime(timezone=True)
media_files = sa.table(
    "media_files",
    sa.column("sha256", sa.String()),
    sa.column("s3_key", sa.Text()),
    sa.column("local_path", sa.Text()),
    sa.column("archived_at", time),
)
post_media = sa.table(
    "post_media",
    sa.column("sha256", sa.String()),
    sa.column("status", sa.String()),
    sa.column("attempts", sa.Integer()),
    sa.column("next_attempt_at", time),
)

ENDED = ("gone", "expired", "forbidden", "too_large", "not_media", "unsafe", "abandoned")
"""Statuses in which a reference was not asked for again."""


TABLES = (
    (
        "library",
        "This library: one row.",
        ("library_id", sa.String(32), "which library this is; every place of it carries the same in its marker"),
        ("created_at", time, "when it was made"),
    ),
    (
        "places",
        "Folders and buckets that belong to the library. Commands that write stop at any other.",
        ("place_id", sa.String(32), "as in the place's marker, `.media-pipeline.json`"),
        ("kind", sa.String(16), "store, archive or imports"),
        ("address", sa.Text(), "the folder or bucket where it was last found"),
        ("is_current", sa.Boolean(), "false: another place of its kind was registered since"),
        ("registered_at", time, "when it became the library's"),
    ),
    (
        "removals",
        "Files whose removal was begun. The next run removes what a killed one left.",
        ("place", sa.Text(), "of the file, below the storage path"),
        ("asked_at", time, "when its row went"),
    ),
)
COLUMNS = (
    ("archive_id", sa.String(32), "the place (see places) that s3_key is a key of"),
    ("archive_proof", sa.String(16), "how its bytes there were proven: etag, sha256, composite, read"),
    ("archive_proved_at", time, "when; a file leaves the store only for a proof that is fresh"),
)


def upgrade() -> None:
    for table, comment, key, *others in TABLES:
        op.create_table(
            table,
            *(sa.Column(name, kind, nullable=False, comment=said) for name, kind, said in (key, *others)),
            sa.PrimaryKeyConstraint(key[0], name=op.f(f"pk_{table}")),
            comment=comment,
        )
    # Added one by one: a batch would copy SQLite's whole table.
    for name, kind, comment in COLUMNS:
        op.add_column("media_files", sa.Column(name, kind, nullable=True, comment=comment))
    op.create_index(op.f("ix_media_files_s3_key"), "media_files", ["s3_key"])
    # SQLite keeps no comments.
    if op.get_bind().dialect.name == "postgresql":
        comment = "when the present archive was found to hold it; empty: it does not"
        op.alter_column("media_files", "archived_at", existing_type=time, existing_nullable=True, comment=comment)
    _doubt_shared_keys()
    _name_what_is_missing()


def _doubt_shared_keys() -> None:
    shared = (
        sa.select(media_files.c.s3_key)
        .where(media_files.c.s3_key.is_not(None))
        .group_by(media_files.c.s3_key)
        .having(sa.func.count() > 1)
    )
    op.execute(sa.update(media_files).where(media_files.c.s3_key.in_(shared)).values(archived_at=None))


def _name_what_is_missing() -> None:
    nowhere = sa.select(media_files.c.sha256).where(
        media_files.c.local_path.is_(None), media_files.c.archived_at.is_(None)
    )
    ended = sa.and_(post_media.c.status.in_(ENDED), post_media.c.sha256.is_not(None))
    lost = sa.and_(post_media.c.status == "stored", post_media.c.sha256.in_(nowhere))
    op.execute(
        sa.update(post_media).where(sa.or_(ended, lost)).values(status="missing", attempts=0, next_attempt_at=None)
    )


def downgrade() -> None:
    op.execute(sa.update(post_media).where(post_media.c.status == "missing").values(status="pending"))
    op.drop_index(op.f("ix_media_files_s3_key"), "media_files")
    for name, *_ in COLUMNS:
        op.drop_column("media_files", name)
    for table, *_ in TABLES:
        op.drop_table(table)
