"""Worker processes that read facts and draw renditions, where a bad file costs itself and nothing else.

What belongs here: scheduling, time limits, and failures as values. What does not: what is done to a file, and how a
process starts (:mod:`media_pipeline.imaging.processes`).
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from media_pipeline.imaging.errors import OUT_OF_MEMORY, TruncatedMedia, UnreadableMedia, reason_of
from media_pipeline.imaging.facts.reading import read_facts
from media_pipeline.imaging.limits import Limits
from media_pipeline.imaging.processes import WorkerContext, begin
from media_pipeline.imaging.renditions.recipes import thumbnail_crop
from media_pipeline.imaging.renditions.rendering import render
from media_pipeline.imaging.renditions.seconds_done import noted_seconds
from media_pipeline.model import Crop, FileFacts, MediaPipelineError, Recipe, RenderedFile
from media_pipeline.settings import Settings

IN_FLIGHT_PER_WORKER = 4
"""Enough that workers stay busy while the caller writes down a result; no more, so that memory stays flat."""
SECONDS_BETWEEN_LOOKS = 1.0
"""At the notes of those who encode videos."""
MAX_RESTARTS = 3
"""Of the whole pool. It breaks when a worker dies between two tasks; those in flight then end as ``error``."""


class WorkersUnavailable(MediaPipelineError):
    """No worker process can be kept alive; the fault is the machine's, not a file's.

    To do: Free memory, lower MEDIA_IMAGE_WORKERS, and run again.
    """


class FailureKind(StrEnum):
    """Why a file has no result."""

    UNREADABLE = "unreadable"
    """The decoder refused it."""
    TRUNCATED = "truncated"
    """Its end is missing, and nothing can be decoded of what there is: the host may send more another time."""
    TIMEOUT = "timeout"
    """It took longer than ``MEDIA_IMAGE_TIMEOUT_SECONDS``."""
    CRASH = "crash"
    """Two workers died of it: a fault in a decoder, or one that ends the process when it gets no more memory."""
    UNFORESEEN = "unforeseen"
    """An error that no rule foresees: it belongs to the file that it meets, or no file after it would have its turn."""
    ERROR = "error"
    """Disk or machine, such as a full disk; the file isn't to blame."""


@dataclass(frozen=True, slots=True)
class WorkFailure:
    """Why one file has no result, in a word and in one line."""

    kind: FailureKind
    error: str

    @property
    def blames_file(self) -> bool:
        """True where the file belongs in quarantine, False where it is to be tried again."""
        return self.kind is not FailureKind.ERROR


@dataclass(frozen=True, slots=True)
class FactsTask:
    """One file to read. ``key`` is the caller's own, such as the SHA-256."""

    key: str
    path: Path
    mime_type: str


