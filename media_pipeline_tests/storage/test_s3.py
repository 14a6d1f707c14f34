"""A bucket: what its answers prove, how long it is asked again, and what it refuses."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from media_pipeline.model import Proof
from media_pipeline.storage.archive import ArchiveError, OtherBytes
from media_pipeline.storage.patience import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, MOST_TRIES, Patience, wait_after
from media_pipeline.storage.s3 import S3Archive
from media_pipeline.storage.s3_sending import Manner
from media_pipeline_tests.patience import PATIENCE_SECONDS
from media_pipeline_tests.seaweed import Seaweed
from media_pipeline_tests.storage.archives import (
    CONTENT,
    KEY,
    PART_BYTES,
    Bench,
    answer,
    client_of,
    content_of,
    put,
    s3_bench,
)

numbers = itertools.count()
LARGE = CONTENT * 600
"""Three parts."""


class Clock:
    """A time that passes only while somebody sleeps. Threads may sleep at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        with self._lock:
            self.now = max(self.now, until)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def real(seaweed: Seaweed) -> Iterator[Bench]:
    with s3_bench(seaweed.url, f"real-{next(numbers)}", multipart_bytes=PART_BYTES) as bench:
        yield bench


@pytest.fixture
def faulty(moto: str, clock: Clock) -> Iterator[Bench]:
    """A stand-in whose answers a test replaces, and whose waits cost no time."""
    patience = Patience(clock=clock, sleep=clock.sleep)
    with s3_bench(moto, f"faulty-{next(numbers)}", multipart_bytes=PART_BYTES, patience=patience) as bench:
        yield bench


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original.jpg"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.mp4"
    path.write_bytes(LARGE)
    return path


# What is proven, and what is not.


def test_a_service_that_checks_sha256_proves_what_it_took(real: Bench, original: Path, large: Path) -> None:
    assert put(real.archive, original).proof is Proof.SHA256
    sent = put(real.archive, large, "media/large.mp4")
    assert sent.proof is Proof.COMPOSITE
    assert sent.etag.endswith("-3")


def test_bytes_that_flip_on_the_servers_disk_pass_a_head_and_not_a_read(
    seaweed: Seaweed, real: Bench, original: Path, clock: Clock
) -> None:
    only_here = CONTENT[::-1]
    original.write_bytes(only_here)
    put(real.archive, original)
    seaweed.flip(only_here)
    assert real.archive.check(KEY, content_of(only_here)) is not None
    hurried = S3Archive(real.client, real.bucket, seaweed.url, patience=Patience(clock=clock, sleep=clock.sleep))
    with pytest.raises(ArchiveError):
        hurried.read_back(KEY, content_of(only_here))


def test_other_bytes_under_forged_metadata_are_told(real: Bench, original: Path) -> None:
    put(real.archive, original)
    real.overwrite(KEY, CONTENT[:-1] + b"?")
    with pytest.raises(OtherBytes):
        real.archive.check(KEY, content_of(CONTENT))


@pytest.mark.parametrize("in_parts", [False, True])
def test_right_bytes_that_another_tool_sent_are_right(real: Bench, original: Path, large: Path, in_parts: bool) -> None:
    path = large if in_parts else original
    if in_parts:
        real.client.upload_file(str(path), real.bucket, KEY)
    else:
        real.client.put_object(Bucket=real.bucket, Key=KEY, Body=path.read_bytes())
    found = real.archive.put(KEY, path, content_of(path.read_bytes()))
    assert not found.sent


def test_a_service_without_checksums_whose_etag_is_no_md5_is_read_back(faulty: Bench, original: Path) -> None:
    """As under SSE-KMS."""

    def anonymous(parsed: dict[str, Any], **_: Any) -> None:
        parsed.pop("ChecksumSHA256", None)
        parsed["ETag"] = '"00000000000000000000000000000000"'

    for name in ("PutObject", "HeadObject", "GetObject"):
        faulty.client.meta.events.register(f"after-call.s3.{name}", anonymous)
    assert put(faulty.archive, original).proof is Proof.READ
    found = faulty.archive.check(KEY, content_of(CONTENT))
    assert found is not None
    assert found.proof is Proof.READ


# Headers that a service does not know.


def refusing(bench: Bench, header: str) -> list[str]:
    """Answer 501 to every request with such a header; returns the refused URLs."""
    refused: list[str] = []

    def refuse(request: Any, **_: Any) -> Any:
        if not any(name.lower().startswith(header) for name in request.headers):
            return None
        refused.append(request.url)
        return answer(request, 501, "NotImplemented")

    for name in ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"):
        bench.client.meta.events.register(f"before-send.s3.{name}", refuse)
    return refused


