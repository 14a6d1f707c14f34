"""Many downloads at a time: in threads of this process and, for a long list, in worker processes.

What belongs here: starting and ending worker processes, who gets which download, and what becomes of the downloads of
a process that died. What does not: what a worker does (:mod:`media_pipeline.fetch.worker`), and how a URL is fetched
(:mod:`media_pipeline.fetch.fetcher`).

A worker is a fresh interpreter with one socket to this process. So it inherits no lock of a thread, doesn't import
the main module (which is Dagster's), and sees the socket close however this process ends. SIGINT doesn't reach it: it
is in a process group of its own, so that Ctrl-C ends what this process wants ended.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Self

from media_pipeline.fetch.fetcher import BACKOFF_SECONDS, Fetcher, FetchSettings
from media_pipeline.fetch.worker import DownloadDropped, Order, Report, Result, Start
from media_pipeline.model import FetchedFile, FetchFailure, MediaPipelineError, Status
from media_pipeline.settings import Settings

WORTH_PROCESSES = 200
"""Downloads from which on worker processes are started: 0.2 s of processor time each is what this many take."""

HANDED_AHEAD = 16
"""Downloads that wait in a worker besides those that its threads fetch: what it gets done on loopback between a
report of its own and the next orders (4 ms to gather, and as long for this process to come round)."""

MOST_RESTARTS = 3
"""Workers that are replaced when they die. Then the others go on, and when none is left, threads of this process."""

MOST_DEATHS = 3
"""A download that was under way in so many dying workers is not tried again: it may be what kills them."""

_SECONDS_TO_END = 5.0
_BOOT = """
import sys
sys.path[:] = sys.argv[2:]
from media_pipeline.fetch.worker import main
main(int(sys.argv[1]))
"""

Fetched = FetchedFile | FetchFailure


@dataclass(slots=True)
class _Task:
    order: Order
    future: Future[Fetched]
    deaths: int = 0

    def settle(self, result: Result) -> None:
        if isinstance(result, MediaPipelineError):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


class _Worker:
    """One worker process as its parent sees it: its end of the socket, and what it was handed."""

    def __init__(self, start: Start) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, str(theirs.fileno()), *sys.path],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        self.line = Connection(ours.detach())
        self._send(start)
        self.start = start
        self.tasks: dict[int, _Task] = {}
        self.is_ready = False
        self._most_tasks = start.threads + HANDED_AHEAD

    @property
    def room(self) -> int:
        return self._most_tasks - len(self.tasks)

    def hand(self, tasks: list[_Task]) -> None:
        self.tasks.update((task.order.number, task) for task in tasks)
        self._send([task.order for task in tasks])

    def drop_waiting(self) -> None:
        """Let it end what is under way, and give back the rest as DownloadDropped."""
        self._send([])

    def receive(self) -> None:
        """Settle what it reports. Raises EOFError or OSError when it is gone."""
        report: Report = self.line.recv()
        self.is_ready = True
        for number, result in report:
            self.tasks.pop(number).settle(result)

    def _send(self, message: Start | list[Order]) -> None:
        """A worker that is gone takes it all the same: its end is found where its reports are read."""
        with contextlib.suppress(OSError):
            self.line.send(message)

    def end(self) -> None:
        self.line.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Downloader:
    """Fetches ``media_download_workers`` URLs at a time. Use it as a context manager; leaving it ends everything.

    ``expected`` is about how many URLs will come. From WORTH_PROCESSES on, ``media_download_processes`` workers share
    them as soon as they have started; until then, and for fewer, threads of this process fetch.
    """

    def __init__(self, settings: Settings, expected: int, *, backoff_seconds: float = BACKOFF_SECONDS) -> None:
        self._settings = FetchSettings.of(settings)
        self._backoff_seconds = backoff_seconds
        self._at_once = settings.media_download_workers
        self._fetcher = Fetcher(self._settings, backoff_seconds=backoff_seconds)
        self._threads = ThreadPoolExecutor(self._at_once, thread_name_prefix="download")
        self._fetching_here: set[int] = set()
        self._numbers = itertools.count()
        self._waiting: deque[_Task] = deque()
        self._workers: list[_Worker] = []
        self._restarts = 0
        self._stopped = False
        self._closed = False
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_writer.setblocking(False)
        self.processes = _processes(settings, expected)
        """Worker processes beside this one."""
        self._dispatcher = threading.Thread(target=self._dispatch, name="downloads", daemon=True)
        self._dispatcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, url: str, folder: Path, expires_at: datetime | None = None) -> Future[Fetched]:
        """What :meth:`Fetcher.fetch` returns or raises, later. Raises DownloadDropped, here or there, after a stop."""
        if self._stopped:
            raise DownloadDropped
        task = _Task(Order(next(self._numbers), url, folder, expires_at), Future())
        self._waiting.append(task)
        self._wake()
        return task.future

    def stop(self) -> None:
        """Begin no more downloads: what is under way ends, the others end at once with DownloadDropped."""
        self._stopped = True
        self._wake()

    def close(self) -> None:
        """Stop, and end every worker: what is under way in one ends with DownloadDropped.

        A worker that is ended leaves its half written files: the folder is the caller's to remove.
        """
        self._stopped = self._closed = True
        self._wake()
        self._dispatcher.join()

    def _wake(self) -> None:
        # Full: it has enough to wake up for. Closed: it has ended.
        with contextlib.suppress(OSError):
            self._wake_writer.send(b".")

    def _dispatch(self) -> None:
        """The one thread that hands out and takes in. It owns the workers."""
        try:
            for threads in _shares(self._at_once, self.processes):
                self._add_worker(Start(self._settings, threads, self._backoff_seconds))
            while not self._stopped:
                self._take_in()
                self._hand_out()
            for worker in self._workers:
                worker.drop_waiting()
            while not self._closed:
                self._drop_waiting()
                self._take_in()
        finally:
            self._end()

    def _add_worker(self, start: Start) -> None:
        """Where the system has no process to spare, the others go on, or threads of this one."""
        with contextlib.suppress(OSError):
            self._workers.append(_Worker(start))

    def _take_in(self) -> None:
        """Wait for something to happen."""
        ready = wait([self._wake_reader, *(worker.line for worker in self._workers)])
        if self._wake_reader in ready:
            self._wake_reader.recv(65536)
        for worker in [worker for worker in self._workers if worker.line in ready]:
            try:
                worker.receive()
            except (EOFError, OSError):
                self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        """A worker died: another takes its place, and its downloads are tried again."""
        self._workers.remove(worker)
        worker.end()
        for task in reversed(worker.tasks.values()):
            task.deaths += 1
            if task.deaths < MOST_DEATHS:
                self._waiting.appendleft(task)
            else:
                error = f"{task.deaths} worker processes ended while they fetched it; see the system's log"
                task.settle(FetchFailure(Status.FAILED, error, ()))
        if self._restarts < MOST_RESTARTS and not self._stopped:
            self._restarts += 1
            self._add_worker(worker.start)

    def _hand_out(self) -> None:
        ready = [worker for worker in self._workers if worker.is_ready]
        if not ready:
            for task in self._next(self._at_once - len(self._fetching_here)):
                self._fetch_here(task)
            return
        for worker in sorted(ready, key=lambda worker: len(worker.tasks)):
            tasks = self._next(min(worker.room, self._room_beside_threads(), -(-len(self._waiting) // len(ready))))
            if tasks:
                worker.hand(tasks)

    def _room_beside_threads(self) -> int:
        """While threads of this process still fetch, all together must not be more than the setting allows."""
        if not self._fetching_here:
            return sys.maxsize
        return self._at_once - len(self._fetching_here) - sum(len(worker.tasks) for worker in self._workers)

    def _next(self, most: int) -> list[_Task]:
        """Tasks whose turn it is, but for those that were cancelled."""
        tasks: list[_Task] = []
        while self._waiting and len(tasks) < most:
            task = self._waiting.popleft()
            if task.future.running() or task.future.set_running_or_notify_cancel():
                tasks.append(task)
        return tasks

    def _fetch_here(self, task: _Task) -> None:
        order = task.order
        self._fetching_here.add(order.number)
        self._threads.submit(self._fetcher.fetch, order.url, order.folder, order.expires_at).add_done_callback(
            lambda done: self._fetched_here(task, done)
        )

    def _fetched_here(self, task: _Task, done: Future[Fetched]) -> None:
        self._fetching_here.discard(task.order.number)
        self._wake()
        error = done.exception()
        if error is None:
            task.future.set_result(done.result())
        else:
            task.future.set_exception(error)

    def _drop_waiting(self) -> None:
        while self._waiting:
            task = self._waiting.popleft()
            if not task.future.cancelled():
                task.settle(DownloadDropped())

    def _end(self) -> None:
        self._stopped = self._closed = True
        for worker in self._workers:
            worker.end()
            self._waiting.extend(worker.tasks.values())
        self._drop_waiting()
        self._fetcher.close()
        self._threads.shutdown()
        self._wake_reader.close()
        self._wake_writer.close()


def _processes(settings: Settings, expected: int) -> int:
    """How many worker processes to start; a single one would be no faster than threads here."""
    processes = min(settings.media_download_processes, settings.media_download_workers)
    return processes if processes > 1 and expected >= WORTH_PROCESSES else 0


def _shares(total: int, parts: int) -> list[int]:
    """Split as evenly as it goes."""
    return [total // parts + (part < total % parts) for part in range(parts)]
