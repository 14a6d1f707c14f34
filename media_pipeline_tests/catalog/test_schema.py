"""The schema's version: made, checked, refused."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SAWarning

from media_pipeline.catalog import schema
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.errors import CatalogError
from media_pipeline.catalog.tables import metadata
from media_pipeline.settings import Settings
from media_pipeline_tests.catalog import processes


@pytest.fixture
def migrated(empty_url: str) -> Iterator[Database]:
    with closing(Database(empty_url)) as database:
        database.migrate()
        yield database


def settings_of(url: str) -> Settings:
    return Settings(_env_file=None, media_catalog_url=url)


def expression_indexes(connection: sa.Connection) -> set[str]:
    """What Alembic can't compare on SQLite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        declared = {
            str(index.name)
            for table in metadata.tables.values()
            for index in table.indexes
            if any(not isinstance(expression, sa.Column) for expression in index.expressions)
        }
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%lower(%'"
    else:
        query = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema AND indexdef LIKE '%lower(%'"
    assert declared
    return declared - {str(name) for name in connection.execute(sa.text(query)).scalars()}


def test_the_migrations_make_exactly_the_tables(migrated: Database):
    with migrated.read() as connection, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*expression-based index.*")
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert expression_indexes(connection) == set()


def test_the_version_that_the_code_names_is_the_last_migration():
    assert ScriptDirectory.from_config(schema.alembic_config()).get_current_head() == schema.HEAD


def test_a_schema_can_be_taken_back_to_nothing(migrated: Database):
    config = schema.alembic_config()
    with migrated.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]


def test_a_catalogue_of_the_first_version_keeps_its_rows_when_it_is_brought_up_to_date(empty_url: str):
    values = {"platform": "twitter", "size": 1, "posts": 0, "media": 0, "status": "read", "reader_version": 1}
    columns = {"import_id": "0" * 64, "path": "a.json", "import_date": "2025-11-01", "seen_at": "2025-11-01 00:00:00"}
    row = columns | values
    with closing(Database(empty_url)) as database:
        schema.upgrade(database.engine, "0001")
        with database.write() as connection:
            names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO imports ({names}) VALUES ({places})"), row)
        database.migrate()
        with database.read() as connection:
            assert schema.version_of(database.engine) == schema.HEAD
            found = connection.execute(sa.select(metadata.tables["imports"])).mappings().one()
    assert (found["path"], found["media_urls"]) == ("a.json", None)


def test_sqlite_is_migrated_when_it_is_opened_and_postgresql_by_command(backend: str, empty_url: str):
    settings = settings_of(empty_url)
    if backend == "postgresql":
        with pytest.raises(CatalogError, match=r"schema none.*`media-pipeline migrate`") as refused:
            Database.open(settings)
        assert "\n" not in str(refused.value)
        with closing(Database(empty_url)) as database:
            database.migrate()
    for _ in range(2):
        with closing(Database.open(settings)) as database:
            assert schema.version_of(database.engine) == schema.HEAD


def test_migrating_again_changes_nothing(migrated: Database):
    migrated.migrate()
    assert schema.version_of(migrated.engine) == schema.HEAD


def test_a_schema_newer_than_the_code_is_refused(migrated_url: str):
    with closing(Database(migrated_url)) as database, database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogError, match=r"'9999', newer.*update media_pipeline"):
        Database.open(settings_of(migrated_url))


def test_processes_that_open_a_new_database_at_once_all_succeed(empty_url: str):
    with processes.started("open", empty_url, *[()] * 4) as opening:
        assert processes.finish(opening) == [(0, "")] * 4
    with closing(Database(empty_url)) as database:
        assert schema.version_of(database.engine) == schema.HEAD
