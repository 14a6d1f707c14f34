import hashlib
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from media_pipeline.fetch.body import TemporaryFileError
from media_pipeline.fetch.dispatch.downloader import DownloadDropped
from media_pipeline.fetch.outcome import seconds_of_retry_after
from media_pipeline.model import FetchedFile, FetchFailure, MediaType, Status
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import HTML, JPEG
from media_pipeline_tests.patience import PATIENCE_SECONDS


def test_a_medium_arrives_whole_with_its_digests_and_type(host, fetcher, tmp_path):
    url = host.serve("/a.bin", JPEG, mime_type="text/html", ETag='"e1"', Last_Modified="Wed, 21 Oct 2015 07:28:00 GMT")
    fetched = fetcher().fetch(url, tmp_path)
    assert isinstance(fetched, FetchedFile)
    assert fetched.path.read_bytes() == JPEG
    assert fetched.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert fetched.md5_sum == hashlib.md5(JPEG).hexdigest()
    assert (fetched.file_size, fetched.mime_type, fetched.extension) == (len(JPEG), "image/jpeg", "jpg")
    assert fetched.media_type is MediaType.IMAGE
    assert (fetched.etag, fetched.last_modified) == ('"e1"', "Wed, 21 Oct 2015 07:28:00 GMT")
    (attempt,) = fetched.attempts
    assert (attempt.url, attempt.http_status, attempt.error_kind) == (url, 200, None)
    assert (attempt.bytes_received, attempt.remote_address) == (len(JPEG), "127.0.0.1")


def test_a_body_of_many_chunks_arrives_whole(host, fetcher, tmp_path):
    body = JPEG * 100
    fetched = fetcher().fetch(host.serve("/large", body), tmp_path)
    assert fetched.path.read_bytes() == body
    assert fetched.sha256 == hashlib.sha256(body).hexdigest()


def test_the_host_is_asked_politely(host, fetcher, tmp_path):
    url = host.serve("/a")
    fetcher(media_user_agent="archive of X (me@example.org)").fetch(url, tmp_path)
    headers = host.requests[0].headers
    assert headers["User-Agent"] == "archive of X (me@example.org)"
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("size", [20_000, 700_000])
def test_more_than_a_body_s_length_is_an_error_whatever_its_size(host, fetcher, tmp_path, size):
    body = JPEG + bytes(size)
    url = host.serve("/a", body, fault=faulty_host.first(1, faulty_host.promises_less))
    fetched = fetcher().fetch(url, tmp_path)
    assert fetched.path.read_bytes() == body
    assert [attempt.error_kind for attempt in fetched.attempts] == ["too_long", None]


def test_cookies_are_not_sent_back(host, fetcher, tmp_path):
    fetcher_ = fetcher()
    for path in ("/a", "/b"):
        fetcher_.fetch(host.serve(path, Set_Cookie="id=1; Path=/"), tmp_path)
    assert all("Cookie" not in request.headers for request in host.requests)


def test_the_environment_names_no_proxy(host, fetcher, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert isinstance(fetcher().fetch(host.serve("/a"), tmp_path), FetchedFile)


def test_the_temporary_file_is_private(host, fetcher, tmp_path):
    fetched = fetcher().fetch(host.serve("/a"), tmp_path)
    assert fetched.path.parent == tmp_path
    assert stat.S_IMODE(fetched.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("code", "outcome", "requests"),
    [
        (404, Status.GONE, 1),
        (410, Status.GONE, 1),
        (401, Status.FORBIDDEN, 1),
        (403, Status.FORBIDDEN, 1),
        (451, Status.FORBIDDEN, 1),
        (400, Status.FAILED, 1),
        (418, Status.FAILED, 1),
        (408, Status.FAILED, 3),
        (425, Status.FAILED, 3),
        (429, Status.FAILED, 3),
        (500, Status.FAILED, 3),
        (503, Status.FAILED, 3),
        (204, Status.NOT_MEDIA, 1),
        (206, Status.FAILED, 1),
        (304, Status.FAILED, 1),
    ],
)
def test_each_answer_has_its_status(host, fetcher, tmp_path, code, outcome, requests):
    url = host.serve("/a", fault=faulty_host.status(code))
    failure = fetcher().fetch(url, tmp_path)
    assert isinstance(failure, FetchFailure)
    assert failure.status is outcome
    assert len(failure.attempts) == len(host.asked("/a")) == requests
    assert {attempt.http_status for attempt in failure.attempts} == {code}
    assert not list(tmp_path.iterdir())


def test_a_refusal_after_the_expiry_is_expired(host, fetcher, tmp_path):
    url = host.serve("/a", fault=faulty_host.status(403))
    now = datetime.now(UTC)
    assert fetcher().fetch(url, tmp_path, now - timedelta(hours=1)).status is Status.EXPIRED
    assert fetcher().fetch(url, tmp_path, now + timedelta(hours=1)).status is Status.FORBIDDEN


@pytest.mark.parametrize(
    "fault",
    [
        faulty_host.status(503),
        faulty_host.status(429, Retry_After="0"),
        faulty_host.cut,
        faulty_host.reset,
        faulty_host.promises_more,
        faulty_host.promises_less,
    ],
)
def test_a_fault_that_passes_is_tried_again(host, fetcher, tmp_path, fault):
    url = host.serve("/a", fault=faulty_host.first(2, fault))
    fetched = fetcher().fetch(url, tmp_path)
    assert isinstance(fetched, FetchedFile)
    assert [attempt.error_kind is None for attempt in fetched.attempts] == [False, False, True]
    assert list(tmp_path.iterdir()) == [fetched.path]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faulty_host.cut, "truncated"),
        (faulty_host.promises_more, "truncated"),
        (faulty_host.promises_less, "too_long"),
        (faulty_host.reset, "connection"),
        (faulty_host.silent(3), "timeout"),
    ],
)
def test_a_fault_that_does_not_pass_ends_as_failed_and_leaves_no_file(host, fetcher, tmp_path, fault, kind):
    url = host.serve("/a", fault=fault)
    seconds = 0.2 if kind == "timeout" else PATIENCE_SECONDS
    failure = fetcher(media_timeout_seconds=seconds).fetch(url, tmp_path)
    assert failure.status is Status.FAILED
    assert [attempt.error_kind for attempt in failure.attempts] == [kind] * 3
    assert not list(tmp_path.iterdir())


