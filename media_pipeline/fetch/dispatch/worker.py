"""What runs in a worker process: requests that its parent sends, in threads, and their answers back in batches.

What belongs here: the messages between the two, and the process's end. What does not: which process gets what, and
what becomes of a dead one's requests (:mod:`media_pipeline.fetch.dispatch.downloader`), and how one is made
(:mod:`media_pipeline.fetch.dispatch.requester`). It imports no settings: half of the time to start would go there.
"""

from __future__ import annotations

import os
import queue
import threading
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection

from media_pipeline.fetch.body import TemporaryFileError
from media_pipeline.fetch.dispatch.request import Answer, Request
from media_pipeline.fetch.dispatch.requester import Requester, RequesterSettings
from media_pipeline.model import MediaPipelineError

GATHERING_SECONDS = 0.004
"""Results of this long travel together: each message wakes a thread here and one in the parent."""


class RequestDropped(MediaPipelineError):
    """The worker was told to begin nothing more before this request had begun."""


class WorkerFault(MediaPipelineError):
    """A request met an error that no rule covers; the text holds where."""


@dataclass(frozen=True, slots=True)
class Start:
    """The first message to a worker."""

    settings: RequesterSettings
    threads: int


NumberedRequest = tuple[int, Request]
"""One request; its number comes back with its answer."""

Reply = Answer | MediaPipelineError
Replies = list[tuple[int, Reply]]
"""Replies by the number of their request. An empty one, the first of all, says that the worker is ready."""

Line = Connection
"""The socket between the two: Start and lists of NumberedRequest one way, Replies the other. An
empty list of requests says that those which have not begun are to be dropped."""


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
    results: queue.SimpleQueue[tuple[int, Reply]] = queue.SimpleQueue()
    requester = Requester(start.settings)
    threads = ThreadPoolExecutor(start.threads, thread_name_prefix="download")
    line.send([])
    threading.Thread(target=_report, args=(line, results), name="report", daemon=True).start()
    handed: set[Future[Answer]] = set()
    while True:
        numbered: list[NumberedRequest] = line.recv()
        if not numbered:
            for future in handed:
                future.cancel()
        handed = {future for future in handed if not future.done()}
        for number, request in numbered:
            future = threads.submit(requester.answer_to, request)
            handed.add(future)
            future.add_done_callback(lambda done, number=number: results.put((number, result_of(done))))


def result_of(done: Future[Answer]) -> Reply:
    """The answer, or the error that took its place."""
    if done.cancelled():
        return RequestDropped("dropped before it began")
    error = done.exception()
    if error is None:
        return done.result()
    if isinstance(error, TemporaryFileError):
        return error
    return WorkerFault("a request met an unforeseen error:\n" + "".join(traceback.format_exception(error)))


def _report(line: Line, results: queue.SimpleQueue[tuple[int, Reply]]) -> None:
    while True:
        replies: Replies = [results.get()]
        time.sleep(GATHERING_SECONDS)
        while not results.empty():
            replies.append(results.get())
        try:
            line.send(replies)
        except OSError:
            os._exit(0)
