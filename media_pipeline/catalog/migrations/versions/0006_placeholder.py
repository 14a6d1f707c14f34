"""Stands where another branch's migration 0006 comes to stand, so that 0007 has one to follow."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
