"""How a worker process starts, and that it never outlives its parent.

What belongs here: the start of processes. What does not: which work they do (:mod:`media_pipeline.imaging.workers`).

Workers are forked by a fork server, a fresh and single-threaded process that has imported this room once. A plain fork
would copy the locks of the parent's threads; spawn would import the room anew for each worker.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from multiprocessing import parent_process
from multiprocessing.context import ForkServerContext, ForkServerProcess

from media_pipeline.imaging.limits import Limits, keep_within
from media_pipeline.imaging.renditions.faces import load_detector

PRELOADED = (
    "pebble.pool.process",
    "media_pipeline.imaging.facts.reading",
    "media_pipeline.imaging.renditions.rendering",
    "media_pipeline.imaging.processes",
)
ORPHANED = 70
"""Exit code of a worker whose parent is gone."""

_starting = threading.Lock()


class WorkerProcess(ForkServerProcess):
    """A process that doesn't import its parent's main module again."""

    def start(self) -> None:
        with _main_module_not_repeated():
            super().start()


class WorkerContext(ForkServerContext):
    """The multiprocessing context of the workers."""

    Process = WorkerProcess

    def __init__(self) -> None:
        super().__init__()
        self.set_forkserver_preload(list(PRELOADED))


def begin(limits: Limits, looks_for_faces: bool = False) -> None:
    """Runs first in every worker: keep it within the limits, and end it when the parent dies, however that dies.

    Workers share the pool's pipes, so they would never see them close.
    """
    if looks_for_faces:
        # Where OpenCV is broken, each thumbnail says so.
        with suppress(ImportError):
            load_detector()
    keep_within(limits)
    threading.Thread(target=_exit_after_parent, name="end-with-parent", daemon=True).start()


def _exit_after_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(ORPHANED)


@contextmanager
def _main_module_not_repeated() -> Generator[None]:
    """multiprocessing imports the parent's ``__main__`` again in each child, for what was pickled from there.

    Nothing of ours is, while the main module is usually Dagster's (up to 2.6 s). A module named
    ``__main__`` is the one case that multiprocessing passes over, so the main module bears that name while a process
    starts: a few ms, for the first one until the fork server is up.
    """
    main = sys.modules["__main__"]
    with _starting:
        spec = main.__spec__
        main.__spec__ = ModuleSpec("__main__", None)
        try:
            yield
        finally:
            main.__spec__ = spec
