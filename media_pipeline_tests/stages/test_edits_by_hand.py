"""A value that a hand has written into a JSON column costs the row that it stands in, and no other."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import metadata
from media_pipeline.catalog.typed_tables import MEDIA, POSTS
from media_pipeline.model import ImportPartition
from media_pipeline.stages.downloads.again import why
from media_pipeline.stages.imports.history import history_of
from media_pipeline.stages.tables.parquet import write_tables
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, STAGES, TWITTER, picture, tweet
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither

pytestmark = pytest.mark.long

NO_JSON = "no JSON"
"""PostgreSQL takes none into its columns."""
EDITS = [
    *("null", "5", '"text"', "{}", "[]", "[null]", "[[]]", "[{}]", '[{"url": 5, "role": "media"}]'),
    *('[{"url": "https://m.test/a.jpg"}]', '[{"url": "https://m.test/a.jpg", "role": "chief"}]'),
    '[{"url": "https://m.test/a.jpg", "role": "media", "width": "wide", "rule": 5, "expires_at": "soon"}]',
    *('[{"count": "many"}]', '{"is_there": {}}', NO_JSON),
]
NEXT_DAY = ImportPartition(DAY + timedelta(days=1), "twitter")
JSON_COLUMNS = [
    column
    for name in ("imports", "posts", "post_media", "media_files", "fetch_attempts")
    for column in metadata.tables[name].c
    if isinstance(getattr(column.type, "impl_instance", column.type), sa.JSON)
]


def edit(library: EitherLibrary, column: sa.Column[Any], values: list[str]) -> None:
    """Write into the rows of a column's table, one after the other, what a person would."""
    key = column.table.primary_key.columns[0]
    cast = "CAST(:value AS JSON)" if library.settings.catalog_url.startswith("postgresql") else ":value"
    statement = sa.text(f"UPDATE {column.table.name} SET {column.name} = {cast} WHERE {key.name} = :key")
    with library.catalogue() as connection:
        keys = connection.execute(sa.select(key).order_by(key)).scalars().all()
        for place, row in enumerate(keys):
            connection.execute(statement, {"value": values[place % len(values)], "key": row})


@pytest.mark.parametrize("column", JSON_COLUMNS, ids=str)
def test_a_json_value_that_a_hand_has_written_stops_neither_an_import_nor_a_download_nor_a_question(
    make_either: MakeEither, host: FaultyHost, column: sa.Column[Any]
) -> None:
    library = make_either()
    is_sqlite = library.settings.catalog_url.startswith("sqlite")
    edits = [value for value in EDITS if value != NO_JSON or is_sqlite]
    urls = [host.serve(f"/{number}.jpg", picture(number)) for number in range(len(edits))]
    library.land("a.json", [tweet(number, url) for number, url in enumerate(urls)])
    library.run(stages=STAGES[:2])
    edit(library, column, edits)
    library.run()
    edit(library, column, edits)
    library.land("b.json", [tweet(number, url, text="anew") for number, url in enumerate(urls)], NEXT_DAY)
    library.run(TWITTER, NEXT_DAY)
    assert library.statuses() == {"stored": len(urls)}
    assert library.table("import_faults") == []
    assert {row["text"] for row in library.table("posts")} == {"anew"}
    with library.open() as context:
        for table in (POSTS, MEDIA):
            write_tables(table, context, [TWITTER, NEXT_DAY])
    with closing(Database.open(library.settings)) as database:
        for number in range(len(urls)):
            json.dumps(why(library.settings, database, str(number)), default=str)
            history_of(library.settings, database, str(number)).as_json()
