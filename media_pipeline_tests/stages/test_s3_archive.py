"""The archive: each original sent once, its checksum read back; then the cache may let go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from media_pipeline.defs.resources import bucket_of
from media_pipeline.stages.archive.s3_archive import archive_media
from media_pipeline.stages.archive.scrub import evict
from media_pipeline.stages.integrity.stored_files import verify_files
from media_pipeline.storage import marker
from media_pipeline.storage.archive import ArchiveError
from media_pipeline_tests.conftest import MakeLibrary
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import STAGES, Library, picture, tweet


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """S3 over real HTTP."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_settings(s3_url: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of a bucket of its own."""
    bucket = f"bucket-{abs(hash(request.node.name))}"
    settings = {
        "aws_s3_bucket": bucket,
        "aws_s3_endpoint_url": s3_url,
        "aws_access_key_id": "key",
        "aws_secret_access_key": "secret",
    }
    _client(settings).create_bucket(Bucket=bucket)
    return settings


def _client(settings: dict[str, Any]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings["aws_s3_endpoint_url"],
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )


def _land(library: Library, host: FaultyHost, number: int = 3) -> None:
    library.land("a.json", [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in range(number)])


def test_originals_lie_in_a_local_folder_under_year_and_month_of_their_post(library: Library, host: FaultyHost) -> None:
    _land(library, host)
    report = library.run()["archive_media"]
    rows = library.rows(
        "SELECT media_id, s3_key, storage_provider, archive_url, s3_etag, archived_at FROM post_media "
        "JOIN media_files USING (sha256)"
    )
    for media_id, key, provider, url, etag, archived_at in rows:
        assert key == f"media/2025/11/{media_id}.jpg"
        assert provider == "local"
        assert url.startswith("file://")
        assert etag and archived_at
    stored = sorted(path.read_bytes() for path in (library.storage / "archive").rglob("*.jpg"))
    assert stored == sorted(picture(n) for n in range(3))
    assert report.numbers["sent"] == report.numbers["archived"] == 3


def test_originals_are_sent_to_a_bucket_once_with_their_checksum(
    make_library: MakeLibrary, host: FaultyHost, s3_settings: dict[str, Any]
) -> None:
    library = make_library(**s3_settings)
    _land(library, host)
    bucket = bucket_of(library.settings)
    assert library.run(bucket=bucket)["archive_media"].numbers["sent"] == 3
    objects = _client(s3_settings).list_objects_v2(Bucket=s3_settings["aws_s3_bucket"])["Contents"]
    keys = {row[0] for row in library.rows("SELECT s3_key FROM media_files")}
    assert {item["Key"] for item in objects} == keys | {marker.NAME}
    library.rows("UPDATE media_files SET archived_at = NULL RETURNING 1")
    again = library.run(bucket=bucket, stages=(archive_media,))["archive_media"]
    assert (again.numbers["sent"], again.numbers["already_there"]) == (0, 3)


def test_a_file_whose_object_is_damaged_is_sent_again_under_another_key(
    make_library: MakeLibrary, host: FaultyHost, s3_settings: dict[str, Any]
) -> None:
    library = make_library(**s3_settings)
    _land(library, host, 1)
    bucket = bucket_of(library.settings)
    library.run(bucket=bucket)
    ((key,),) = library.rows("SELECT s3_key FROM media_files")
    client = _client(s3_settings)
    client.put_object(Bucket=s3_settings["aws_s3_bucket"], Key=key, Body=b"something else")
    library.rows("UPDATE media_files SET archived_at = NULL RETURNING 1")
    assert library.run(bucket=bucket, stages=(archive_media,))["archive_media"].numbers["sent"] == 1
    ((other_key,),) = library.rows("SELECT s3_key FROM media_files")
    bodies = [
        client.get_object(Bucket=s3_settings["aws_s3_bucket"], Key=found)["Body"].read() for found in (key, other_key)
    ]
    assert bodies == [b"something else", picture(0)], "nothing in an archive is overwritten"


def test_an_archive_that_can_not_be_reached_fails_the_step_and_the_next_run_goes_on(
    make_library: MakeLibrary, host: FaultyHost, s3_settings: dict[str, Any]
) -> None:
    missing = {**s3_settings, "aws_s3_bucket": "no-such-bucket"}
    library = make_library(**missing)
    _land(library, host)
    with pytest.raises(ArchiveError, match="does not exist"):
        library.run(bucket=bucket_of(library.settings))
    assert library.rows("SELECT count(archived_at) FROM media_files") == [(0,)]
    found = make_library(**s3_settings)
    assert found.run(bucket=bucket_of(found.settings), stages=STAGES)["archive_media"].numbers["sent"] == 3


def test_the_cache_lets_go_of_what_is_archived_and_nothing_is_fetched_again(
    make_library: MakeLibrary, host: FaultyHost
) -> None:
    library = make_library(media_cache_limit_gb=3 * len(picture(0)) / 1e9)
    _land(library, host, 10)
    library.run()
    with library.open() as context:
        evict(context)
    assert len(library.files()) <= 3
    assert library.rows("SELECT count(archived_at) FROM media_files") == [(10,)]
    asked = len(host.requests)
    library.run()
    assert len(host.requests) == asked
    assert library.statuses() == {"stored": 10}


def test_verification_finds_a_flipped_bit_that_left_size_and_time_alone(library: Library, host: FaultyHost) -> None:
    import os

    _land(library, host)
    library.run()
    asked = len(host.requests)
    broken = library.files()[0]
    stat, body = broken.stat(), broken.read_bytes()
    broken.write_bytes(body[:50] + bytes([body[50] ^ 1]) + body[51:])
    os.utime(broken, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with library.open() as context:
        found = verify_files(context)
    assert (found.checked, len(found.corrupt)) == (3, 1)
    assert library.statuses() == {"stored": 3}
    assert library.statuses() == {"stored": 3}
    assert broken.read_bytes() == body
    assert len(host.requests) == asked, "the archive had it"
