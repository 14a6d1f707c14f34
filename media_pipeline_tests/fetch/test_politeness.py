"""How hosts are asked, over real HTTP: no more at a time, no faster and no longer than they bear.

Several FaultyHosts are several hosts, since a host is a name and a port.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.fetch.dispatch.crew import WORTH_PROCESSES
from media_pipeline.fetch.dispatch.downloader import DownloadDropped, Downloader
from media_pipeline.fetch.dispatch.journey import Wanted
from media_pipeline.fetch.dispatch.medium import Fetched
from media_pipeline.fetch.outcome import seconds_of_retry_after
from media_pipeline.model import Candidate, FetchedFile, FetchFailure, Status
from media_pipeline.settings import Settings
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import JPEG, Exchange, FaultyHost
from media_pipeline_tests.library import Library, picture, tweet
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for

CACHE = (read_posts, write_manifests, cache_media)


@pytest.fixture
def other_host() -> Iterator[FaultyHost]:
    with FaultyHost() as host:
        yield host


class Run:
    """A downloader and the folder that it fetches into."""

    def __init__(self, downloader: Downloader, folder: Path) -> None:
        self.downloader = downloader
        self._folder = folder

    def begin(self, *urls: str) -> list[Future[Fetched]]:
        return [self.want(Candidate(url)) for url in urls]

    def want(self, *candidates: Candidate) -> Future[Fetched]:
        return self.downloader.submit(Wanted(candidates), self._folder)


MakeRun = Callable[..., Run]


@pytest.fixture
def start(host: FaultyHost, other_host: FaultyHost, tmp_path: Path) -> Iterator[MakeRun]:
    """Starts runs; keyword arguments are settings, ``expected`` is the length of the list."""
    with ExitStack() as stack:

        def make(expected: int = 1, **settings: Any) -> Run:
            chosen = {
                "media_storage_path": tmp_path / "storage",
                "media_allowed_hosts": (host.address, other_host.address),
                "media_timeout_seconds": PATIENCE_SECONDS,
                "media_backoff_seconds": 0.01,
                "media_download_workers": 4,
                **settings,
            }
            folder = tmp_path / "fetched"
            folder.mkdir(exist_ok=True)
            return Run(stack.enter_context(Downloader(Settings(_env_file=None, **chosen), expected)), folder)

        yield make


@pytest.fixture
def start_processes(start: MakeRun, host: FaultyHost) -> MakeRun:
    """The same for a long list, with two worker processes that are known to fetch, or none where settings say so."""

    def make(**settings: Any) -> Run:
        run = start(WORTH_PROCESSES, **{"media_download_processes": 2, **settings})
        url, makers = host.serve("/warm"), set[str]()

        def everyone_fetched() -> bool:
            for file in [future.result(PATIENCE_SECONDS) for future in run.begin(*[url] * 8)]:
                assert isinstance(file, FetchedFile)
                makers.add(file.path.name.rpartition("-")[0])
            return len(makers) > run.downloader.processes

        wait_for(everyone_fetched)
        host.requests.clear()
        return run

    return make


class Watched:
    """A fault that counts who is served at a time, and may hold everyone until a gate opens.

    A request counts from its receipt until just before the last byte of its answer: so that a count above a limit is
    a limit passed.
    """

    def __init__(self, gate: threading.Event | None = None) -> None:
        self._gate = gate
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __call__(self, exchange: Exchange) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        if self._gate:
            self._gate.wait(PATIENCE_SECONDS)
        time.sleep(0.005)
        body = exchange.page.body
        exchange.begin(200, Content_Length=str(len(body)))
        exchange.send(body[:-1])
        with self._lock:
            self._now -= 1
        exchange.send(body[-1:])


def pages(host: FaultyHost, count: int, fault: faulty_host.Fault | None = None, name: str = "") -> list[str]:
    return [host.serve(f"/{name}{number}.jpg", JPEG + bytes([number % 256]), fault=fault) for number in range(count)]


def results(futures: Sequence[Future[Fetched]]) -> list[Fetched]:
    return [future.result(PATIENCE_SECONDS) for future in futures]


def statuses(ended: Iterable[Fetched]) -> set[Status | None]:
    """Of failures; None for what is none."""
    return {result.status if isinstance(result, FetchFailure) else None for result in ended}


# At a time.


def test_a_host_has_no_more_under_way_than_its_limit_and_others_go_on(start, host, other_host):
    """The host holds what it has until all of the other one's are there."""
    gate = threading.Event()
    slow, quick = Watched(gate), Watched()
    run = start(media_host_workers=2, media_download_workers=6)
    waiting = run.begin(*pages(host, 20, slow))
    others = run.begin(*pages(other_host, 30, quick))
    assert all(isinstance(result, FetchedFile) for result in results(others))
    assert len(host.requests) == 2
    gate.set()
    assert all(isinstance(result, FetchedFile) for result in results(waiting))
    assert slow.most == 2
    assert quick.most <= 2


