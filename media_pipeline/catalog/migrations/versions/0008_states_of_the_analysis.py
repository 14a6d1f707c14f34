"""The analysis of a medium has one of four states, ``not_started`` where nothing was said, and its log is JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATES = "'not_started', 'started', 'completed', 'failed'"
COMMENTS = {
    "ai_analysis_status": "where the analysis of its content stands: not_started, started, completed or failed",
    "ai_analysis_log": "how it went",
}


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    quoted = "json_quote(old)" if is_sqlite else "to_json(old)"
    _replace(
        "ai_analysis_status",
        "VARCHAR(16) DEFAULT 'not_started' NOT NULL "
        f"CONSTRAINT ck_post_media_ai_analysis_status CHECK (ai_analysis_status IN ({STATES}))",
        f"CASE WHEN lower(old) IN ({STATES}) THEN lower(old) ELSE 'not_started' END",
    )
    _replace("ai_analysis_log", "JSON", quoted)


def _replace(name: str, kind: str, value: str) -> None:
    """Another column of the same name. SQLite can't change one, and would copy the whole table instead."""
    op.execute(sa.text(f"ALTER TABLE post_media RENAME COLUMN {name} TO old"))
    op.execute(sa.text(f"ALTER TABLE post_media ADD COLUMN {name} {kind}"))
    op.execute(sa.text(f"UPDATE post_media SET {name} = {value} WHERE old IS NOT NULL"))
    op.execute(sa.text("ALTER TABLE post_media DROP COLUMN old"))
    if op.get_bind().dialect.name != "sqlite" and name in COMMENTS:
        op.execute(sa.text(f"COMMENT ON COLUMN post_media.{name} IS '{COMMENTS[name]}'"))


def downgrade() -> None:
    _replace("ai_analysis_status", "VARCHAR(16)", "old")
    _replace("ai_analysis_log", "TEXT", "CAST(old AS TEXT)")
