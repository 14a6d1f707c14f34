"""Who makes the requests: threads of this process and, for a long list, worker processes.

What belongs here: how many they are, which of them gets what, and replacing those that die. What does not: which
request is next (:mod:`media_pipeline.fetch.dispatch.downloader`), and a worker process
(:mod:`media_pipeline.fetch.dispatch.processes`).
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import wait
from queue import Empty, SimpleQueue

from media_pipeline.fetch.dispatch.processes import WorkerProcess
from media_pipeline.fetch.dispatch.requester import Requester, RequesterSettings
from media_pipeline.fetch.dispatch.worker import NumberedRequest, Reply, Start, result_of
from media_pipeline.model import MediaPipelineError
from media_pipeline.settings import Settings

WORTH_PROCESSES = 200
"""Downloads from which on worker processes are started: 0.2 s of processor time each is what this many take."""
MOST_RESTARTS = 3
"""Workers that are replaced when they die. Then the others go on, and when none is left, threads of this process."""


class WorkerDied(MediaPipelineError):
    """The worker process that made a request ended before it had an answer."""


def processes_for(settings: Settings, expected: int) -> int:
    """How many worker processes to start for so many downloads; a single one would be no faster than threads here.

    None where hosts have a rate: what is handed to a worker ahead of its turn would begin late, and all at once.
    """
    if settings.media_host_rate:
        return 0
    processes = min(settings.media_download_processes, settings.media_download_workers)
    return processes if processes > 1 and expected >= WORTH_PROCESSES else 0


class Crew:
    """Makes at most ``at_once`` requests at a time. All but :meth:`wake` is for one thread.

    ``processes`` workers share them as soon as they have started; until then, and without any, threads of this
    process make them.
    """

    def __init__(self, settings: RequesterSettings, at_once: int, processes: int) -> None:
        self._at_once = at_once
        self._requester = Requester(settings)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="download")
        self._made_here: SimpleQueue[tuple[int, Reply]] = SimpleQueue()
        self._here = 0
        self._workers: list[WorkerProcess] = []
        self._restarts = 0
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_writer.setblocking(False)
        self._is_woken = False
        for threads in _shares(at_once, processes):
            self._add_worker(Start(settings, threads))

    def wake(self) -> None:
        """End :meth:`wait` in the other thread."""
        # Once until it comes round. Each time is a system call and a turn of the other thread, which takes the GIL:
        # submitting 3,000 downloads took 0.4 s so, and takes 0.2 s.
        if self._is_woken:
            return
        self._is_woken = True
        # Full: it has enough to wake up for. Closed: it has ended.
        with contextlib.suppress(OSError):
            self._wake_writer.send(b".")

    def wait(self, patience: float | None) -> Iterator[tuple[int, Reply]]:
        """Wait for something to happen, and return the requests that have ended, by their number."""
        ready = wait([self._wake_reader, *(worker.line for worker in self._workers)], patience)
        if self._wake_reader in ready:
            self._wake_reader.recv(65536)
            # Before what there is to take in is looked at: whoever brings more from here on wakes it again.
            self._is_woken = False
        with contextlib.suppress(Empty):
            while True:
                made = self._made_here.get_nowait()
                self._here -= 1
                yield made
        for worker in [worker for worker in self._workers if worker.line in ready]:
            try:
                report = worker.receive()
            except (EOFError, OSError):
                yield from self._bury(worker)
            else:
                yield from report

    def hand_out(self, following: Callable[[int], list[NumberedRequest]], waiting: int) -> None:
        """Let whoever has room make requests: ``following`` gives at most so many, of about ``waiting``."""
        ready = [worker for worker in self._workers if worker.is_ready]
        if not ready:
            for numbered in following(self._at_once - self._here):
                self._make_here(numbered)
        for worker in sorted(ready, key=lambda worker: len(worker.handed)):
            numbered = following(min(worker.room, self._room_beside_threads(), -(-waiting // len(ready))))
            if numbered:
                worker.hand(numbered)

    def drop_waiting(self) -> None:
        """What was handed to a worker and has not begun comes back as AskDropped."""
        for worker in self._workers:
            worker.drop_waiting()

    def close(self) -> Iterator[tuple[int, Reply]]:
        """End everyone; return the requests that had an answer all the same."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._requester.close()
        self._threads.shutdown()
        yield from self.wait(0)
        self._wake_reader.close()
        self._wake_writer.close()

    def _add_worker(self, start: Start) -> None:
        """Where the system has no process to spare, the others go on, or threads of this one."""
        with contextlib.suppress(OSError):
            self._workers.append(WorkerProcess(start))

    def _bury(self, worker: WorkerProcess) -> Iterator[tuple[int, Reply]]:
        self._workers.remove(worker)
        worker.end()
        if self._restarts < MOST_RESTARTS:
            self._restarts += 1
            self._add_worker(worker.start)
        for number in sorted(worker.handed):
            yield number, WorkerDied("a worker process died")

    def _room_beside_threads(self) -> int:
        """While threads of this process still fetch, all together must not be more than the setting allows."""
        if not self._here:
            return sys.maxsize
        return self._at_once - self._here - sum(len(worker.handed) for worker in self._workers)

    def _make_here(self, numbered: NumberedRequest) -> None:
        number, request = numbered
        self._here += 1

        def ended(result: Reply) -> None:
            self._made_here.put((number, result))
            self.wake()

        self._threads.submit(self._requester.answer_to, request).add_done_callback(lambda done: ended(result_of(done)))


def _shares(total: int, parts: int) -> list[int]:
    """Split as evenly as it goes."""
    return [total // parts + (part < total % parts) for part in range(parts)]
