"""What holds of every archive, whatever stands behind it."""

import hashlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Proof
from media_pipeline.storage.archive import ArchiveError, OtherBytes, archive_keys, media_id_of_key
from media_pipeline.storage.folder import FolderArchive
from media_pipeline.storage.s3 import provider_of
from media_pipeline_tests.storage.archives import CONTENT, KEY, Bench, content_of, folder_bench, put, s3_bench

KINDS = {
    "folder": ("", {}),
    "seaweed": ("seaweed", {}),
    "seaweed in parts": ("seaweed", {"multipart_bytes": 1000}),
    "moto": ("moto", {}),
    "moto in parts": ("moto", {"multipart_bytes": 1000}),
}
numbers = itertools.count()


@pytest.fixture(params=list(KINDS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    server, chosen = KINDS[request.param]
    if not server:
        with folder_bench(tmp_path) as bench:
            yield bench
        return
    url = request.getfixturevalue(server)
    with s3_bench(url if server == "moto" else url.url, f"{server}-{next(numbers)}", **chosen) as bench:
        yield bench


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original.jpg"
    path.write_bytes(CONTENT)
    return path


def test_what_is_put_is_there_and_comes_back(bench: Bench, original: Path, tmp_path: Path) -> None:
    sent = put(bench.archive, original)
    assert (sent.key, sent.size, sent.sent) == (KEY, len(CONTENT), True)
    assert sent.provider == bench.archive.provider
    assert sent.url.endswith(KEY)
    assert sent.etag
    found = bench.archive.check(KEY, content_of(CONTENT, archived_etag=sent.etag))
    assert found is not None
    assert (found.etag, found.url, found.sent) == (sent.etag, sent.url, False)
    bench.archive.fetch_to(KEY, tmp_path / "restored.jpg")
    assert (tmp_path / "restored.jpg").read_bytes() == CONTENT


def test_what_is_put_is_proven_and_what_is_only_looked_at_is_not(bench: Bench, original: Path) -> None:
    sent = put(bench.archive, original)
    assert sent.proof is not None
    assert sent.proof.allows_eviction or bench.bucket.startswith("moto"), "a real service shows more than an MD5"
    looked_at = bench.archive.check(KEY, content_of(CONTENT, archived_etag=sent.etag))
    assert looked_at is not None
    assert looked_at.proof is None, "a HEAD shows that it is there"
    read = bench.archive.read_back(KEY, content_of(CONTENT))
    assert read is not None
    assert read.proof is Proof.READ


def test_what_is_there_already_is_not_sent_again(bench: Bench, original: Path) -> None:
    first = put(bench.archive, original)
    count = len(bench.sent)
    second = put(bench.archive, original)
    assert (second.sent, second.etag) == (False, first.etag)
    assert len(bench.sent) == count >= 1


def test_a_key_that_holds_other_bytes_is_never_overwritten(bench: Bench, original: Path) -> None:
    put(bench.archive, original)
    other = CONTENT[:-1] + b"?"
    bench.overwrite(KEY, other)
    with pytest.raises(OtherBytes, match=KEY):
        put(bench.archive, original)
    with pytest.raises(OtherBytes):
        bench.archive.read_back(KEY, content_of(CONTENT))
    assert bench.archive.read_back(KEY, content_of(other)) is not None


def test_another_size_or_content_is_not_the_right_one(bench: Bench, original: Path) -> None:
    put(bench.archive, original)
    for other in (CONTENT + b"x", CONTENT[:-1] + b"?"):
        with pytest.raises(OtherBytes):
            bench.archive.read_back(KEY, content_of(other))
    with pytest.raises(OtherBytes):
        bench.archive.check(KEY, content_of(CONTENT + b"x"))
    assert bench.archive.check("media/2026/11/other.jpg", content_of(CONTENT)) is None
    assert bench.archive.read_back("media/2026/11/other.jpg", content_of(CONTENT)) is None


def test_an_empty_file_is_kept_too(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert put(bench.archive, tmp_path / "empty").size == 0


def test_a_file_that_is_not_what_its_digest_says_is_refused(bench: Bench, original: Path) -> None:
    lie = content_of(CONTENT, sha256="ab" * 32, md5_sum="cd" * 16)
    with pytest.raises(ArchiveError, match=KEY):
        bench.archive.put(KEY, original, lie)


def test_a_missing_object_is_named_and_leaves_no_file(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=KEY):
        bench.archive.fetch_to(KEY, tmp_path / "restored.jpg")
    assert not (tmp_path / "restored.jpg").exists()


def test_a_missing_file_is_named(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="missing"):
        bench.archive.put(KEY, tmp_path / "missing", content_of(b"x"))


def test_keys_come_in_order_page_by_page(bench: Bench, original: Path) -> None:
    keys = [f"media/2026/{month:02}/med-{month}.jpg" for month in range(1, 6)]
    for key in keys:
        put(bench.archive, original, key)
    bench.archive.write_note(".note", b"no medium")
    assert list(bench.archive.keys("media/")) == keys
    assert list(bench.archive.keys("media/2026/03/")) == keys[2:3]
    assert list(bench.archive.keys("other/")) == []


def test_a_note_is_read_as_it_was_written_last(bench: Bench) -> None:
    assert bench.archive.read_note(".note") is None
    for data in (b"one", b"two"):
        bench.archive.write_note(".note", data)
    assert bench.archive.read_note(".note") == b"two"


def test_threads_that_send_one_file_at_once_all_succeed(bench: Bench, original: Path) -> None:
    results: list[Any] = []

    def send() -> None:
        try:
            results.append(put(bench.archive, original))
        except ArchiveError as error:
            results.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found for found in results if isinstance(found, ArchiveError)] == []
    assert bench.archive.read_back(KEY, content_of(CONTENT)) is not None


def test_several_threads_send_several_files(bench: Bench, tmp_path: Path) -> None:
    def send(number: int) -> None:
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(CONTENT + bytes([number]))
        put(bench.archive, path, f"media/2026/11/{number}.jpg")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(4):
        assert bench.archive.read_back(f"media/2026/11/{n}.jpg", content_of(CONTENT + bytes([n]))) is not None


def test_a_folder_archive_is_whole_or_absent(tmp_path: Path, original: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = FolderArchive(tmp_path / "archive")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", full)
    with pytest.raises(ArchiveError, match="No space left"):
        put(archive, original)
    assert not [path for path in archive.root.rglob("*") if path.is_file()]


def test_a_folder_without_hard_links_keeps_files_too(
    tmp_path: Path, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = FolderArchive(tmp_path / "archive")

    def unknown(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", unknown)
    assert put(archive, original).sent
    assert not put(archive, original).sent
    assert (archive.root / KEY).read_bytes() == CONTENT


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../outside", "media/../../outside"])
def test_no_key_leads_out_of_a_folder_archive(tmp_path: Path, original: Path, key: str) -> None:
    with pytest.raises(ArchiveError, match="lead out"):
        put(FolderArchive(tmp_path / "archive"), original, key)


def test_a_key_says_year_and_month_and_then_more_and_more_of_the_content() -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    keys = list(archive_keys("med-1", datetime(2026, 3, 9, tzinfo=UTC), "jpg", sha256))
    assert keys[:2] == ["media/2026/03/med-1.jpg", f"media/2026/03/med-1-{sha256[:8]}.jpg"]
    assert keys[-1] == f"media/2026/03/med-1-{sha256}.jpg"
    assert {media_id_of_key(key) for key in keys} == {"med-1"}


@pytest.mark.parametrize("key", ["media/2026/03/other.jpg", "imports/med-1.jpg", "med-1.jpg", "media/"])
def test_a_key_of_another_form_names_no_reference(key: str) -> None:
    assert media_id_of_key(key) is None


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
def test_the_provider_is_known_by_its_endpoint(endpoint_url: str, provider: str) -> None:
    assert provider_of(endpoint_url) == provider


def test_an_object_keeps_its_facts_when_it_counts_as_sent() -> None:
    assert replace(content_of(CONTENT), archived_etag="e").sha256 == content_of(CONTENT).sha256
