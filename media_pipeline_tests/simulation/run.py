"""One run of the pipeline, up to the verified files, in a process of its own that trouble may befall."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from media_pipeline.model import MediaPipelineError
from media_pipeline.stages.cached_media import cache_media
from media_pipeline.stages.media_manifest import write_manifests
from media_pipeline.stages.raw_posts import read_posts
from media_pipeline_tests import forked
from media_pipeline_tests.library import Library
from media_pipeline_tests.patience import PATIENCE_SECONDS
from media_pipeline_tests.simulation.trouble import Trouble

PROGRAM = forked.Program(__name__, ("alembic.command", "media_pipeline_tests.simulation.trouble", Library.__module__))
BROKE_OFF = 3
"""Exit code of a run that trouble has ended, in a way that a user is told of."""


def run_once(folder: Path, settings: dict[str, Any], trouble: Trouble | None) -> int:
    """Run to the end, or to the trouble; returns the exit code, negative for a signal. Raises when it hangs."""
    arguments = pickle.dumps((folder, settings, trouble)).hex()
    with (folder / "runs.log").open("a") as log:
        process = forked.start(PROGRAM, [arguments], os.environ, folder, log, log)
    try:
        return process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        raise AssertionError(f"a run hangs after {trouble}") from None


def _run(folder: Path, settings: dict[str, Any], trouble: Trouble | None) -> None:
    library = Library(folder, **settings)
    if trouble:
        trouble.begin()
    try:
        library.run(stages=(read_posts, write_manifests, cache_media))
    except (MediaPipelineError, DBAPIError) as error:
        print(error, file=sys.stderr)
        sys.exit(BROKE_OFF)


if __name__ == "__main__":
    _run(*pickle.loads(bytes.fromhex(sys.argv[1])))
