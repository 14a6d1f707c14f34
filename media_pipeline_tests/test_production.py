"""Pointed at PostgreSQL and a bucket with a few settings, everything goes on: catalogue, history, archive."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from moto.server import ThreadedMotoServer

from media_pipeline.storage.marker import NAME
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.conftest import DEPLOYED
from media_pipeline_tests.databases import PostgresServer
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library, picture, tweet
from media_pipeline_tests.storage.archives import client_of

pytestmark = pytest.mark.long


@pytest.fixture
def bucket() -> Iterator[Any]:
    """A client of an S3 server that has the bucket ``archive``."""
    server = ThreadedMotoServer(port=0)
    server.start()
    address, port = server.get_host_and_port()
    try:
        client = client_of(f"http://{address}:{port}")
        client.create_bucket(Bucket="archive")
        yield client
    finally:
        server.stop()


@pytest.fixture
def history(postgres: PostgresServer) -> Iterator[str]:
    """Dagster's database, empty."""
    with postgres.empty() as url:
        yield url


@pytest.fixture
def shell(library: Library, postgres: PostgresServer, history: str, bucket: Any, tmp_path: Path) -> Iterator[Shell]:
    """The few settings, and databases without a table."""
    home = tmp_path / "dagster-home"
    home.mkdir()
    shutil.copy(DEPLOYED, home / "dagster.yaml")
    with postgres.empty() as catalog:
        yield Shell(
            library,
            MEDIA_CATALOG_URL=catalog.replace("postgresql+psycopg2://", "postgresql://"),
            DAGSTER_HOME=str(home),
            DAGSTER_POSTGRES_URL=history,
            AWS_S3_BUCKET="archive",
            AWS_S3_ENDPOINT_URL=bucket.meta.endpoint_url,
            AWS_ACCESS_KEY_ID="key",
            AWS_SECRET_ACCESS_KEY="secret",
        )


@pytest.fixture
def export(host: FaultyHost, tmp_path: Path) -> str:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(4)]))
    return str(path)


def test_ingest_into_a_new_postgresql_asks_for_migrate_first(shell: Shell, export: str) -> None:
    refused = shell.run("ingest", export, "-p", "twitter", code=1)
    assert "media-pipeline migrate" in refused.stderr
    assert not (shell.library.storage / "catalog.sqlite").exists()


def test_postgres_and_s3_take_over_with_a_few_settings(
    shell: Shell, export: str, host: FaultyHost, bucket: Any, history: str
) -> None:
    shell.run("migrate")
    summary = shell.json("ingest", export, "-p", "twitter")
    assert (summary["stored"], summary["archived"]) == (4, 4)
    rows = shell.json("list")
    assert {row["storage_provider"] for row in rows} == {"minio"}
    keys = {item["Key"] for item in bucket.list_objects_v2(Bucket="archive")["Contents"]}
    assert keys - {NAME} == {row["s3_key"] for row in rows}
    asked = len(host.requests)
    shell.json("ingest", export, "-p", "twitter")
    assert len(host.requests) == asked
    with sa.create_engine(history).connect() as connection:
        assert connection.execute(sa.text("SELECT status FROM runs")).scalars().all() == ["SUCCESS", "SUCCESS"]
    assert not (shell.library.storage / "catalog.sqlite").exists()