def test_worker_processes_together_keep_the_limit_of_a_host(start_processes, host, other_host):
    run = start_processes(media_host_workers=3, media_download_workers=8)
    watched, other = Watched(), Watched()
    futures = run.begin(*pages(host, 120, watched)) + run.begin(*pages(other_host, 120, other))
    assert all(isinstance(result, FetchedFile) for result in results(futures))
    assert (watched.most, other.most) == (3, 3)
    assert run.downloader.processes == 2


def test_the_target_of_a_redirect_counts_as_its_own_host(start, host, other_host):
    watched = Watched()
    run = start(media_host_workers=1)
    targets = pages(other_host, 8, watched)
    links = [host.serve(f"/{n}", fault=faulty_host.redirect(target)) for n, target in enumerate(targets)]
    assert all(isinstance(result, FetchedFile) for result in results(run.begin(*links)))
    assert watched.most == 1


# How fast.


def test_a_host_is_asked_no_faster_than_its_rate_and_another_is_served_beside_it(start, host, other_host):
    rate, count = 20, 8
    run = start(media_host_rate=rate)
    begun = time.monotonic()
    arrivals: list[float] = []

    def note(exchange: Exchange) -> None:
        arrivals.append(time.monotonic())
        exchange.serve()

    results(run.begin(*pages(host, count, note), *pages(other_host, count)))
    assert len(arrivals) == count
    for number, arrived in enumerate(sorted(arrivals)):
        assert arrived - begun >= number / rate


def test_a_rate_holds_for_a_long_list_too(start_processes, host, other_host):
    """Requests must not wait in workers behind slow ones, and then begin all at once."""
    rate, count = 20, 13
    run = start_processes(media_download_workers=2, media_host_rate=rate)
    gate = threading.Event()
    slow = run.begin(*pages(other_host, 2, Watched(gate)))
    wait_for(lambda: len(other_host.requests) == 2)
    futures = run.begin(*pages(host, count))
    time.sleep(count / rate)
    gate.set()
    begun = sorted(result.attempts[0].started_at for result in results(futures))
    results(slow)
    assert (begun[-1] - begun[0]).total_seconds() > (count - 1) / rate / 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_host_that_asks_for_a_pause_gets_it_from_everyone(start, host, form):
    """All of its URLs wait, not only the one that was answered so. With one at a time none is under way meanwhile."""
    run = start(media_host_workers=1)
    until: list[datetime] = []
    arrivals: list[datetime] = []

    def busy_once(exchange: Exchange) -> None:
        now = datetime.now(UTC)
        arrivals.append(now)
        if until:
            exchange.serve()
        elif form == "seconds":
            until.append(now + timedelta(seconds=1))
            exchange.reply(429, b"", Retry_After="1")
        else:
            until.append(now.replace(microsecond=0) + timedelta(seconds=2))
            exchange.reply(503, b"", Retry_After=format_datetime(until[0], usegmt=True))

    fetched = results(run.begin(*pages(host, 4, busy_once)))
    assert all(isinstance(result, FetchedFile) for result in fetched)
    assert len(arrivals) == 5
    assert min(arrivals[1:]) >= until[0]


def test_another_host_is_served_while_one_rests(start, host, other_host):
    run = start(media_host_workers=1)
    resting = run.begin(*pages(host, 3, faulty_host.status(503, Retry_After="60")))
    wait_for(lambda: bool(host.requests and host.requests[0].status))
    assert all(isinstance(result, FetchedFile) for result in results(run.begin(*pages(other_host, 20))))
    assert len(host.requests) == 1
    run.downloader.close()
    assert all(isinstance(future.exception(), DownloadDropped) for future in resting)


