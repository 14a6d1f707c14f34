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
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
            comment="in the order of writing",
        ),
        sa.Column(
            "media_id",
            sa.String(length=21),
            nullable=False,
            comment="the reference that it was made for; kept when that is pruned",
        ),
        sa.Column("url", sa.Text(), nullable=False, comment="as asked for"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, comment="when it began"),
        sa.Column("status", sa.Integer(), nullable=True, comment="the HTTP status, if there was an answer"),
        sa.Column(
            "error_kind", sa.String(length=32), nullable=True, comment="`timeout`, `http_404`, `html` …; empty: success"
        ),
        sa.Column("bytes", sa.BigInteger(), nullable=False, comment="bytes received"),
        sa.Column("seconds", sa.Float(), nullable=False, comment="from the request to the end"),
        sa.Column("remote_address", sa.Text(), nullable=True, comment="the address that answered"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch_attempts")),
        comment="Requests to media hosts, each as it went. Only ever added to.",
    )
    with op.batch_alter_table("fetch_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fetch_attempts_media_id"), ["media_id"], unique=False)

    op.create_table(
        "imports",
        sa.Column(
            "import_id",
            sa.String(length=64),
            autoincrement=False,
            nullable=False,
            comment="SHA-256 of the file as it lies there",
        ),
        sa.Column("path", sa.Text(), nullable=False, comment="where it was read, below the import path"),
        sa.Column("platform", sa.String(length=32), nullable=False, comment="from the path"),
        sa.Column("import_date", sa.Date(), nullable=False, comment="from the path; with the platform: the partition"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.Column("posts", sa.Integer(), nullable=False, comment="sightings of posts in it"),
        sa.Column(
            "media", sa.Integer(), nullable=False, comment="media references of posts whose latest sighting it holds"
        ),
        sa.Column(
            "status",
            sa.String(length=16),
            nullable=False,
            comment="reading, read, faulty (some parts), failed (no post)",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="how many parts could not be read"),
        sa.Column(
            "reader_version", sa.Integer(), nullable=False, comment="version of the platform module that read it"
        ),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, comment="when it was first read"),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
        comment="Contents of export files. The same bytes under two names are one import.",
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index("ix_imports_partition", ["platform", "import_date"], unique=False)

    op.create_table(
        "media_files",
        sa.Column(
            "sha256", sa.String(length=64), autoincrement=False, nullable=False, comment="of its bytes: its identity"
        ),
        sa.Column("md5_sum", sa.String(length=32), nullable=False, comment="of its bytes: its file name"),
        sa.Column("file_size", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.Column(
            "media_type", sa.String(length=16), nullable=False, comment="image, video, audio, document; from the bytes"
        ),
        sa.Column("mime_type", sa.Text(), nullable=False, comment="from the bytes"),
        sa.Column("extension", sa.String(length=16), nullable=False, comment="without a dot, from the bytes"),
        sa.Column("width", sa.Integer(), nullable=True, comment="pixels as seen"),
        sa.Column("height", sa.Integer(), nullable=True, comment="pixels as seen"),
        sa.Column("duration", sa.Float(), nullable=True, comment="seconds"),
        sa.Column("frames", sa.Integer(), nullable=True, comment="pictures in an animation or video"),
        sa.Column("exif", sa.JSON(none_as_null=True), nullable=True, comment="every tag, by exifread's name"),
        sa.Column(
            "taken_at",
            sa.Text(),
            nullable=True,
            comment="the camera's local time, ISO 8601; with an offset only where it names one",
        ),
        sa.Column("camera_make", sa.Text(), nullable=True, comment="from EXIF"),
        sa.Column("camera_model", sa.Text(), nullable=True, comment="from EXIF"),
        sa.Column("latitude", sa.Float(), nullable=True, comment="decimal degrees, south negative; from EXIF"),
        sa.Column("longitude", sa.Float(), nullable=True, comment="decimal degrees, west negative; from EXIF"),
        sa.Column("pixel_sha256", sa.String(length=64), nullable=True, comment="of its pixels, decoded and upright"),
        sa.Column("pdq", sa.String(length=64), nullable=True, comment="perceptual hash PDQ, hexadecimal"),
        sa.Column("pdq_quality", sa.Integer(), nullable=True, comment="0 to 100; below 50 the hash says little"),
        sa.Column(
            "warnings",
            sa.JSON(none_as_null=True),
            nullable=True,
            comment="what was odd about it when its facts were read",
        ),
        sa.Column(
            "facts_at", sa.DateTime(timezone=True), nullable=True, comment="when the facts were read; empty: not yet"
        ),
        sa.Column(
            "facts_error",
            sa.Text(),
            nullable=True,
            comment="why the facts can't be read; the file is in quarantine then",
        ),
        sa.Column(
            "local_path",
            sa.Text(),
            nullable=True,
            comment="below the storage path; empty: only in the archive, if archived_at is set",
        ),
        sa.Column(
            "last_used_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when it last came into the store: the oldest leave it first",
        ),
        sa.Column("archive_url", sa.Text(), nullable=True, comment="its address in the archive"),
        sa.Column("storage_provider", sa.String(length=16), nullable=True, comment="s3, r2, gcs, minio, local"),
        sa.Column("s3_key", sa.Text(), nullable=True, comment="its key in the archive, of whichever provider"),
        sa.Column("s3_etag", sa.Text(), nullable=True, comment="as the archive gave it"),
        sa.Column(
            "archived_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its checksum was read back from the archive",
        ),
        sa.Column(
            "verified_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when it was last read to its end and matched its checksum",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when its bytes first came"),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_media_files")),
        comment="Files, each content once.",
    )
    with op.batch_alter_table("media_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_files_facts_at"), ["facts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_media_files_last_used_at"), ["last_used_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_media_files_md5_sum"), ["md5_sum"], unique=False)
        batch_op.create_index("ix_media_files_not_archived", ["archived_at", "sha256"], unique=False)

    op.create_table(
        "import_faults",
        sa.Column(
            "import_id",
            sa.String(length=64),
            autoincrement=False,
            nullable=False,
            comment="the import that it stands in",
        ),
        sa.Column(
            "number",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="from 0, in the order of the file; the first 1000 are kept",
        ),
        sa.Column("locator", sa.Text(), nullable=False, comment="line or byte offset, then `#` and a JSON Pointer"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it could not be read"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_import_faults_import_id")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_faults")),
        comment="Parts of imports that could not be read.",
    )
    op.create_table(
        "import_files",
        sa.Column("path", sa.Text(), autoincrement=False, nullable=False, comment="below the import path"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes, when it was read"),
        sa.Column(
            "modified_ns",
            sa.BigInteger(),
            nullable=False,
            comment="time of its last change when it was read, nanoseconds since 1970",
        ),
        sa.Column("import_id", sa.String(length=64), nullable=False, comment="its content"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, comment="when it was last read"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_import_files_import_id")),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_import_files")),
        comment="Export files as they lay there when they were read: one that is unchanged is not read again.",
    )
    with op.batch_alter_table("import_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_files_import_id"), ["import_id"], unique=False)

    op.create_table(
        "posts",
        sa.Column(
            "post_id",
            sa.String(length=21),
            autoincrement=False,
            nullable=False,
            comment="`p-…`, from platform and native_id",
        ),
        sa.Column("platform", sa.String(length=32), nullable=False, comment="e.g. `twitter`"),
        sa.Column("native_id", sa.Text(), nullable=False, comment="the id that the platform gave it"),
        sa.Column("author_id", sa.Text(), nullable=True, comment="the platform's id of the author"),
        sa.Column("author_handle", sa.Text(), nullable=True, comment="the name in the author's address, without @"),
        sa.Column("author_name", sa.Text(), nullable=True, comment="the name that is shown"),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True, comment="when it was posted"),
        sa.Column("url", sa.Text(), nullable=True, comment="its page"),
        sa.Column("text", sa.Text(), nullable=True, comment="what it says; U+FFFD stands for what no database takes"),
        sa.Column(
            "relation",
            sa.String(length=16),
            nullable=True,
            comment="how it stands in another post: reposted, quoted, reply_parent; empty: its own",
        ),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False, comment="tells a changed post from the same one"),
        sa.Column("import_id", sa.String(length=64), nullable=False, comment="the latest import that holds it"),
        sa.Column("locator", sa.Text(), nullable=False, comment="where it stands in that import, as in import_faults"),
        sa.Column(
            "content_sha256",
            sa.String(length=64),
            nullable=True,
            comment="of text and media bytes; empty until every medium is stored",
        ),
        sa.Column(
            "duplicate_of",
            sa.String(length=21),
            nullable=True,
            comment="the oldest post of the same content_sha256; empty: this is the oldest, or alone",
        ),
        sa.Column(
            "manifest_version",
            sa.Integer(),
            nullable=True,
            comment="version of the platform module whose manifest is in post_media",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when it was first read"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="when a sighting last replaced it"),
        sa.Column("raw", sa.JSON(), nullable=False, comment="the post as its export holds it"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_posts_import_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_posts")),
        comment="Posts, each once, as the latest export holds it.",
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posts_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_content_sha256"), ["content_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_import_id_post_id"), ["import_id", "post_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_manifest_version"), ["manifest_version"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_native_id"), ["native_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_posts_posted_at"), ["posted_at"], unique=False)

    # Written by hand: Alembic does not find an index of an expression on SQLite.
    op.create_index("ix_posts_author_handle_lower", "posts", [sa.text("lower(author_handle)")], unique=False)

    op.create_table(
        "renditions",
        sa.Column("sha256", sa.String(length=64), autoincrement=False, nullable=False, comment="the original"),
        sa.Column("kind", sa.String(length=16), autoincrement=False, nullable=False, comment="optimized or thumbnail"),
        sa.Column(
            "recipe",
            sa.String(length=64),
            autoincrement=False,
            nullable=False,
            comment="kind, size, quality and version: other choices, another recipe",
        ),
        sa.Column("mime_type", sa.Text(), nullable=True, comment="of the rendition"),
        sa.Column("width", sa.Integer(), nullable=True, comment="pixels"),
        sa.Column("height", sa.Integer(), nullable=True, comment="pixels"),
        sa.Column("file_size", sa.BigInteger(), nullable=True, comment="bytes"),
        sa.Column("rendition_sha256", sa.String(length=64), nullable=True, comment="of its bytes"),
        sa.Column("local_path", sa.Text(), nullable=True, comment="below the storage path"),
        sa.Column("archive_url", sa.Text(), nullable=True, comment="its address in the archive"),
        sa.Column("error", sa.Text(), nullable=True, comment="why there is none; then the columns above are empty"),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False, comment="when it was made or failed"),
        sa.ForeignKeyConstraint(["sha256"], ["media_files.sha256"], name=op.f("fk_renditions_sha256")),
        sa.PrimaryKeyConstraint("sha256", "kind", "recipe", name=op.f("pk_renditions")),
        comment="Pictures made of files, to look at.",
    )
    op.create_table(
        "post_media",
        sa.Column(
            "media_id",
            sa.String(length=21),
            autoincrement=False,
            nullable=False,
            comment="`med-…`, from platform, native_id and position",
        ),
        sa.Column("post_id", sa.String(length=21), nullable=False, comment="the post that shows it"),
        sa.Column("import_id", sa.String(length=64), nullable=False, comment="the latest import that names it"),
        sa.Column("position", sa.Integer(), nullable=False, comment="from 0, in the order of the post"),
        sa.Column(
            "media_type",
            sa.String(length=16),
            nullable=False,
            comment="image, video, audio, document; as the export says",
        ),
        sa.Column(
            "role",
            sa.String(length=16),
            nullable=False,
            comment="media (the post's own), poster, link_preview, cover, soundtrack, watermarked",
        ),
        sa.Column("media_url", sa.Text(), nullable=True, comment="the URL to fetch, the best that the export offers"),
        sa.Column(
            "url_digest",
            sa.String(length=64),
            nullable=True,
            comment="SHA-256 of media_url: signed URLs are longer than an index entry may be",
        ),
        sa.Column(
            "candidates",
            sa.JSON(),
            nullable=False,
            comment="every URL, best first: url, width, height, bitrate, role, rule",
        ),
        sa.Column("alt_text", sa.Text(), nullable=True, comment="its description, by the author"),
        sa.Column(
            "url_expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when media_url stops working, if it says so",
        ),
        sa.Column("status", sa.String(length=16), nullable=False, comment="where it stands: see Statuses"),
        sa.Column("error", sa.Text(), nullable=True, comment="why it is not stored"),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="runs that tried to fetch it"),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), nullable=True, comment="when a failed one is tried again"
        ),
        sa.Column("sha256", sa.String(length=64), nullable=True, comment="its file; unless stored: the one it had"),
        sa.Column("etag", sa.Text(), nullable=True, comment="as its host gave it"),
        sa.Column("last_modified", sa.Text(), nullable=True, comment="as its host gave it"),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True, comment="when its bytes came"),
        sa.Column("version", sa.Integer(), nullable=False, comment="raised when other bytes come than before"),
        sa.Column(
            "duplicate_of",
            sa.String(length=21),
            nullable=True,
            comment="the oldest reference to the same bytes; empty: this is the oldest, or alone",
        ),
        sa.Column(
            "ai_analysis_status",
            sa.String(length=16),
            nullable=True,
            comment="where the analysis of its content stands",
        ),
        sa.Column("ai_analysis", sa.JSON(none_as_null=True), nullable=True, comment="its result"),
        sa.Column("ai_analysis_log", sa.Text(), nullable=True, comment="how it went"),
        sa.Column("ai_analyzed_at", sa.DateTime(timezone=True), nullable=True, comment="when it was analysed"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when it was first named"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="when anything here last changed"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name=op.f("fk_post_media_import_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.post_id"], name=op.f("fk_post_media_post_id")),
        sa.ForeignKeyConstraint(["sha256"], ["media_files.sha256"], name=op.f("fk_post_media_sha256")),
        sa.PrimaryKeyConstraint("media_id", name=op.f("pk_post_media")),
        comment="Media references: one for each medium that a post shows.",
    )
    with op.batch_alter_table("post_media", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_post_media_import_id_status_sha256"), ["import_id", "status", "sha256"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_post_media_next_attempt_at"), ["next_attempt_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_media_post_id_position"), ["post_id", "position"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_media_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_media_url_digest"), ["url_digest"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("post_media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_media_url_digest"))
        batch_op.drop_index(batch_op.f("ix_post_media_sha256"))
        batch_op.drop_index(batch_op.f("ix_post_media_post_id_position"))
        batch_op.drop_index(batch_op.f("ix_post_media_next_attempt_at"))
        batch_op.drop_index(batch_op.f("ix_post_media_import_id_status_sha256"))

    op.drop_table("post_media")
    op.drop_table("renditions")
    op.drop_index("ix_posts_author_handle_lower", table_name="posts")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posts_posted_at"))
        batch_op.drop_index(batch_op.f("ix_posts_native_id"))
        batch_op.drop_index(batch_op.f("ix_posts_manifest_version"))
        batch_op.drop_index(batch_op.f("ix_posts_import_id_post_id"))
        batch_op.drop_index(batch_op.f("ix_posts_content_sha256"))
        batch_op.drop_index(batch_op.f("ix_posts_author_id"))

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
