"""Pointed at PostgreSQL and a bucket with a few settings, everything goes on: catalogue, history, archive."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import boto3
import pytest
import sqlalchemy as sa
from moto.server import ThreadedMotoServer

from media_pipeline.storage.marker import NAME
from media_pipeline_tests.cli.shell import Shell
from media_pipeline_tests.databases import postgres_server
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library, picture, tweet

pytestmark = pytest.mark.long

DEPLOY = Path(__file__).parents[1] / "deploy" / "postgres" / "dagster.yaml"


def test_postgres_and_s3_take_over_with_a_few_settings(library: Library, host: FaultyHost, tmp_path: Path) -> None:
    home = tmp_path / "dagster-home"
    home.mkdir()
    shutil.copy(DEPLOY, home / "dagster.yaml")
    export = tmp_path / "export.json"
    export.write_text(json.dumps([tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(4)]))
    moto = ThreadedMotoServer(port=0)
    moto.start()
    address, port = moto.get_host_and_port()
    try:
        with postgres_server() as server, server.empty() as catalog, server.empty() as history:
            shell = Shell(
                library,
                MEDIA_CATALOG_URL=catalog.replace("postgresql+psycopg2://", "postgresql://"),
                DAGSTER_HOME=str(home),
                DAGSTER_POSTGRES_URL=history,
                AWS_S3_BUCKET="archive",
                AWS_S3_ENDPOINT_URL=f"http://{address}:{port}",
                AWS_ACCESS_KEY_ID="key",
                AWS_SECRET_ACCESS_KEY="secret",
            )
            client = boto3.client(
                "s3",
                endpoint_url=f"http://{address}:{port}",
                aws_access_key_id="key",
                aws_secret_access_key="secret",
                region_name="us-east-1",
            )
            client.create_bucket(Bucket="archive")
            refused = shell.run("ingest", str(export), "-p", "twitter", code=1)
            assert "media-pipeline migrate" in refused.stderr
            shell.run("migrate")
            summary = shell.json("ingest", str(export), "-p", "twitter")
            assert (summary["stored"], summary["archived"]) == (4, 4)
            rows = shell.json("list")
            assert {row["storage_provider"] for row in rows} == {"minio"}
            keys = {item["Key"] for item in client.list_objects_v2(Bucket="archive")["Contents"]}
            assert keys - {NAME} == {row["s3_key"] for row in rows}
            asked = len(host.requests)
            shell.json("ingest", str(export), "-p", "twitter")
            assert len(host.requests) == asked
            with sa.create_engine(history).connect() as connection:
                assert connection.execute(sa.text("SELECT status FROM runs")).scalars().all() == ["SUCCESS", "SUCCESS"]
    finally:
        moto.stop()
    assert not (library.storage / "catalog.sqlite").exists()
