"""What runs in a worker process: downloads that its parent sends, in threads, and their results back in batches.

What belongs here: the messages between the two, and the process's end. What does not: which process gets what, and
what becomes of a dead one's downloads (:mod:`media_pipeline.fetch.processes`), and how a URL is fetched
(:mod:`media_pipeline.fetch.fetcher`). It imports no settings: half of the time to start would go there.
"""

from __future__ import annotations

import os
import queue
import threading
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from media_pipeline.fetch.body import TemporaryFileError
from media_pipeline.fetch.fetcher import Fetcher, FetchSettings
from media_pipeline.model import FetchedFile, FetchFailure, MediaPipelineError

GATHERING_SECONDS = 0.004
"""Results of this long travel together: each message wakes a thread here and one in the parent."""


class DownloadDropped(MediaPipelineError):
    """The downloader was told to stop, or closed, before this download had ended: it is still to be done."""

    def __init__(self, message: str = "the run ended before this download had: run again") -> None:
        super().__init__(message)


class WorkerFault(MediaPipelineError):
    """A worker process met an error that no rule covers; the text holds where."""


@dataclass(frozen=True, slots=True)
class Start:
    """The first message to a worker."""

    settings: FetchSettings
    threads: int
    backoff_seconds: float


@dataclass(frozen=True, slots=True)
class Order:
    """One download; ``number`` comes back with its result. The rest are the arguments of :meth:`Fetcher.fetch`."""

    number: int
    url: str
    folder: Path
    expires_at: datetime | None


Result = FetchedFile | FetchFailure | MediaPipelineError
Report = list[tuple[int, Result]]
"""Results by the number of their order. An empty one, the first of all, says that the worker is ready."""

Line = Connection
"""The socket between the two: Start and lists of Order one way, Report the other. An empty list of orders says that
those which have not begun are to be dropped."""


def main(descriptor: int) -> None:
    """Work for the process at the other end of a socket until it closes that, or ends."""
    line = Line(descriptor)
    try:
        _work(line)
    except (EOFError, OSError):
        # Nobody waits for what is under way, and an orderly end would wait for hosts.
        os._exit(0)


def _work(line: Line) -> None:
    start: Start = line.recv()
    results: queue.SimpleQueue[tuple[int, Result]] = queue.SimpleQueue()
    fetcher = Fetcher(start.settings, backoff_seconds=start.backoff_seconds)
    threads = ThreadPoolExecutor(start.threads, thread_name_prefix="download")
    line.send([])
    threading.Thread(target=_report, args=(line, results), name="report", daemon=True).start()
    handed: set[Future[FetchedFile | FetchFailure]] = set()
    while True:
        orders: list[Order] = line.recv()
        if not orders:
            for future in handed:
                future.cancel()
        handed = {future for future in handed if not future.done()}
        for order in orders:
            future = threads.submit(fetcher.fetch, order.url, order.folder, order.expires_at)
            handed.add(future)
            future.add_done_callback(lambda done, number=order.number: results.put((number, _result(done))))


def _result(done: Future[FetchedFile | FetchFailure]) -> Result:
    if done.cancelled():
        return DownloadDropped()
    error = done.exception()
    if error is None:
        return done.result()
    if isinstance(error, TemporaryFileError):
        return error
    return WorkerFault("a download met an unforeseen error:\n" + "".join(traceback.format_exception(error)))


def _report(line: Line, results: queue.SimpleQueue[tuple[int, Result]]) -> None:
    while True:
        report: Report = [results.get()]
        time.sleep(GATHERING_SECONDS)
        while not results.empty():
            report.append(results.get())
        try:
            line.send(report)
        except OSError:
            os._exit(0)
