import functools
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.server import ThreadedMotoServer

from media_pipeline.storage.archive import Archive, ArchiveError, archive_key
from media_pipeline.storage.folder import FolderArchive
from media_pipeline.storage.s3 import S3Archive, provider_of

BUCKET = "archive"
KEY = "media/2026/11/med-0123456789abcdef0.jpg"
CONTENT = b"the bytes of a picture " * 1000
PART_BYTES = 5 * 1024 * 1024


@dataclass
class Bench:
    """An archive under test, with a back door to what it holds and a count of what was sent to it."""

    archive: Archive
    sent: list[str]

    def overwrite(self, key: str, content: bytes) -> None:
        """Change an object behind the archive's back, keeping all that is recorded with it."""
        if isinstance(self.archive, FolderArchive):
            (self.archive.root / key).write_bytes(content)
            return
        client = self.archive._client
        recorded = client.head_object(Bucket=BUCKET, Key=key)["Metadata"]
        client.put_object(Bucket=BUCKET, Key=key, Body=content, Metadata=recorded)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@functools.cache
def _session() -> boto3.session.Session:
    """One for all, since each reads the description of S3 anew: 0.1 s."""
    return boto3.session.Session()


def s3_client(endpoint_url: str) -> Any:
    client = _session().client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "max_attempts": 3}, s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=BUCKET)
    return client


@contextmanager
def s3_bench(endpoint_url: str, **chosen: Any) -> Iterator[Bench]:
    client = s3_client(endpoint_url)
    sent: list[str] = []
    for name in ("PutObject", "UploadPart"):
        client.meta.events.register(f"before-send.s3.{name}", lambda request, **_: sent.append(request.url) or None)
    yield Bench(S3Archive(client, BUCKET, endpoint_url, part_bytes=PART_BYTES, **chosen), sent)
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])


@contextmanager
def folder_bench(root: Path) -> Iterator[Bench]:
    sent: list[str] = []

    class Counting(FolderArchive):
        def _copy(self, source: Path, target: Path) -> None:
            sent.append(str(target))
            super()._copy(source, target)

    yield Bench(Counting(root / "archive"), sent)


@pytest.fixture(params=["folder", "s3", "s3 without checksums", "s3 in parts", "s3 in parts without checksums"])
def bench(request, tmp_path) -> Iterator[Bench]:
    if request.param == "folder":
        with folder_bench(tmp_path) as bench:
            yield bench
        return
    chosen = {"multipart_bytes": 1000} if "parts" in request.param else {}
    with s3_bench(request.getfixturevalue("moto"), **chosen) as bench:
        if "without" in request.param:
            bench.archive._leave_checksums_out()
        yield bench


@pytest.fixture
def original(tmp_path) -> Path:
    path = tmp_path / "original.jpg"
    path.write_bytes(CONTENT)
    return path


def put(archive: Archive, path: Path, key: str = KEY) -> Any:
    content = path.read_bytes()
    return archive.put(
        key,
        path,
        sha256=hashlib.sha256(content).hexdigest(),
        md5_sum=hashlib.md5(content).hexdigest(),
        mime_type="image/jpeg",
    )