@dataclass(frozen=True, slots=True)
class RenditionTask:
    """One file to draw, and the folder for the temporary files."""

    key: str
    path: Path
    mime_type: str
    recipes: tuple[Recipe, ...]
    folder: Path
    seconds: float | None = None
    """That it may take, where that isn't ``MEDIA_IMAGE_TIMEOUT_SECONDS``."""

    @property
    def note(self) -> Path:
        """Where the worker writes how many seconds of a video are done."""
        return self.folder / f"{self.key}.seconds"


Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """``media_image_workers`` processes, started with the first file and ended with the ``with`` block.

    May be used from any thread. The results come as they are finished, not in the order of the tasks; tasks are
    taken from their iterable only as workers need them.
    """

    def __init__(self, settings: Settings) -> None:
        self._count = settings.media_image_workers
        self._timeout = settings.media_image_timeout_seconds
        self._limits = Limits(settings.media_max_image_pixels, settings.image_memory_bytes)
        self._looks_for_faces = thumbnail_crop(settings) is Crop.FACES
        self._pool = self._new_pool()
        self._restarts = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every worker, whatever it is doing."""
        self._closed = True
        self._end_pool()

    def map_facts(self, tasks: Iterable[FactsTask]) -> Iterator[tuple[FactsTask, FileFacts | WorkFailure]]:
        """:func:`read_facts` of every task."""
        return self.map(read_facts, tasks, lambda task: (task.path, task.mime_type))

    def map_renditions(
        self, tasks: Iterable[RenditionTask], tell: Callable[[RenditionTask, int], object] | None = None
    ) -> Iterator[tuple[RenditionTask, list[RenderedFile] | WorkFailure]]:
        """:func:`render` of every task.

        While nothing is finished, ``tell`` hears of each task about once a second how many seconds of its video are
        done; fewer than before when its worker died and another has begun anew.
        """

        def look(running: Collection[RenditionTask]) -> None:
            for task in running:
                if tell and (seconds := noted_seconds(task.note)):
                    tell(task, seconds)

        results = self.map(
            render,
            tasks,
            lambda task: (task.path, task.mime_type, task.recipes, task.folder, task.note if tell else None),
            lambda task: task.seconds or self._timeout,
            look if tell else None,
        )
        for task, result in results:
            if tell:
                task.note.unlink(missing_ok=True)
            yield task, result

    def map(
        self,
        function: Callable[..., Result],
        tasks: Iterable[Task],
        arguments: Callable[[Task], tuple[Any, ...]],
        limit: Callable[[Task], float] | None = None,
        look: Callable[[Collection[Task]], None] | None = None,
    ) -> Iterator[tuple[Task, Result | WorkFailure]]:
        """The function of every task, called in a worker with the task's ``arguments``.

        A task may take ``limit`` seconds, else ``MEDIA_IMAGE_TIMEOUT_SECONDS``. While nothing is finished, ``look``
        is given the tasks under way every SECONDS_BETWEEN_LOOKS. Raises WorkersUnavailable.
        """

        def seconds(task: Task) -> float:
            return limit(task) if limit else self._timeout

        remaining = iter(tasks)
        running: dict[Future[Result], Task] = {}
        second_tries: set[Future[Result]] = set()
        try:
            while True:
                for task in islice(remaining, self._count * IN_FLIGHT_PER_WORKER - len(running)):
                    running[self._schedule(function, arguments(task), seconds(task))] = task
                if not running:
                    return
                finished, _ = wait(running, SECONDS_BETWEEN_LOOKS if look else None, FIRST_COMPLETED)
                if look and not finished:
                    look(running.values())
                for future in finished:
                    task = running.pop(future)
                    if _lost_its_worker(future) and future not in second_tries:
                        again = self._schedule(function, arguments(task), seconds(task))
                        running[again] = task
                        second_tries.add(again)
                        continue
                    second_tries.discard(future)
                    yield task, _outcome(future, seconds(task))
        finally:
            for future in running:
                future.cancel()

    def _schedule(self, function: Callable[..., Result], arguments: tuple[Any, ...], seconds: float) -> Future[Result]:
        try:
            return self._pool.schedule(function, args=arguments, timeout=seconds)
        except RuntimeError:
            if self._closed or self._restarts >= MAX_RESTARTS:
                raise WorkersUnavailable(f"no worker process stays alive after {self._restarts} restarts") from None
        self._restarts += 1
        self._end_pool()
        self._pool = self._new_pool()
        return self._schedule(function, arguments, seconds)

    def _new_pool(self) -> ProcessPool:
        context: Any = WorkerContext()
        return ProcessPool(
            self._count, initializer=begin, initargs=(self._limits, self._looks_for_faces), context=context
        )

    def _end_pool(self) -> None:
        self._pool.stop()
        self._pool.join()


def _outcome(future: Future[Result], seconds: float) -> Result | WorkFailure:
    error = future.exception()
    match error:
        case None:
            return future.result()
        case TruncatedMedia():
            return WorkFailure(FailureKind.TRUNCATED, str(error))
        case UnreadableMedia():
            return WorkFailure(FailureKind.UNREADABLE, str(error))
        case MemoryError():
            return WorkFailure(FailureKind.UNREADABLE, OUT_OF_MEMORY)
        case TimeoutError():
            return WorkFailure(FailureKind.TIMEOUT, f"not done after {seconds:g} s")
        case ProcessExpired():
            return WorkFailure(FailureKind.CRASH, _how_it_ended(error.exitcode))
        case OSError() | BrokenProcessPool() | MediaPipelineError():
            return WorkFailure(FailureKind.ERROR, reason_of(error))
        case _:
            return WorkFailure(FailureKind.UNFORESEEN, f"unforeseen {reason_of(error)}")


def _lost_its_worker(future: Future[Any]) -> bool:
    """Whether a worker died, which may be the fault of the file before, or of the machine: a task gets two."""
    return isinstance(future.exception(), ProcessExpired | BrokenProcessPool)


def _how_it_ended(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"its worker was ended by {signal.Signals(-exitcode).name}"
    return f"its worker ended with code {exitcode}"
