"""A run on a machine whose clock is ten years ahead, in a process of its own.

Only that process sees the wrong time, and none that it starts; the times of files are the kernel's, which are right.
What belongs here: the clock, and the run. Nothing of the project may be imported before the clock is set.
"""

from __future__ import annotations

import datetime as module
import pickle
import runpy
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from media_pipeline_tests.library import Library

AHEAD = module.timedelta(days=3650)


def set_clock_ahead() -> None:
    """Every `datetime.now` and `time.time` from now on is so much later."""
    right_time = time.time

    class Ahead(module.datetime):
        @classmethod
        def now(cls, tz: module.tzinfo | None = None) -> Self:
            return super().now(tz) + AHEAD

    module.datetime = Ahead  # type: ignore[misc]
    time.time = lambda: right_time() + AHEAD.total_seconds()


def run_module(name: str, argument: str, log: IO[str]) -> int:
    """Run a module as `python -m` does, with such a clock; returns its exit code."""
    command = [sys.executable, "-m", __name__, argument, name]
    return subprocess.run(command, stdout=log, stderr=log, check=False, cwd=Path(__file__).parents[1]).returncode


def run_ahead(library: Library) -> None:
    """Import what has landed and fetch what is due, with such a clock."""
    order = pickle.dumps((library.folder, library.settings.model_dump(exclude_defaults=True))).hex()
    done = subprocess.run([sys.executable, "-m", __name__, order], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _run(order: str) -> None:
    from media_pipeline.stages.downloads.cached_media import cache_media
    from media_pipeline.stages.imports.media_manifest import write_manifests
    from media_pipeline.stages.imports.raw_posts import read_posts
    from media_pipeline_tests.library import Library

    folder, settings = pickle.loads(bytes.fromhex(order))
    Library(folder, **settings).run(stages=(read_posts, write_manifests, cache_media))


if __name__ == "__main__":
    set_clock_ahead()
    if len(sys.argv) > 2:
        runpy.run_module(sys.argv[2], run_name="__main__", alter_sys=True)
    else:
        _run(sys.argv[1])