def check(archive: Archive, content: bytes = CONTENT, key: str = KEY) -> Any:
    return archive.check(key, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def test_what_is_put_is_there_and_comes_back(bench, original, tmp_path):
    sent = put(bench.archive, original)
    assert (sent.key, sent.size, sent.sent) == (KEY, len(CONTENT), True)
    assert sent.provider == bench.archive.provider
    assert sent.url.endswith(KEY)
    assert sent.etag
    found = check(bench.archive)
    assert (found.etag, found.url, found.sent) == (sent.etag, sent.url, False)
    bench.archive.fetch_to(KEY, tmp_path / "restored.jpg")
    assert (tmp_path / "restored.jpg").read_bytes() == CONTENT


def test_what_is_there_already_is_not_sent_again(bench, original):
    first = put(bench.archive, original)
    count = len(bench.sent)
    second = put(bench.archive, original)
    assert (second.sent, second.etag) == (False, first.etag)
    assert len(bench.sent) == count >= 1


def test_flipped_bits_in_the_archive_are_noticed_and_mended(bench, original):
    put(bench.archive, original)
    bench.overwrite(KEY, CONTENT[:-1] + b"?")
    assert check(bench.archive) is None
    assert put(bench.archive, original).sent
    assert check(bench.archive) is not None


def test_another_size_or_content_is_not_a_match(bench, original):
    put(bench.archive, original)
    assert check(bench.archive, CONTENT + b"x") is None
    assert check(bench.archive, CONTENT[:-1] + b"?") is None
    assert check(bench.archive, key="media/2026/11/other.jpg") is None


def test_an_empty_file_is_kept_too(bench, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert put(bench.archive, tmp_path / "empty").size == 0


def test_a_file_that_is_not_what_its_digest_says_is_refused(bench, original):
    with pytest.raises(ArchiveError, match=KEY):
        bench.archive.put(KEY, original, sha256="ab" * 32, md5_sum="cd" * 16, mime_type="image/jpeg")
    assert check(bench.archive) is None


def test_a_missing_object_is_named_and_leaves_no_file(bench, tmp_path):
    with pytest.raises(ArchiveError, match=KEY):
        bench.archive.fetch_to(KEY, tmp_path / "restored.jpg")
    assert not (tmp_path / "restored.jpg").exists()


def test_a_missing_file_is_named(bench, tmp_path):
    with pytest.raises(ArchiveError, match="missing"):
        bench.archive.put(KEY, tmp_path / "missing", sha256="ab" * 32, md5_sum="cd" * 16, mime_type="image/jpeg")


def test_a_large_file_goes_in_parts(moto, tmp_path):
    path = tmp_path / "large.mp4"
    path.write_bytes(bytes(range(256)) * 4096 * 11)
    with s3_bench(moto, multipart_bytes=PART_BYTES) as bench:
        assert put(bench.archive, path).etag.endswith("-3")
        assert len(bench.sent) == 3
        assert check(bench.archive, path.read_bytes()) is not None
        bench.archive.fetch_to(KEY, tmp_path / "restored.mp4")
    assert (tmp_path / "restored.mp4").read_bytes() == path.read_bytes()


def test_an_interrupted_upload_leaves_no_parts(moto, original):
    with s3_bench(moto, multipart_bytes=1000) as bench:
        client = bench.archive._client
        client.meta.events.register("before-send.s3.UploadPart", lambda request, **_: answer(request, 403, "Refused"))
        with pytest.raises(ArchiveError, match="Refused"):
            put(bench.archive, original)
        assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET)


def test_a_busy_service_is_asked_again(moto, original):
    with s3_bench(moto) as bench:
        turns = iter([503, 500])

        def busy(request: Any, **_: Any) -> AWSResponse | None:
            status = next(turns, None)
            return None if status is None else answer(request, status, "SlowDown")

        bench.archive._client.meta.events.register("before-send.s3.PutObject", busy)
        assert put(bench.archive, original).sent


def test_a_service_that_knows_no_checksums_is_used_without(moto, original):
    with s3_bench(moto) as bench:
        seen: list[bool] = []

        def refuse(request: Any, **_: Any) -> AWSResponse | None:
            has_checksum = any(name.lower().startswith("x-amz-checksum") for name in request.headers)
            seen.append(has_checksum)
            return answer(request, 501, "NotImplemented") if has_checksum else None

        bench.archive._client.meta.events.register("before-send.s3.PutObject", refuse)
        assert put(bench.archive, original).sent
        assert seen[-1] is False
        assert check(bench.archive) is not None


def test_a_service_out_of_reach_is_an_error_that_names_the_object(tmp_path, original):
    client = boto3.session.Session().client(
        "s3",
        endpoint_url="http://127.0.0.1:1",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "max_attempts": 1}),
    )
    with pytest.raises(ArchiveError, match=f"{KEY}.*127.0.0.1:1"):
        put(S3Archive(client, BUCKET, "http://127.0.0.1:1"), original)


def answer(request: Any, status: int, code: str) -> AWSResponse:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    return AWSResponse(request.url, status, {"Content-Type": "application/xml"}, _Raw(body))


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


def test_a_folder_archive_is_whole_or_absent(tmp_path, original, monkeypatch):
    archive = FolderArchive(tmp_path / "archive")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ArchiveError, match="No space left"):
        put(archive, original)
    assert not [path for path in archive.root.rglob("*") if path.is_file()]


def test_a_folder_archive_can_stand_behind_a_web_server(tmp_path, original):
    archive = FolderArchive(tmp_path / "archive", "https://archive.test/")
    assert put(archive, original).url == f"https://archive.test/{KEY}"


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../outside", "media/../../outside"])
def test_no_key_leads_out_of_a_folder_archive(tmp_path, original, key):
    with pytest.raises(ArchiveError, match="lead out"):
        put(FolderArchive(tmp_path / "archive"), original, key)


def test_a_key_says_year_and_month_and_nothing_personal():
    assert archive_key("med-1", datetime(2026, 3, 9, tzinfo=UTC), "jpg") == "media/2026/03/med-1.jpg"


@pytest.mark.parametrize(
    ("endpoint_url", "provider"),
    [
        ("", "s3"),
        ("https://s3.eu-central-1.amazonaws.com", "s3"),
        ("https://0123.r2.cloudflarestorage.com", "r2"),
        ("https://storage.googleapis.com", "gcs"),
        ("http://minio:9000", "minio"),
    ],
)
def test_the_provider_is_known_by_its_endpoint(endpoint_url, provider):
    assert provider_of(endpoint_url) == provider


def test_archives_are_used_by_several_threads(bench, tmp_path):
    def send(number: int) -> None:
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(CONTENT + bytes([number]))
        put(bench.archive, path, f"media/2026/11/{number}.jpg")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(check(bench.archive, CONTENT + bytes([n]), f"media/2026/11/{n}.jpg") for n in range(4))
