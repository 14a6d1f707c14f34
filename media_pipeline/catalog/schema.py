"""The version of the catalogue's schema, and how it is brought up to date (Alembic).

What belongs here: asking for and raising the version. What does not: what a version holds (``migrations/versions``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0016"
"""The version that this code needs. Written here so that a start that is up to date needn't import Alembic (0.3 s)."""


def version_of(engine: sa.Engine) -> str | None:
    """The version that the database has, None for an empty one."""
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def known_versions() -> set[str]:
    """Every version that this code can bring up to date."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def upgrade(engine: sa.Engine, to: str = "head") -> None:
    """Run every migration that is missing, in one transaction, up to the version ``to``."""
    from alembic import command

    config = alembic_config()
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def alembic_config() -> Config:
    """Where the migrations are, for Alembic's own commands. These want a connection as its attribute ``connection``."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
