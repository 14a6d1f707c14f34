"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fetch_attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("media_id", sa.String(length=21), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True, comment="the HTTP status, if there was an answer"),
        sa.Column("error_kind", sa.String(length=32), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("remote_address", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch_attempts")),
    )
    with op.batch_alter_table("fetch_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fetch_attempts_media_id"), ["media_id"], unique=False)

    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(length=64), nullable=False, comment="SHA-256 of the file as it lies there"),
        sa.Column("path", sa.Text(), nullable=False, comment="where it was first seen, below the import path"),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("import_date", sa.Date(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("media", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.String(length=16),
            nullable=False,
            comment="reading, read, faulty (some lines), failed (no post)",
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "reader_version", sa.Integer(), nullable=False, comment="version of the platform module that read it"
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index("ix_imports_partition", ["platform", "import_date"], unique=False)

    op.create_table(
        "media_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("md5_sum", sa.String(length=32), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=16), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("extension", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("exif", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "taken_at",
            sa.Text(),
            nullable=True,
            comment="the camera's local time, ISO 8601; with an offset only where it names one",
        ),
        sa.Column("camera_make", sa.Text(), nullable=True),
        sa.Column("camera_model", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("pixel_sha256", sa.String(length=64), nullable=True),
        sa.Column("pdq", sa.String(length=64), nullable=True),
        sa.Column("pdq_quality", sa.Integer(), nullable=True),
        sa.Column("warnings", sa.JSON(none_as_null=True), nullable=True),
        sa.Column(
            "facts_at", sa.DateTime(timezone=True), nullable=True, comment="when the facts were read; empty: not yet"
        ),
        sa.Column("facts_error", sa.Text(), nullable=True),
        sa.Column("local_path", sa.Text(), nullable=True, comment="below the storage path; empty: only in the archive"),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archive_url", sa.Text(), nullable=True),
        sa.Column("storage_provider", sa.String(length=16), nullable=True),
        sa.Column("s3_key", sa.Text(), nullable=True),
        sa.Column("s3_etag", sa.Text(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_media_files")),
    )
    with op.batch_alter_table("media_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_files_facts_at"), ["facts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_media_files_last_used_at"), ["last_used_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_media_files_md5_sum"), ["md5_sum"], unique=False)
        batch_op.create_index("ix_media_files_not_archived", ["archived_at", "sha256"], unique=False)

    op.create_table(
        "import_faults",
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_import_faults_import_id")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_faults")),
    )
    op.create_table(
        "import_files",
        sa.Column("path", sa.Text(), nullable=False, comment="below the import path"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_import_files_import_id")),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_import_files")),
    )
    with op.batch_alter_table("import_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_files_import_id"), ["import_id"], unique=False)

    op.create_table(
        "posts",
        sa.Column("post_id", sa.String(length=21), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=True),
        sa.Column("author_handle", sa.Text(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("relation", sa.String(length=16), nullable=True),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False, comment="tells a changed post from the same one"),
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column(
            "content_sha256",
            sa.String(length=64),
            nullable=True,
            comment="text and media bytes; empty until every medium is settled",
        ),
        sa.Column("duplicate_of", sa.String(length=21), nullable=True),
        sa.Column(
            "manifest_version",
            sa.Integer(),
            nullable=True,
            comment="version of the platform module whose manifest is in post_media",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_posts_import_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_posts")),
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posts_author_handle"), ["author_handle"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_content_sha256"), ["content_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_import_id"), ["import_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_posted_at"), ["posted_at"], unique=False)

    op.create_table(
        "renditions",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("recipe", sa.String(length=64), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("rendition_sha256", sa.String(length=64), nullable=True),
        sa.Column("local_path", sa.Text(), nullable=True),
        sa.Column("archive_url", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True, comment="why there is none; then the columns above are empty"),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["media_files.sha256"], name=op.f("fk_renditions_sha256")),
        sa.PrimaryKeyConstraint("sha256", "kind", "recipe", name=op.f("pk_renditions")),
    )
    op.create_table(
        "post_media",
        sa.Column("media_id", sa.String(length=21), nullable=False),
        sa.Column("post_id", sa.String(length=21), nullable=False),
        sa.Column("import_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("media_url", sa.Text(), nullable=True),
        sa.Column(
            "url_digest",
            sa.String(length=64),
            nullable=True,
            comment="SHA-256 of media_url: signed URLs are longer than an index entry may be",
        ),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("alt_text", sa.Text(), nullable=True),
        sa.Column("url_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("duplicate_of", sa.String(length=21), nullable=True),
        sa.Column("ai_analysis_status", sa.String(length=16), nullable=True),
        sa.Column("ai_analysis", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("ai_analysis_log", sa.Text(), nullable=True),
        sa.Column("ai_analyzed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_post_media_import_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.post_id"], name=op.f("fk_post_media_post_id")),
        sa.ForeignKeyConstraint(["sha256"], ["media_files.sha256"], name=op.f("fk_post_media_sha256")),
        sa.PrimaryKeyConstraint("media_id", name=op.f("pk_post_media")),
    )
    with op.batch_alter_table("post_media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_post_media_import_id_status"), ["import_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_media_post_id_position"), ["post_id", "position"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_media_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_post_media_status_next_attempt_at"), ["status", "next_attempt_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_post_media_url_digest"), ["url_digest"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("post_media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_media_url_digest"))
        batch_op.drop_index(batch_op.f("ix_post_media_status_next_attempt_at"))
        batch_op.drop_index(batch_op.f("ix_post_media_sha256"))
        batch_op.drop_index(batch_op.f("ix_post_media_post_id_position"))
        batch_op.drop_index(batch_op.f("ix_post_media_import_id_status"))

    op.drop_table("post_media")
    op.drop_table("renditions")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posts_posted_at"))
        batch_op.drop_index(batch_op.f("ix_posts_import_id"))
        batch_op.drop_index(batch_op.f("ix_posts_content_sha256"))
        batch_op.drop_index(batch_op.f("ix_posts_author_id"))
        batch_op.drop_index(batch_op.f("ix_posts_author_handle"))

    op.drop_table("posts")
    with op.batch_alter_table("import_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_files_import_id"))

    op.drop_table("import_files")
    op.drop_table("import_faults")
    with op.batch_alter_table("media_files", schema=None) as batch_op:
        batch_op.drop_index("ix_media_files_not_archived")
        batch_op.drop_index(batch_op.f("ix_media_files_md5_sum"))
        batch_op.drop_index(batch_op.f("ix_media_files_last_used_at"))
        batch_op.drop_index(batch_op.f("ix_media_files_facts_at"))

    op.drop_table("media_files")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index("ix_imports_partition")

    op.drop_table("imports")
    with op.batch_alter_table("fetch_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fetch_attempts_media_id"))

    op.drop_table("fetch_attempts")