@given(st.one_of(st.text(max_size=40), st.integers().map(str), st.datetimes().map(format_datetime)))
def test_any_retry_after_is_read_or_ignored(text):
    seconds = seconds_of_retry_after(text, datetime(2026, 11, 20, tzinfo=UTC))
    assert seconds is None or seconds >= 0


# Leaving a host alone.


def two_hosts(tmp_path: Path, host: FaultyHost, other_host: FaultyHost, **settings: Any) -> Library:
    chosen = {"media_allowed_hosts": (host.address, other_host.address), "media_backoff_seconds": 0.01, **settings}
    return Library(tmp_path / "library", **chosen)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_long_pause_leaves_the_host_for_a_later_run(tmp_path, host, other_host, form):
    library = two_hosts(tmp_path, host, other_host, media_host_workers=1)
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
    asked_for = "18000" if form == "seconds" else format_datetime(later, usegmt=True)
    urls = pages(host, 5, faulty_host.status(503, Retry_After=asked_for))
    others = [other_host.serve(f"/{n}.jpg", picture(n)) for n in range(5)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls + others)])
    library.run(stages=CACHE)
    assert library.statuses() == {"failed": 5, "stored": 5}
    assert len(host.requests) == 1
    rows = library.rows("SELECT error, attempts, next_attempt_at FROM post_media WHERE status = 'failed'")
    assert sorted(attempts for _, attempts, _ in rows) == [0, 0, 0, 0, 1], "only what was asked counts as tried"
    for error, attempts, due in rows:
        assert datetime.fromisoformat(due).replace(tzinfo=UTC) >= later - timedelta(seconds=form == "date")
        assert ("503" in error) == (attempts == 1)
        assert ("is left alone for 300 minutes" in error) == (attempts == 0)


@pytest.mark.parametrize("code", [403, 429])
def test_a_host_that_refuses_everything_is_left_alone_and_nothing_is_blamed_for_it(tmp_path, host, other_host, code):
    library = two_hosts(tmp_path, host, other_host, media_ban_after=6, media_ban_minutes=90, media_host_workers=2)
    urls = pages(host, 40, faulty_host.status(code))
    others = [other_host.serve(f"/{n}.jpg", picture(n)) for n in range(5)]
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls + others)])
    begun = datetime.now(UTC)
    library.run(stages=CACHE)
    assert library.statuses() == {"failed": 40, "stored": 5}
    asked = {host.url(request.path) for request in host.requests}
    assert 6 <= len(host.requests) <= 6 + 1, "and what was under way beside the last one"
    rows = library.rows("SELECT media_url, attempts, error, next_attempt_at FROM post_media WHERE status = 'failed'")
    for url, attempts, error, due in rows:
        assert attempts == (url in asked)
        assert "is left alone" in error
        assert datetime.fromisoformat(due).replace(tzinfo=UTC) >= begun + timedelta(minutes=89)
    assert library.rows("SELECT count(*) FROM fetch_attempts WHERE error_kind = ?", f"http_{code}") == [
        (len(host.requests),)
    ]


def test_a_ban_is_noticed_by_worker_processes_together(start_processes, host):
    run = start_processes(media_ban_after=10, media_host_workers=3, media_download_workers=4)
    futures = run.begin(*pages(host, 240, faulty_host.status(403), "banned"))
    ended = results(futures)
    assert statuses(ended) == {Status.FAILED}
    assert 10 <= len(host.requests) <= 10 + 2
    assert sum(bool(result.attempts) for result in ended) == len(host.requests)
    assert all(result.retry_after_seconds for result in ended if isinstance(result, FetchFailure))


def test_single_refusals_among_successes_are_believed(start, host):
    run = start(media_ban_after=4, media_host_workers=1)
    urls = [host.serve(f"/{n}.jpg", JPEG, fault=faulty_host.status(403) if n % 3 else None) for n in range(30)]
    ended = results(run.begin(*urls))
    assert [isinstance(result, FetchedFile) for result in ended] == [n % 3 == 0 for n in range(30)]
    assert {result.status for result in ended if isinstance(result, FetchFailure)} == {Status.FORBIDDEN}
    assert len(host.requests) == 30


def test_a_few_refusals_at_the_end_are_believed_when_there_is_nothing_left_to_ask(start, host):
    run = start(media_ban_after=10)
    ended = results(run.begin(*pages(host, 9, faulty_host.status(403))))
    assert statuses(ended) == {Status.FORBIDDEN}