def test_a_host_that_nobody_answers_for_fails(fetcher, tmp_path):
    failure = fetcher(media_allowed_hosts=("127.0.0.1:1",)).fetch("http://127.0.0.1:1/a", tmp_path)
    assert failure.status is Status.FAILED
    assert {attempt.error_kind for attempt in failure.attempts} == {"connection"}


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_long_wait_is_handed_on_instead_of_waited_for(host, fetcher, tmp_path, form):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=3600), usegmt=True)
    url = host.serve("/a", fault=faulty_host.status(429, Retry_After="3600" if form == "seconds" else later))
    failure = fetcher().fetch(url, tmp_path)
    assert failure.status is Status.FAILED
    assert failure.retry_after_seconds == pytest.approx(3600, abs=30)
    assert len(failure.attempts) == 1


def test_retry_after_is_read_in_both_forms():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert seconds_of_retry_after("7", now) == 7
    assert seconds_of_retry_after("Thu, 01 Jan 2026 00:01:00 GMT", now) == 60
    assert seconds_of_retry_after("Thu, 01 Jan 2025 00:01:00 GMT", now) == 0
    assert seconds_of_retry_after("soon", now) is None
    assert seconds_of_retry_after(None, now) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (HTML, "html"),
        (b'{"error": 1}', "json"),
        (b"<?xml version='1.0'?><Error/>", "xml"),
    ],
)
def test_what_is_not_a_medium_is_kept_as_evidence(host, fetcher, tmp_path, body, kind):
    failure = fetcher().fetch(host.serve("/a.jpg", body), tmp_path)
    assert failure.status is Status.NOT_MEDIA
    assert failure.attempts[0].error_kind == kind
    assert failure.evidence.read_bytes() == body
    assert list(tmp_path.iterdir()) == [failure.evidence]


def test_an_empty_body_is_not_a_medium(host, fetcher, tmp_path):
    failure = fetcher().fetch(host.serve("/a.jpg", b""), tmp_path)
    assert (failure.status, failure.evidence, failure.attempts[0].error_kind) == (Status.NOT_MEDIA, None, "empty")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", [None, faulty_host.endless, faulty_host.gzip_bomb])
def test_a_body_over_the_limit_is_refused_declared_or_not(host, fetcher, tmp_path, fault):
    url = host.serve("/a", JPEG + bytes(1_000_000), fault=fault)
    failure = fetcher(media_max_file_mb=0.9).fetch(url, tmp_path)
    assert failure.status is Status.TOO_LARGE
    assert not list(tmp_path.iterdir())


def test_a_declared_size_is_refused_before_the_body_is_read(host, fetcher, tmp_path):
    failure = fetcher(media_max_file_mb=0.001).fetch(host.serve("/a"), tmp_path)
    assert (failure.status, failure.attempts[0].bytes_received) == (Status.TOO_LARGE, 0)


def test_a_compressed_transfer_is_decoded(host, fetcher, tmp_path):
    fetched = fetcher().fetch(host.serve("/a", fault=faulty_host.gzipped), tmp_path)
    assert fetched.path.read_bytes() == JPEG


@pytest.mark.parametrize("fault", [faulty_host.drip(0.05), faulty_host.drip_headers(0.05)], ids=["body", "headers"])
def test_a_host_that_drips_holds_no_worker(host, fetcher, tmp_path, fault):
    # Far longer than the pauses, also on a busy machine: it is the speed that ends it, and no silence.
    failure = fetcher(media_timeout_seconds=2).fetch(host.serve("/a", fault=fault), tmp_path)
    assert failure.status is Status.FAILED
    assert [attempt.error_kind for attempt in failure.attempts] == ["too_slow"]
    assert not list(tmp_path.iterdir())