@pytest.mark.parametrize(
    ("header", "learned"), [("x-amz-checksum", Manner(False, True)), ("if-none-match", Manner(True, False))]
)
def test_a_service_that_knows_a_header_not_is_used_without_by_all_threads(
    faulty: Bench, tmp_path: Path, header: str, learned: Manner
) -> None:
    """Of five threads four failed, and six files took five runs."""
    refused = refusing(faulty, header)
    paths = [tmp_path / f"{number}.jpg" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_bytes(CONTENT + bytes([number]))
    results: list[Any] = []

    def send(path: Path) -> None:
        try:
            results.append(put(faulty.archive, path, f"media/{path.name}"))
        except ArchiveError as error:
            results.append(error)

    threads = [threading.Thread(target=send, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found for found in results if isinstance(found, ArchiveError)] == []
    assert len(refused) <= 2 * len(paths)
    count = len(refused)
    assert _manner_of_a_put(faulty, paths[0]) == learned
    assert len(refused) == count


def _manner_of_a_put(bench: Bench, path: Path) -> Manner:
    """What is asked of the service when one more file is sent."""
    names: set[str] = set()
    bench.client.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: names.update(name.lower() for name in request.headers)
    )
    put(bench.archive, path, "media/one-more.jpg")
    return Manner(any(name.startswith("x-amz-checksum") for name in names), "if-none-match" in names)


def test_a_large_file_goes_in_parts_where_no_checksum_is_known(faulty: Bench, large: Path) -> None:
    refusing(faulty, "x-amz-checksum")
    faulty.client.meta.events.register(
        "before-parameter-build.s3.CreateMultipartUpload",
        lambda params, **_: (_ for _ in ()).throw(_refusal()) if "ChecksumAlgorithm" in params else None,
    )
    sent = put(faulty.archive, large)
    assert sent.proof is Proof.ETAG
    assert not sent.proof.allows_eviction


def _refusal() -> ClientError:
    return ClientError({"Error": {"Code": "NotImplemented", "Message": "no"}}, "CreateMultipartUpload")


# Uploads in parts that nobody ends.


def test_parts_of_a_killed_run_are_removed_by_the_next(real: Bench, large: Path) -> None:
    for key in ("media/killed.mp4", "others/not-ours.mp4"):
        upload = real.client.create_multipart_upload(Bucket=real.bucket, Key=key)["UploadId"]
        real.client.upload_part(Bucket=real.bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"x" * PART_BYTES)
    put(real.archive, large)
    left = real.client.list_multipart_uploads(Bucket=real.bucket).get("Uploads", [])
    assert [upload["Key"] for upload in left] == ["others/not-ours.mp4"]


def test_an_upload_that_another_run_aborted_is_sent_once_more(seaweed: Seaweed, real: Bench, large: Path) -> None:
    turns = iter([True])

    def abort_all(**_: Any) -> None:
        if next(turns, False):
            with s3_bench(seaweed.url, f"unused-{next(numbers)}") as other:
                for upload in other.client.list_multipart_uploads(Bucket=real.bucket).get("Uploads", []):
                    other.client.abort_multipart_upload(
                        Bucket=real.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )

    real.client.meta.events.register("before-call.s3.UploadPart", abort_all)
    put(real.archive, large)
    assert real.archive.read_back(KEY, content_of(LARGE)) is not None


def test_what_another_thread_has_begun_is_never_taken_for_left_over(real: Bench, large: Path) -> None:
    aborted: list[Any] = []
    events = real.client.meta.events
    events.register("before-call.s3.ListMultipartUploads", lambda **_: time.sleep(0.5))
    events.register("before-call.s3.CompleteMultipartUpload", lambda **_: time.sleep(1))
    events.register("before-call.s3.AbortMultipartUpload", lambda **_: aborted.append(1))
    keys = [f"media/{number}.jpg" for number in range(4)]
    threads = [threading.Thread(target=put, args=(real.archive, large, key)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert aborted == []
    assert all(real.archive.read_back(key, content_of(LARGE)) for key in keys)


def test_an_interrupted_upload_leaves_no_parts(faulty: Bench, large: Path) -> None:
    faulty.client.meta.events.register("before-send.s3.UploadPart", lambda request, **_: answer(request, 403, "No"))
    with pytest.raises(ArchiveError, match="No"):
        put(faulty.archive, large)
    assert "Uploads" not in faulty.client.list_multipart_uploads(Bucket=faulty.bucket)


# Why a service refuses.


@pytest.mark.parametrize(
    ("key_id", "secret", "reason"),
    [("unknown", "secret", "AWS_ACCESS_KEY_ID"), ("key", "wrong", "AWS_SECRET_ACCESS_KEY")],
)
def test_a_refused_head_is_explained_by_what_a_get_says(
    seaweed: Seaweed, real: Bench, key_id: str, secret: str, reason: str
) -> None:
    """A HEAD has no body: all that it says is 403."""
    archive = S3Archive(client_of(seaweed.url, key_id, secret), real.bucket, seaweed.url)
    with pytest.raises(ArchiveError, match=reason):
        archive.check(KEY, content_of(CONTENT))


def test_a_bucket_that_is_not_there_is_named(seaweed: Seaweed) -> None:
    archive = S3Archive(client_of(seaweed.url), "no-such-bucket", seaweed.url)
    with pytest.raises(ArchiveError, match="AWS_S3_BUCKET"):
        archive.read_note(".media-pipeline.json")


# How long it is asked again.


def failing(bench: Bench, statuses: Iterator[int | None]) -> None:
    def refuse(request: Any, **_: Any) -> Any:
        status = next(statuses, None)
        return None if status is None else answer(request, status, "SlowDown" if status == 503 else "InternalError")

    bench.client.meta.events.register("before-send.s3", refuse)


def test_sixty_files_are_sent_although_the_service_says_no_for_nine_minutes(
    faulty: Bench, clock: Clock, tmp_path: Path
) -> None:
    """botocore's quota of retries is one for all calls: 3 s of 503 failed 60 of 60 files."""

    def refuse(request: Any, **_: Any) -> Any:
        return answer(request, 503, "SlowDown") if clock.now < 540 else None

    faulty.client.meta.events.register("before-send.s3", refuse)
    for number in range(60):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(CONTENT + bytes([number]))
        assert put(faulty.archive, path, f"media/{path.name}").sent
    assert 540 <= clock.now < 540 + 2 * LONGEST_WAIT_SECONDS


def test_a_service_that_stays_away_fails_after_ten_minutes_and_the_rest_at_once(
    faulty: Bench, clock: Clock, original: Path
) -> None:
    failing(faulty, itertools.repeat(503))
    with pytest.raises(ArchiveError, match="503"):
        put(faulty.archive, original)
    assert 600 <= clock.now < 700
    for number in range(20):
        with pytest.raises(ArchiveError):
            put(faulty.archive, original, f"media/{number}.jpg")
    assert clock.now < 600 + 25 * LONGEST_WAIT_SECONDS


def test_one_object_that_always_fails_costs_itself(faulty: Bench, clock: Clock, original: Path) -> None:
    def refuse(request: Any, **_: Any) -> Any:
        return answer(request, 500, "InternalError") if "bad.jpg" in request.url else None

    faulty.client.meta.events.register("before-send.s3", refuse)
    with pytest.raises(ArchiveError, match="500"):
        put(faulty.archive, original, "media/bad.jpg")
    assert clock.now < MOST_TRIES * LONGEST_WAIT_SECONDS
    before = clock.now
    assert put(faulty.archive, original, "media/good.jpg").sent
    assert clock.now == before, "nobody else waits for it"


def test_what_can_not_pass_is_not_asked_again(faulty: Bench, clock: Clock, original: Path) -> None:
    asked: list[str] = []

    def refuse(request: Any, **_: Any) -> Any:
        asked.append(request.method)
        return answer(request, 403, "AccessDenied")

    faulty.client.meta.events.register("before-send.s3", refuse)
    with pytest.raises(ArchiveError, match="AccessDenied"):
        put(faulty.archive, original)
    assert asked == ["HEAD", "GET"]
    assert clock.now == 0


def test_threads_that_are_refused_together_wait_together(clock: Clock) -> None:
    """They wait as after one no: with each of ten counted, it would be thirty seconds."""
    together = threading.Barrier(10, timeout=PATIENCE_SECONDS)

    def sleep(seconds: float) -> None:
        until = clock.now + seconds
        if clock.now == 0:
            together.wait()
        clock.now = max(clock.now, until)

    def call(_: int) -> str:
        answers = iter([EndpointConnectionError(endpoint_url="http://archive")])

        def function() -> str:
            for error in answers:
                together.wait()
                raise error
            return "sent"

        return patience.call(function)

    patience = Patience(clock=clock, sleep=sleep)
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(call, range(10))) == ["sent"] * 10
    assert 0 < clock.now <= FIRST_WAIT_SECONDS


def test_waits_double_and_have_an_end() -> None:
    for noes in range(1, 40):
        wait = wait_after(noes)
        assert 0 < wait <= LONGEST_WAIT_SECONDS
    assert wait_after(40) >= LONGEST_WAIT_SECONDS / 2


def test_a_service_out_of_reach_is_an_error_that_names_the_object(original: Path) -> None:
    archive = S3Archive(client_of("http://127.0.0.1:1"), "bucket", "http://127.0.0.1:1", patience=Patience(0))
    with pytest.raises(ArchiveError, match=f"{KEY}.*127.0.0.1:1"):
        put(archive, original)


# Authorities of one's own.


def test_an_archive_is_held_against_the_authorities_of_media_ca_file(tmp_path: Path) -> None:
    from media_pipeline.storage.bucket import bundle_with

    own = tmp_path / "own.pem"
    own.write_text("-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----\n")
    text = bundle_with(own).read_text()
    assert text.endswith(own.read_text())
    assert text.count("BEGIN CERTIFICATE") > 50, "the usual ones are trusted as well"