def test_what_is_still_being_submitted_counts_as_left_to_ask(start, host):
    """A ban must not look like a single refusal since the rest comes a moment later."""
    run = start(media_ban_after=2)
    with run.downloader.together():
        futures = run.begin(*pages(host, 1, faulty_host.status(403)))
        time.sleep(0.2)
        futures += run.begin(*pages(host, 2, faulty_host.status(403)))
    assert statuses(results(futures)) == {Status.FAILED}


def test_a_refusal_is_believed_when_its_host_redirects_all_else_to_another(start, host, other_host):
    """The last that the host says is a redirect: nothing else of it ends that could wake the refusal."""
    run = start(media_host_workers=1, media_download_workers=1)
    elsewhere = other_host.serve("/a.jpg")
    forbidden = host.serve("/forbidden.jpg", fault=faulty_host.status(403))
    moved = host.serve("/moved.jpg", fault=faulty_host.redirect(elsewhere))
    refused, fetched = results(run.begin(forbidden, moved))
    assert statuses([refused]) == {Status.FORBIDDEN}
    assert isinstance(fetched, FetchedFile)


@pytest.mark.parametrize("code", [404, 410])
def test_what_is_gone_is_no_ban_however_often_in_a_row(start, host, code):
    run = start(media_ban_after=3)
    ended = results(run.begin(*pages(host, 40, faulty_host.status(code))))
    assert statuses(ended) == {Status.GONE}
    assert len(host.requests) == 40


def test_what_has_expired_is_no_ban(start, host):
    run = start(media_ban_after=3, media_try_expired=True)
    past = datetime.now(UTC) - timedelta(days=1)
    urls = pages(host, 20, faulty_host.status(403))
    ended = results([run.want(Candidate(url, expires_at=past)) for url in urls])
    assert statuses(ended) == {Status.EXPIRED}


# In which order.


def held_up(run: Run, host: FaultyHost) -> threading.Event:
    """Keep the only worker busy until the event is set."""
    gate = threading.Event()
    run.begin(host.serve("/gate", fault=Watched(gate)))
    wait_for(lambda: bool(host.requests))
    return gate


def test_what_dies_soonest_is_fetched_first(start, host):
    run = start(media_download_workers=1)
    gate = held_up(run, host)
    now = datetime.now(UTC)
    hours = [5, 1, None, 3, 2, None, 4]
    futures = [
        run.want(Candidate(host.serve(f"/{n}.jpg"), expires_at=now + timedelta(hours=n) if n else None)) for n in hours
    ]
    gate.set()
    wait(futures, PATIENCE_SECONDS)
    assert [request.path for request in host.requests[1:]] == [f"/{n}.jpg" for n in (1, 2, 3, 4, 5, None, None)]


def test_a_url_that_is_dead_already_puts_nothing_first(start, host):
    """It isn't asked, and what is asked in its place has time."""
    run = start(media_download_workers=1)
    gate = held_up(run, host)
    now = datetime.now(UTC)
    dead = Candidate(host.serve("/dead.jpg"), expires_at=now - timedelta(days=1))
    futures = [
        run.want(dead, Candidate(host.serve("/has-time.jpg"))),
        run.want(Candidate(host.serve("/dies-soon.jpg"), expires_at=now + timedelta(hours=1))),
    ]
    gate.set()
    assert all(isinstance(result, FetchedFile) for result in results(futures))
    assert [request.path for request in host.requests[1:]] == ["/dies-soon.jpg", "/has-time.jpg"]


# Who asks.


def test_the_program_says_who_it_is_and_may_be_told_to_say_it_otherwise(start, start_processes, host):
    results(start().begin(host.serve("/a")))
    assert host.requests[-1].headers["User-Agent"].startswith("media-pipeline/")
    run = start_processes(media_user_agent="archive of X (me@example.org)")
    results(run.begin(*pages(host, 20)))
    assert {request.headers["User-Agent"] for request in host.requests} == {"archive of X (me@example.org)"}


def test_requests_to_a_host_share_connections(start, host):
    """A host that is asked politely isn't made to open a connection for each file."""
    ports: set[int] = set()

    def note(exchange: Exchange) -> None:
        ports.add(exchange.handler.client_address[1])
        exchange.serve()

    results(start(media_download_workers=3).begin(*pages(host, 30, note)))
    assert len(ports) <= 3
