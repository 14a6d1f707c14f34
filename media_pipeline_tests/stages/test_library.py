"""The Python interface: single URLs have the guarantees of every other reference, on both databases."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import media_pipeline
from media_pipeline.catalog import imports
from media_pipeline.catalog.errors import NoLibrary
from media_pipeline.library import AmbiguousQuestion, FetchResult, Library, ReadOnlyLibrary
from media_pipeline.model import ImportPartition, MediaType, Status
from media_pipeline.settings import Settings
from media_pipeline.stages.archive.s3_archive import archive_files
from media_pipeline.stages.context import opened
from media_pipeline.stages.imports.handing_over import NothingToImport
from media_pipeline.stages.imports.landing import look
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.imports.requested_urls import land_urls
from media_pipeline.storage.bucket import bucket_of
from media_pipeline.storage.durable import StorageError
from media_pipeline_tests.faulty_host import HTML, FaultyHost, Gate, status
from media_pipeline_tests.library import TWITTER, picture, tweet
from media_pipeline_tests.patience import PATIENCE_SECONDS
from media_pipeline_tests.seaweed import Seaweed
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither, signed


@pytest.fixture
def either(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def today() -> ImportPartition:
    return ImportPartition(datetime.now(UTC).date(), "url")


def fetch(either: EitherLibrary, *urls: str) -> list[FetchResult]:
    """As a script does it: each call opens the library anew."""
    with media_pipeline.open_library(either.settings) as library:
        return library.fetch_many(urls)


@contextmanager
def another_process(either: EitherLibrary, *urls: str) -> Iterator[subprocess.Popen[bytes]]:
    """A script that fetches these URLs; it is killed at the end, if it still lives."""
    script = "import sys, media_pipeline as m\nwith m.open_library() as library: library.fetch_many(sys.argv[1:])\n"
    settings = {
        "MEDIA_STORAGE_PATH": str(either.storage),
        "MEDIA_IMPORT_PATH": str(either.settings.import_path),
        "MEDIA_CATALOG_URL": either.settings.media_catalog_url,
        "MEDIA_ALLOWED_HOSTS": ",".join(either.settings.media_allowed_hosts),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", script, *urls], env={**os.environ, **settings}, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(happened: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.05)):
        if happened():
            return
        waiting.wait(0.05)
    raise AssertionError("it did not happen")


def test_a_fetched_url_is_stored_with_its_digests_size_and_kind(either: EitherLibrary, host: FaultyHost) -> None:
    body = picture(1, 64, 48)
    url = host.serve("/a.jpg", body)
    (result,) = fetch(either, url)
    assert (result.url, result.status, result.reason, result.is_stored) == (url, Status.STORED, None, True)
    assert result.path is not None
    assert result.path.read_bytes() == body
    assert result.sha256 == hashlib.sha256(body).hexdigest()
    assert result.md5 == hashlib.md5(body).hexdigest()
    assert (result.media_type, result.mime_type, result.size) == (MediaType.IMAGE, "image/jpeg", len(body))
    assert (result.width, result.height, result.archive_address) == (64, 48, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.url = "x"  # type: ignore[misc]


def test_a_fetched_url_is_a_reference_of_todays_partition_that_later_runs_archive_and_render(
    either: EitherLibrary, host: FaultyHost
) -> None:
    url = host.serve("/a.jpg", picture(1))
    fetch(either, url)
    with either.open() as stage, stage.database.read() as connection:
        assert imports.unfinished_partitions(connection) == [today()]
        assert look(either.settings, stage.database, settle=False).waiting == {}, "nothing is left for the sensor"
    either.run(today())
    (result,) = fetch(either, url)
    assert result.archive_address
    assert either.table("renditions")
    assert len(host.requests) == 1


def test_a_url_that_is_stored_is_returned_without_a_request(either: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    first_time = fetch(either, url, url)
    assert fetch(either, url) == first_time[:1] == first_time[1:]
    assert len(host.requests) == 1
    assert len(either.table("imports")) == 1


def test_a_url_that_an_export_has_brought_is_not_asked_for_again(either: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    either.land("a.json", [tweet(1, url)])
    either.fetch()
    (result,) = fetch(either, url)
    assert result.is_stored
    assert len(host.requests) == 1


def test_results_stand_in_the_order_of_their_urls_whatever_becomes_of_them(
    either: EitherLibrary, host: FaultyHost
) -> None:
    expired = host.url(signed("/old.jpg", datetime.now(UTC) - timedelta(days=1)))
    host.serve(expired.removeprefix(host.url("")), fault=status(403))
    expected = {
        host.serve("/a.jpg", picture(1)): Status.STORED,
        host.serve("/gone.jpg", fault=status(404)): Status.GONE,
        host.serve("/page.jpg", HTML): Status.NOT_MEDIA,
        host.serve("/closed.jpg", fault=status(403)): Status.FORBIDDEN,
        expired: Status.EXPIRED,
        "http://127.0.0.1:9/a.jpg": Status.UNSAFE,
        "http://169.254.169.254/latest/meta-data": Status.UNSAFE,
        "http://[::1]/a.jpg": Status.UNSAFE,
        "file:///etc/passwd": Status.UNSAFE,
        "http://user:pass@example.org/a.jpg": Status.UNSAFE,
        "http://x.test/\x00\x1b]0;a.jpg": Status.UNSAFE,
        "http://x.test/\udcff.jpg\u202e ": Status.UNSAFE,
        host.url("/a\x00.jpg"): Status.UNSAFE,
        host.url("/\ud800.jpg"): Status.UNSAFE,
        host.url("/\ufffd.jpg"): Status.UNSAFE,
        "=HYPERLINK(1)": Status.UNSAFE,
        " ": Status.UNSAFE,
        "": Status.UNSAFE,
    }
    results = fetch(either, *expected)
    assert {result.url: result.status for result in results} == expected
    assert [result.url for result in results] == list(expected)
    assert all(result.reason for result in results if not result.is_stored)
    asked = len(host.requests)
    assert fetch(either, *expected) == results
    assert len(host.requests) == asked, "what ended for good is not asked again"


def test_a_url_that_failed_is_asked_again_when_its_next_attempt_is_due_and_not_before(
    either: EitherLibrary, host: FaultyHost
) -> None:
    url = host.serve("/a.jpg", picture(1), fault=status(503))
    assert fetch(either, url)[0].status is Status.FAILED
    asked = len(host.requests)
    host.serve("/a.jpg", picture(1))
    assert fetch(either, url)[0].status is Status.FAILED
    assert len(host.requests) == asked
    either.make_due()
    assert fetch(either, url)[0].is_stored


def test_only_the_urls_of_the_call_are_fetched_not_what_else_is_due(either: EitherLibrary, host: FaultyHost) -> None:
    other = host.serve("/other.jpg", picture(2), fault=status(503))
    fetch(either, other)
    asked = len(host.requests)
    either.make_due()
    assert fetch(either, host.serve("/a.jpg", picture(1)))[0].is_stored
    assert [request.path for request in host.requests[asked:]] == ["/a.jpg"]


def test_a_stored_file_that_has_gone_from_the_disk_is_fetched_again(either: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    (before,) = fetch(either, url)
    assert before.path
    before.path.unlink()
    assert fetch(either, url) == [before]
    assert before.path.read_bytes() == picture(1)


def test_a_stored_file_that_was_changed_on_the_disk_is_fetched_again(either: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    (before,) = fetch(either, url)
    assert before.path
    content = bytearray(picture(1))
    content[len(content) // 2] ^= 1
    before.path.chmod(0o600)
    before.path.write_bytes(content)
    assert fetch(either, url) == [before]
    assert before.path.read_bytes() == picture(1)
    assert len(host.requests) == 2


def test_a_fetch_that_is_killed_goes_on_where_it_stopped(either: EitherLibrary, host: FaultyHost) -> None:
    with Gate() as gate:
        quick = [host.serve(f"/{number}.jpg", picture(number)) for number in range(5)]
        slow = host.serve("/slow.jpg", picture(9), fault=gate)
        with another_process(either, *quick, slow):
            assert gate.waiting.acquire(timeout=PATIENCE_SECONDS)
            until(lambda: either.has_catalogue() and either.statuses().get("stored") == 5)
    results = fetch(either, *quick, slow)
    assert [result.is_stored for result in results] == [True] * 6
    paths = [request.path for request in host.requests]
    assert sorted(path for path in paths if path != "/slow.jpg") == [f"/{number}.jpg" for number in range(5)]
    assert len(either.table("posts")) == 6


def test_a_fetch_that_was_killed_before_its_export_was_read_through_goes_on(
    either: EitherLibrary, host: FaultyHost
) -> None:
    urls = [host.serve(f"/{number}.jpg", picture(number)) for number in range(3)]
    with either.open() as stage:
        land_urls(either.settings, urls[:1])
        read_posts(stage, [land_urls(either.settings, urls[1:2])])
    assert [result.is_stored for result in fetch(either, *urls)] == [True, True, True]
    assert len(either.table("post_media")) == 3


def test_two_processes_that_ask_for_the_same_url_fetch_it_once(either: EitherLibrary, host: FaultyHost) -> None:
    with either.catalogue():
        pass
    with Gate() as gate:
        url = host.serve("/a.jpg", picture(1), fault=gate)
        with another_process(either, url) as one:
            assert gate.waiting.acquire(timeout=PATIENCE_SECONDS)
            with another_process(either, url) as other:
                gate.open()
                assert (one.wait(PATIENCE_SECONDS), other.wait(PATIENCE_SECONDS)) == (0, 0)
    assert len(host.requests) == 1


def test_more_urls_than_go_into_one_export_are_taken_in_batches(
    either: EitherLibrary, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_pipeline.library.URLS_AT_ONCE", 3)
    urls = [host.serve(f"/{number}.jpg", picture(number)) for number in range(7)]
    assert [result.is_stored for result in fetch(either, *urls)] == [True] * 7
    assert len(either.table("imports")) == 3


def test_nothing_is_fetched_where_the_settings_say_so(make_either: MakeEither, host: FaultyHost) -> None:
    either = make_either(download_media=False)
    assert fetch(either, host.serve("/a.jpg", picture(1)))[0].status is Status.PENDING
    assert host.requests == []


def test_files_are_found_by_either_digest_and_by_url(either: EitherLibrary, host: FaultyHost) -> None:
    url, exported = host.serve("/a.jpg", picture(1)), host.serve("/b.jpg", picture(2))
    either.land("a.json", [tweet(1, exported)])
    either.run(TWITTER)
    (result,) = fetch(either, url)
    assert result.sha256
    assert result.md5
    dead = host.serve("/gone.jpg", fault=status(404))
    fetch(either, dead)
    with media_pipeline.open_library(either.settings, read_only=True) as library:
        found = library.find(sha256=result.sha256.upper())
        assert found == library.find(md5=result.md5) == library.find(url=url)
        assert found is not None
        assert (found.path, found.url, found.size) == (result.path, url, result.size)
        of_export = library.find(url=exported)
        assert of_export is not None
        assert of_export.archive_address
        nothing = [library.find(url=dead), library.find(url="https://x.test/"), library.find(md5="0" * 32)]
        assert [*nothing, library.find(sha256=""), library.find(sha256=result.md5)] == [None] * 5
        with pytest.raises(AmbiguousQuestion):
            library.find()
        with pytest.raises(AmbiguousQuestion):
            library.find(md5="0", url=url)


def test_a_library_is_counted_and_verified(either: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    with media_pipeline.open_library(either.settings) as library:
        assert isinstance(library, Library)
        assert library.statistics().posts == 0
        result = library.fetch(url)
        library.fetch(host.serve("/gone.jpg", fault=status(404)))
        statistics = library.statistics()
        assert (statistics.media, statistics.stored, statistics.status) == (2, 1, {"gone": 1, "stored": 1})
        assert library.verify().checked == library.verify(result.md5).checked == 1
        assert library.verify("0" * 64).checked == 0
        assert result.path
        result.path.chmod(0o600)
        result.path.write_bytes(b"broken")
        assert [file.sha256 for file in library.verify(result.sha256).corrupt] == [result.sha256]
        assert library.fetch(url) == result


def test_a_library_that_is_opened_read_only_is_not_written_to(either: EitherLibrary, host: FaultyHost) -> None:
    (result,) = fetch(either, host.serve("/a.jpg", picture(1)))
    assert result.path
    result.path.chmod(0o600)
    result.path.write_bytes(b"broken")
    before = either.table("post_media")
    with media_pipeline.open_library(either.settings, read_only=True) as library:
        assert len(library.verify().corrupt) == 1
        with pytest.raises(ReadOnlyLibrary):
            library.fetch(host.serve("/b.jpg", picture(2)))
    assert either.table("post_media") == before
    assert result.path.exists()


def test_a_library_that_is_not_there_is_not_begun_by_looking_at_it(tmp_path: Path) -> None:
    settings = Settings(media_storage_path=tmp_path / "data", media_import_path=tmp_path / "imports")
    with (
        pytest.raises(NoLibrary, match="there is no library in"),
        media_pipeline.open_library(settings, read_only=True),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_day_before_the_first_import_date_takes_no_url(make_either: MakeEither) -> None:
    either = make_either(media_start_date=date.max - timedelta(days=400))
    with media_pipeline.open_library(either.settings) as library, pytest.raises(NothingToImport):
        library.fetch("https://x.test/a.jpg")


def test_one_text_in_place_of_several_urls_is_refused(either: EitherLibrary) -> None:
    with media_pipeline.open_library(either.settings) as library, pytest.raises(TypeError):
        library.fetch_many("https://x.test/a.jpg")


@pytest.mark.parametrize("wrong", [None, 5, b"https://x.test/a.jpg", ["https://x.test/a.jpg"]])
def test_a_url_that_is_no_text_is_refused_by_its_type(either: EitherLibrary, wrong: Any) -> None:
    with media_pipeline.open_library(either.settings) as library, pytest.raises(TypeError, match="a URL is a str"):
        library.fetch(wrong)


def test_a_media_type_is_told_by_the_bytes_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(picture(1))
    for source in (path, str(path), picture(1)):
        found = media_pipeline.detect_media_type(source)
        assert found is not None
        assert (found.mime_type, found.extension, found.media_type) == ("image/jpeg", "jpg", MediaType.IMAGE)
    assert media_pipeline.detect_media_type(HTML) is None
    assert media_pipeline.detect_media_type(b"") is None
    with pytest.raises(StorageError):
        media_pipeline.detect_media_type(tmp_path / "none")


def test_the_interface_is_imported_without_dagster_and_only_when_it_is_used() -> None:
    script = (
        "import sys, media_pipeline\n"
        "assert 'media_pipeline.library' not in sys.modules\n"
        "media_pipeline.open_library\n"
        "assert not {'dagster', 'dagster_aws'} & sys.modules.keys()\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
    with pytest.raises(AttributeError):
        _ = media_pipeline.nothing  # type: ignore[attr-defined]


def test_an_original_that_only_a_bucket_holds_is_known_and_fetched_back_without_a_request(
    make_either: MakeEither, seaweed: Seaweed, host: FaultyHost, request: pytest.FixtureRequest
) -> None:
    either = make_either(**seaweed.settings(f"of-the-interface-{request.node.callspec.id}"))
    url = host.serve("/a.jpg", picture(1))
    (first,) = fetch(either, url)
    assert first.path is not None
    with opened(either.settings, logging.getLogger(), bucket=bucket_of(either.settings)) as stage:
        assert archive_files(stage).failures == ()
    first.path.unlink()
    (again,) = fetch(either, url)
    assert (again.status, again.sha256, len(host.requests)) == (Status.STORED, first.sha256, 1)
    assert again.archive_address is not None and "of-the-interface" in again.archive_address
    assert again.path is not None and again.path.read_bytes() == picture(1)
