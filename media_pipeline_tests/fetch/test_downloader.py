"""Many downloads at a time: whoever fetches them, each ends once, and no process stays behind."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from media_pipeline.fetch.body import TemporaryFileError
from media_pipeline.fetch.dispatch.crew import WORTH_PROCESSES
from media_pipeline.fetch.dispatch.downloader import DownloadDropped, Downloader
from media_pipeline.fetch.dispatch.journey import Journey, Wanted
from media_pipeline.model import Candidate, FetchedFile, FetchFailure, Status
from media_pipeline.settings import Settings
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import HTML, JPEG, FaultyHost, Gate
from media_pipeline_tests.fetch.process_tree import download_workers, ends
from media_pipeline_tests.ids import telling
from media_pipeline_tests.patience import PATIENCE_SECONDS, wait_for


def only(url: str) -> Wanted:
    """A medium that can be had from one URL."""
    return Wanted((Candidate(url),))


MakeDownloader = Callable[..., Downloader]


@pytest.fixture
def downloader(host: FaultyHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeDownloader]:
    """Makes downloaders that expect a long list; keyword arguments are settings."""
    with ExitStack() as stack:

        def make(expected: int = WORTH_PROCESSES, **settings: Any) -> Downloader:
            chosen = {
                "media_storage_path": tmp_path_factory.mktemp("storage"),
                "media_allowed_hosts": (host.address,),
                "media_timeout_seconds": PATIENCE_SECONDS,
                "media_backoff_seconds": 0.01,
                "media_download_workers": 4,
                "media_download_processes": 2,
                **settings,
            }
            return stack.enter_context(Downloader(Settings(_env_file=None, **chosen), expected))

        yield make


def until_workers_fetch(downloader: Downloader, host: FaultyHost, folder: Path) -> None:
    """Fetch until both workers have brought something: the names of their files tell who fetched them."""
    url, seen = host.serve("/warm"), set[str]()

    def everyone_fetched() -> bool:
        fetched = [downloader.submit(only(url), folder).result() for _ in range(8)]
        fetched += [future.result() for future in [downloader.submit(only(url), folder) for _ in range(16)]]
        for file in fetched:
            assert isinstance(file, FetchedFile)
            seen.add(file.path.name.rpartition("-")[0])
            file.path.unlink()
        return len(seen) == 3

    wait_for(everyone_fetched)


def test_processes_bring_what_threads_would(host, downloader, tmp_path):
    downloader_ = downloader(media_max_file_mb=0.5)
    until_workers_fetch(downloader_, host, tmp_path)
    urls = {host.serve(f"/{n}", JPEG + bytes([n])): n for n in range(60)}
    futures = {url: downloader_.submit(only(url), tmp_path) for url in urls}
    for url, number in urls.items():
        fetched = futures[url].result(PATIENCE_SECONDS)
        assert isinstance(fetched, FetchedFile)
        assert fetched.path.read_bytes() == JPEG + bytes([number])
        assert [attempt.http_status for attempt in fetched.attempts] == [200]
    assert len(list(tmp_path.iterdir())) == 60


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ({"fault": faulty_host.status(404)}, Status.GONE),
        ({"body": HTML}, Status.NOT_MEDIA),
        ({"body": JPEG + bytes(1_000_000)}, Status.TOO_LARGE),
    ],
)
def test_a_worker_refuses_what_a_thread_would(host, downloader, tmp_path, page, status):
    downloader_ = downloader(media_max_file_mb=0.5)
    until_workers_fetch(downloader_, host, tmp_path)
    assert downloader_.submit(only(host.serve("/a", **page)), tmp_path).result(PATIENCE_SECONDS).status is status


def test_a_worker_asks_no_private_address(host, downloader, tmp_path):
    downloader_ = downloader()
    until_workers_fetch(downloader_, host, tmp_path)
    asked = len(host.requests)
    for url in (f"http://localhost:{host.address.rpartition(':')[2]}/secret", "http://169.254.169.254/", "file:///etc"):
        assert downloader_.submit(only(url), tmp_path).result(PATIENCE_SECONDS).status is Status.UNSAFE
    assert len(host.requests) == asked


def test_a_worker_that_cannot_write_says_so(host, downloader, tmp_path):
    downloader_ = downloader()
    until_workers_fetch(downloader_, host, tmp_path)
    with pytest.raises(TemporaryFileError, match="can't create"):
        downloader_.submit(only(host.serve("/a")), tmp_path / "missing").result(PATIENCE_SECONDS)


@pytest.mark.parametrize("settings", [{"expected": WORTH_PROCESSES - 1}, {"media_download_processes": 1}], ids=telling)
def test_a_short_list_and_a_limit_of_one_process_start_no_process(host, downloader, tmp_path, settings):
    downloader_ = downloader(**settings)
    for number in range(20):
        assert isinstance(
            downloader_.submit(only(host.serve(f"/{number}")), tmp_path).result(PATIENCE_SECONDS), FetchedFile
        )
        assert download_workers() == []


def test_there_are_no_more_processes_than_downloads_at_a_time(host, downloader, tmp_path):
    downloader_ = downloader(media_download_workers=2, media_download_processes=8)
    until_workers_fetch(downloader_, host, tmp_path)
    assert len(download_workers()) == 2


def test_a_setting_of_no_process_is_refused():
    with pytest.raises(ValidationError):
        Settings(_env_file=None, media_download_processes=0)


@pytest.mark.parametrize("workers", [3, 4])
def test_no_more_downloads_run_at_a_time_than_the_setting_says(host, downloader, tmp_path, workers):
    running, most, lock = 0, 0, threading.Lock()

    def count(exchange: faulty_host.Exchange) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        exchange.serve()

    downloader_ = downloader(media_download_workers=workers)
    wait([downloader_.submit(only(host.serve(f"/{number}", fault=count)), tmp_path) for number in range(80)])
    assert most <= workers


def test_a_worker_killed_in_mid_download_costs_a_retry(host, downloader, tmp_path):
    downloader_, gate = downloader(), Gate()
    until_workers_fetch(downloader_, host, tmp_path)
    done = [downloader_.submit(only(host.serve(f"/done{n}")), tmp_path) for n in range(10)]
    wait(done)
    futures = [downloader_.submit(only(host.serve(f"/{n}", fault=gate)), tmp_path) for n in range(20)]
    for _ in range(4):
        assert gate.waiting.acquire(timeout=PATIENCE_SECONDS)
    os.kill(download_workers()[0], signal.SIGKILL)
    gate.open()
    assert all(isinstance(future.result(PATIENCE_SECONDS), FetchedFile) for future in futures)
    assert all(len(host.asked(f"/done{n}")) == 1 for n in range(10))
    assert sum(len(host.asked(f"/{n}")) for n in range(20)) <= 20 + 2, "what waited in it was not asked for twice"


def test_downloads_go_on_when_every_worker_dies(host, downloader, tmp_path):
    downloader_ = downloader()
    for _ in range(8):
        for child in download_workers():
            os.kill(child, signal.SIGKILL)
        assert isinstance(downloader_.submit(only(host.serve("/a")), tmp_path).result(PATIENCE_SECONDS), FetchedFile)
        time.sleep(0.05)
    assert isinstance(downloader_.submit(only(host.serve("/b")), tmp_path).result(PATIENCE_SECONDS), FetchedFile)


def test_a_download_that_takes_its_worker_down_fails_in_the_end(host, downloader, tmp_path):
    downloader_ = downloader()
    until_workers_fetch(downloader_, host, tmp_path)

    def kill_workers(exchange: faulty_host.Exchange) -> None:
        for child in download_workers():
            os.kill(child, signal.SIGKILL)
        exchange.hang_up()

    here = downloader_.submit(only(host.serve("/deadly", fault=kill_workers)), tmp_path).result(PATIENCE_SECONDS)
    assert isinstance(here, FetchFailure)
    assert here.status is Status.FAILED


def test_what_has_not_begun_is_dropped_by_a_stop_and_the_rest_ends(host, downloader, tmp_path):
    downloader_, gate = downloader(), Gate()
    until_workers_fetch(downloader_, host, tmp_path)
    futures = [downloader_.submit(only(host.serve(f"/{n}", fault=gate)), tmp_path) for n in range(60)]
    for _ in range(4):
        assert gate.waiting.acquire(timeout=PATIENCE_SECONDS)
    downloader_.stop()
    wait_for(lambda: sum(future.done() for future in futures) == 56)
    gate.open()
    wait(futures, PATIENCE_SECONDS)
    dropped = [future for future in futures if isinstance(future.exception(), DownloadDropped)]
    assert (len(dropped), len(list(tmp_path.iterdir()))) == (56, 4)
    with pytest.raises(DownloadDropped):
        downloader_.submit(only(host.url("/0")), tmp_path)


@pytest.mark.parametrize("processes", [1, 2])
def test_closing_ends_every_process_and_every_future(host, downloader, tmp_path, processes):
    downloader_ = downloader(media_download_processes=processes, media_timeout_seconds=0.5)
    if processes > 1:
        until_workers_fetch(downloader_, host, tmp_path)
    workers = download_workers()
    futures: list[Future[Any]] = [
        downloader_.submit(only(host.serve(f"/{n}", fault=faulty_host.silent(2))), tmp_path) for n in range(30)
    ]
    wait_for(lambda: len(host.requests) > 2)
    downloader_.close()
    assert all(future.done() for future in futures)
    assert download_workers() == []
    assert all(ends(worker) for worker in workers)
    downloader_.close()


def test_workers_end_with_their_parent_however_that_ends(tmp_path):
    code = (
        "import sys, time\n"
        "from media_pipeline.fetch.dispatch.downloader import Downloader\n"
        "from media_pipeline.settings import Settings\n"
        "from media_pipeline_tests.fetch.process_tree import download_workers\n"
        "downloader = Downloader(Settings(_env_file=None, media_download_processes=2), 1000)\n"
        "while len(download_workers()) < 2: time.sleep(0.01)\n"
        "print(*download_workers(), flush=True)\n"
        "time.sleep(3600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(workers) == 2
    assert all(ends(worker) for worker in workers)


def test_a_worker_imports_neither_dagster_nor_a_catalogue(tmp_path):
    loaded = "*sorted({name.partition('.')[0] for name in sys.modules})"
    code = f"import sys, media_pipeline.fetch.dispatch.worker; print({loaded})"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    imported = subprocess.check_output([sys.executable, "-c", code], text=True, env=environment, cwd=tmp_path).split()
    assert not {"dagster", "sqlalchemy", "PIL", "pydantic"} & set(imported)


def test_an_unforeseen_error_in_a_stream_fails_that_stream_and_says_where(
    host, downloader, tmp_path, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("unforeseen")

    monkeypatch.setattr("media_pipeline.fetch.streams.download.download_stream", fail)
    url = host.serve("/list.m3u8", b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n")
    failure = downloader(expected=1).submit(only(url), tmp_path).result(PATIENCE_SECONDS)
    assert isinstance(failure, FetchFailure)
    assert (failure.status, failure.is_unforeseen) == (Status.FAILED, True)
    assert re.fullmatch(r"unforeseen LookupError at downloader\.py:\d+: unforeseen", failure.error)


def test_an_unforeseen_error_about_one_medium_fails_that_medium_alone(host, downloader, tmp_path, monkeypatch) -> None:
    ended = Journey.ended

    def fail(self: Journey, result: Any) -> object:
        if self.candidate.url.endswith("/7"):
            raise LookupError("unforeseen")
        return ended(self, result)

    monkeypatch.setattr("media_pipeline.fetch.dispatch.journey.Journey.ended", fail)
    made = downloader(expected=1)
    futures = [made.submit(only(host.serve(f"/{n}")), tmp_path) for n in range(20)]
    results = [future.result(PATIENCE_SECONDS) for future in futures]
    failed = [number for number, result in enumerate(results) if isinstance(result, FetchFailure)]
    assert failed == [7]
    assert (len(results[7].attempts), results[7].is_unforeseen) == (1, True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_ever_when_the_dispatcher_itself_fails(host, downloader, tmp_path, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise LookupError("unforeseen")

    monkeypatch.setattr("media_pipeline.fetch.dispatch.schedule.Schedule.finished", fail)
    made = downloader(expected=1)
    futures = [made.submit(only(host.serve(f"/{n}")), tmp_path) for n in range(20)]
    for future in futures:
        with pytest.raises(DownloadDropped):
            future.result(PATIENCE_SECONDS)
    with pytest.raises(DownloadDropped):
        made.submit(only(host.url("/0")), tmp_path)