def test_a_redirect_is_followed_and_each_hop_recorded(host, fetcher, tmp_path):
    host.serve("/b")
    url = host.serve("/a", fault=faulty_host.redirect("/b", 307))
    fetched = fetcher().fetch(url, tmp_path)
    assert isinstance(fetched, FetchedFile)
    assert [attempt.http_status for attempt in fetched.attempts] == [307, 200]


def test_a_redirect_loop_ends(host, fetcher, tmp_path):
    failure = fetcher().fetch(host.serve("/a", fault=faulty_host.redirect("/a")), tmp_path)
    assert failure.status is Status.FAILED
    assert "redirects" in failure.error
    assert len(failure.attempts) == 6
    assert failure.attempts[-1].error_kind == "too_many_redirects"


def test_a_redirect_with_an_endless_body_is_not_read(host, fetcher, tmp_path):
    def endless_redirect(exchange):
        exchange.begin(302, Location="/b", Connection="close")
        while True:
            exchange.send(bytes(65536))

    host.serve("/b")
    assert isinstance(fetcher().fetch(host.serve("/a", fault=endless_redirect), tmp_path), FetchedFile)


def test_the_templates_are_asked_in_their_order(host, fetcher, tmp_path):
    medium = host.serve("/medium.jpg?a=1%2F2&b=c")
    mirror = host.url("/mirror/{url}")
    fetched = fetcher(media_fetch_via=(mirror, "{url}")).fetch(medium, tmp_path)
    assert fetched.url == medium
    assert [request.path for request in host.requests] == [f"/mirror/{medium}", "/medium.jpg?a=1%2F2&b=c"]


def test_the_url_reaches_a_mirror_verbatim(host, fetcher, tmp_path):
    medium = "https://pbs.example/media/abc?format=jpg&name=orig"
    host.serve(f"/{medium}")
    fetched = fetcher(media_fetch_via=(host.url("/{url}"),)).fetch(medium, tmp_path)
    assert isinstance(fetched, FetchedFile)
    assert host.requests[0].path == f"/{medium}"


@pytest.mark.parametrize(
    ("mirror", "origin", "reported"),
    [
        (faulty_host.status(404), faulty_host.status(403), Status.GONE),
        (faulty_host.status(404), faulty_host.status(503), Status.FAILED),
        (faulty_host.status(503), faulty_host.status(404), Status.FAILED),
    ],
)
def test_a_failure_that_may_pass_is_reported_before_a_final_one(host, fetcher, tmp_path, mirror, origin, reported):
    medium = host.serve("/a", fault=origin)
    host.serve(f"/mirror/{medium}", fault=mirror)
    failure = fetcher(media_fetch_via=(host.url("/mirror/{url}"), "{url}")).fetch(medium, tmp_path)
    assert failure.status is reported


def test_evidence_of_a_template_that_did_not_matter_is_removed(host, fetcher, tmp_path):
    medium = host.serve("/a")
    host.serve(f"/mirror/{medium}", HTML)
    fetched = fetcher(media_fetch_via=(host.url("/mirror/{url}"), "{url}")).fetch(medium, tmp_path)
    assert list(tmp_path.iterdir()) == [fetched.path]


def test_a_folder_that_cannot_be_written_is_not_the_hosts_fault(host, fetcher, tmp_path):
    with pytest.raises(TemporaryFileError, match="can't create"):
        fetcher().fetch(host.serve("/a"), tmp_path / "missing")


def test_many_threads_share_a_fetcher_and_keep_their_connections(host, fetcher, tmp_path):
    urls = [host.serve(f"/{number}", JPEG + bytes([number])) for number in range(60)]
    fetcher_ = fetcher()
    with ThreadPoolExecutor(4) as pool:
        fetched = list(pool.map(lambda url: fetcher_.fetch(url, tmp_path), urls))
    assert [file.path.read_bytes()[-1] for file in fetched] == list(range(60))
    assert len(list(tmp_path.iterdir())) == 60


def test_a_connection_is_used_again_after_a_refusal(host, fetcher, tmp_path):
    ports = set()

    def note_port(exchange):
        ports.add(exchange.handler.client_address[1])
        exchange.reply(404, b"gone")

    fetcher_ = fetcher(media_download_workers=1)
    for number in range(3):
        fetcher_.fetch(host.serve(f"/{number}", fault=note_port), tmp_path)
    assert len(ports) == 1


def test_closing_ends_the_waiting_and_tells_what_was_asked(host, fetcher, tmp_path):
    asked = threading.Event()

    def busy(exchange):
        exchange.reply(503, b"", Retry_After="60")
        asked.set()

    fetcher_ = fetcher()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(fetcher_.fetch, host.serve("/a", fault=busy), tmp_path)
        assert asked.wait(PATIENCE_SECONDS)
        fetcher_.downloader.close()
        with pytest.raises(DownloadDropped) as dropped:
            waiting.result(PATIENCE_SECONDS)
    assert [attempt.error_kind for attempt in dropped.value.attempts] == ["http_503"]
