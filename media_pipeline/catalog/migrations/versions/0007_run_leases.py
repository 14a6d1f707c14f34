"""Leases of runs: by them a run whose process is gone is told from one that works."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "run_leases",
        sa.Column("run_id", sa.String(64), nullable=False, comment="Dagster's id of the run"),
        sa.Column(
            "holder", sa.Text(), nullable=True, comment="its machine and process; empty: it has not begun its work yet"
        ),
        sa.Column("began_at", TIME, nullable=False, comment="when the run was first known here"),
        sa.Column(
            "renewed_at",
            TIME,
            nullable=True,
            comment="when its process last said that it lives, by the database's clock",
        ),
        sa.Column("suspected_at", TIME, nullable=True, comment="when it was first found silent since"),
        sa.Column("ended_at", TIME, nullable=True, comment="when it was given up: from then on it can write nothing"),
        sa.Column(
            "settled_at", TIME, nullable=True, comment="when another run had its partitions, or none was to have them"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_leases")),
        comment="Runs that work, and runs whose process is gone. A run that ends by itself takes its row away.",
    )


def downgrade() -> None:
    op.drop_table("run_leases")
