"""Requests keep what a proof needs of them: final URL, headers, HTTP version, certificate.

Of requests that were made before, nothing of this is known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS = (
    ("final_url", sa.Text(), "where redirects led from or to this request; empty: there were none"),
    ("final_url_digest", sa.String(64), "SHA-256 of final_url"),
    ("headers", sa.JSON(none_as_null=True), "of the answer, without cookies; 64, 8,192 characters"),
    ("http_version", sa.String(8), "of the answer: 1.1"),
    ("certificate_sha256", sa.String(64), "of the certificate that the host showed; empty: no TLS"),
)
REDIRECTED = sa.text("final_url_digest IS NOT NULL")


def upgrade() -> None:
    # Added one by one: a batch would copy SQLite's whole table.
    for name, kind, comment in COLUMNS:
        op.add_column("fetch_attempts", sa.Column(name, kind, nullable=True, comment=comment))
    op.create_index(
        op.f("ix_fetch_attempts_final_url_digest"),
        "fetch_attempts",
        ["final_url_digest"],
        sqlite_where=REDIRECTED,
        postgresql_where=REDIRECTED,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_fetch_attempts_final_url_digest"), "fetch_attempts")
    for name, _, _ in COLUMNS:
        op.drop_column("fetch_attempts", name)
