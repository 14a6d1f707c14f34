"""The catalogue's tables, as SQLAlchemy Core sees them, the same on SQLite and PostgreSQL.

What belongs here: columns, types and indexes, each index with the question that it answers.
What does not: queries (a module a table beside this one) and changes over time (``migrations/``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time. SQLite has no time zones, so there it is kept without and given back with."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone can't be stored: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

Digest = sa.String(64)
Id = sa.String(21)


def _column(name: str, kind: Any, *args: Any, **options: Any) -> sa.Column[Any]:
    """A column that may be empty unless it says otherwise."""
    options.setdefault("nullable", True)
    return sa.Column(name, kind, *args, **options)


imports = sa.Table(
    "imports",
    metadata,
    sa.Column("import_id", Digest, primary_key=True, comment="SHA-256 of the file as it lies there"),
    sa.Column("path", sa.Text, nullable=False, comment="where it was first seen, below the import path"),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("import_date", sa.Date, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("posts", sa.Integer, nullable=False, default=0),
    sa.Column("media", sa.Integer, nullable=False, default=0),
    sa.Column("status", sa.String(16), nullable=False, comment="reading, read, faulty (some lines), failed (no post)"),
    _column("error", sa.Text),
    sa.Column("reader_version", sa.Integer, nullable=False, comment="version of the platform module that read it"),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    # Every stage begins by asking which imports a partition holds.
    sa.Index("ix_imports_partition", "platform", "import_date"),
)

import_files = sa.Table(
    "import_files",
    metadata,
    sa.Column("path", sa.Text, primary_key=True, comment="below the import path"),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("modified_ns", sa.BigInteger, nullable=False),
    sa.Column("import_id", Digest, sa.ForeignKey("imports.import_id"), nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Index(None, "import_id"),
)

import_faults = sa.Table(
    "import_faults",
    metadata,
    sa.Column("import_id", Digest, sa.ForeignKey("imports.import_id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("locator", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

posts = sa.Table(
    "posts",
    metadata,
    sa.Column("post_id", Id, primary_key=True),
    sa.Column("platform", sa.String(32), nullable=False),
    sa.Column("native_id", sa.Text, nullable=False),
    _column("author_id", sa.Text),
    _column("author_handle", sa.Text),
    _column("author_name", sa.Text),
    _column("posted_at", UtcDateTime),
    _column("url", sa.Text),
    _column("text", sa.Text),
    _column("relation", sa.String(16)),
    sa.Column("raw", sa.JSON, nullable=False),
    sa.Column("raw_sha256", Digest, nullable=False, comment="tells a changed post from the same one"),
    sa.Column("import_id", Digest, sa.ForeignKey("imports.import_id"), nullable=False),
    sa.Column("locator", sa.Text, nullable=False),
    _column("content_sha256", Digest, comment="text and media bytes; empty until every medium is settled"),
    _column("duplicate_of", Id),
    _column("manifest_version", sa.Integer, comment="version of the platform module whose manifest is in post_media"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index(None, "import_id"),
    sa.Index(None, "content_sha256"),
    # Reports and `--user` ask by author.
    sa.Index(None, "author_handle"),
    sa.Index(None, "author_id"),
    sa.Index(None, "posted_at"),
)

media_files = sa.Table(
    "media_files",
    metadata,
    sa.Column("sha256", Digest, primary_key=True),
    sa.Column("md5_sum", sa.String(32), nullable=False),
    sa.Column("file_size", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.String(16), nullable=False),
    sa.Column("mime_type", sa.Text, nullable=False),
    sa.Column("extension", sa.String(16), nullable=False),
    _column("width", sa.Integer),
    _column("height", sa.Integer),
    _column("duration", sa.Float),
    _column("frames", sa.Integer),
    _column("exif", sa.JSON(none_as_null=True)),
    _column("taken_at", sa.Text, comment="the camera's local time, ISO 8601; with an offset only where it names one"),
    _column("camera_make", sa.Text),
    _column("camera_model", sa.Text),
    _column("latitude", sa.Float),
    _column("longitude", sa.Float),
    _column("pixel_sha256", Digest),
    _column("pdq", sa.String(64)),
    _column("pdq_quality", sa.Integer),
    _column("warnings", sa.JSON(none_as_null=True)),
    _column("facts_at", UtcDateTime, comment="when the facts were read; empty: not yet"),
    _column("facts_error", sa.Text),
    _column("local_path", sa.Text, comment="below the storage path; empty: only in the archive"),
    sa.Column("last_used_at", UtcDateTime, nullable=False),
    _column("archive_url", sa.Text),
    _column("storage_provider", sa.String(16)),
    _column("s3_key", sa.Text),
    _column("s3_etag", sa.Text),
    _column("archived_at", UtcDateTime),
    sa.Column("verified_at", UtcDateTime, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index(None, "md5_sum"),
    # The archive asks for what it does not hold yet, the cache for what it may let go.
    sa.Index("ix_media_files_not_archived", "archived_at", "sha256"),
    sa.Index(None, "last_used_at"),
    sa.Index(None, "facts_at"),
)

post_media = sa.Table(
    "post_media",
    metadata,
    sa.Column("media_id", Id, primary_key=True),
    sa.Column("post_id", Id, sa.ForeignKey("posts.post_id"), nullable=False),
    sa.Column("import_id", Digest, sa.ForeignKey("imports.import_id"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("media_type", sa.String(16), nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    _column("media_url", sa.Text),
    _column("url_digest", Digest, comment="SHA-256 of media_url: signed URLs are longer than an index entry may be"),
    sa.Column("candidates", sa.JSON, nullable=False),
    _column("alt_text", sa.Text),
    _column("url_expires_at", UtcDateTime),
    sa.Column("status", sa.String(16), nullable=False),
    _column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    _column("next_attempt_at", UtcDateTime),
    _column("sha256", Digest, sa.ForeignKey("media_files.sha256")),
    _column("etag", sa.Text),
    _column("last_modified", sa.Text),
    _column("fetched_at", UtcDateTime),
    sa.Column("version", sa.Integer, nullable=False, default=1),
    _column("duplicate_of", Id),
    _column("ai_analysis_status", sa.String(16)),
    _column("ai_analysis", sa.JSON(none_as_null=True)),
    _column("ai_analysis_log", sa.Text),
    _column("ai_analyzed_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index(None, "post_id", "position"),
    # A stage asks by partition (its imports) and status; reports by status alone.
    sa.Index(None, "import_id", "status"),
    sa.Index(None, "status", "next_attempt_at"),
    sa.Index(None, "sha256"),
    # One URL that many posts name is fetched once.
    sa.Index(None, "url_digest"),
)

renditions = sa.Table(
    "renditions",
    metadata,
    sa.Column("sha256", Digest, sa.ForeignKey("media_files.sha256"), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("recipe", sa.String(64), primary_key=True),
    _column("mime_type", sa.Text),
    _column("width", sa.Integer),
    _column("height", sa.Integer),
    _column("file_size", sa.BigInteger),
    _column("rendition_sha256", Digest),
    _column("local_path", sa.Text),
    _column("archive_url", sa.Text),
    _column("error", sa.Text, comment="why there is none; then the columns above are empty"),
    sa.Column("generated_at", UtcDateTime, nullable=False),
)

fetch_attempts = sa.Table(
    "fetch_attempts",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("media_id", Id, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    _column("status", sa.Integer, comment="the HTTP status, if there was an answer"),
    _column("error_kind", sa.String(32)),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    _column("remote_address", sa.Text),
    sa.Index(None, "media_id"),
)
