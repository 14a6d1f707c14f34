"""One run of the pipeline, from exports to archive, in a process of its own that trouble may befall.

The look at everything that an operator takes now and then (``WORK`` "verify") is such a process too.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from media_pipeline.defs.runs.heartbeat import Heartbeat
from media_pipeline.model import MediaPipelineError
from media_pipeline.settings import Settings
from media_pipeline.stages.archive.s3_archive import archive_files, archive_media
from media_pipeline.stages.archive.scrub import evict, scrub_archive, scrub_samples
from media_pipeline.stages.context import StageContext, opened
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.integrity.stored_files import verify_files
from media_pipeline.storage.archive import Archive
from media_pipeline.storage.patience import Patience
from media_pipeline.storage.s3 import S3Archive
from media_pipeline_tests import forked, wrong_clock
from media_pipeline_tests.library import TWITTER, Library
from media_pipeline_tests.patience import PATIENCE_SECONDS
from media_pipeline_tests.simulation.trouble import Trouble
from media_pipeline_tests.storage.archives import client_of

PROGRAM = forked.Program(
    __name__,
    ("alembic.command", "boto3", "media_pipeline_tests.simulation.trouble", Library.__module__, Heartbeat.__module__),
)
BROKE_OFF = 3
"""Exit code of a run that trouble has ended, in a way that a user is told of."""


@dataclass(frozen=True)
class Order:
    """What a process has to do."""

    folder: Path
    settings: dict[str, Any]
    trouble: Trouble | None = None
    work: str = "run"
    run_id: str | None = None
    """Of a run that Dagster knows, which has a lease."""


def carry_out(order: Order) -> int:
    """To the end, or to the trouble; returns the exit code, negative for a signal. Raises when it hangs."""
    with (order.folder / "runs.log").open("a") as log:
        process = forked.start(PROGRAM, [pickle.dumps(order).hex()], os.environ, order.folder, log, log)
    try:
        return process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        raise AssertionError(f"a run hangs after {order.trouble}") from None


def carry_out_ahead(order: Order) -> int:
    """The same on a machine whose clock is ten years ahead."""
    with (order.folder / "runs.log").open("a") as log:
        return wrong_clock.run_module(__name__, pickle.dumps(order).hex(), log)


def _run(context: StageContext) -> None:
    """What the six assets do to a partition, but for the two that only look at pictures."""
    for stage in (read_posts, write_manifests, cache_media, archive_media):
        stage(context, [TWITTER])
    if not scrub_samples(context, [TWITTER])[TWITTER].wrong:
        evict(context)


def _verify(context: StageContext) -> None:
    """`media-pipeline verify`, `verify --archive --read` and `archive --all`."""
    verify_files(context)
    scrub_archive(context, read=True)
    archive_files(context, repair=True)


def _evict(context: StageContext) -> None:
    """What the renditions' step does at its end, without the check before it that would hold it back."""
    evict(context)


WORK: dict[str, Callable[[StageContext], None]] = {"run": _run, "verify": _verify, "evict": _evict}


def _archive_of(settings: Settings) -> Archive | None:
    """A bucket is given up at its first no, so that nobody waits for one that is out of reach."""
    if not settings.aws_s3_bucket:
        return None
    url = settings.aws_s3_endpoint_url
    return S3Archive(client_of(url), settings.aws_s3_bucket, url, patience=Patience(0))


def _carry_out(order: Order) -> None:
    settings = Library(order.folder, **order.settings).settings
    log = logging.getLogger("simulation")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    if order.trouble:
        order.trouble.begin()
    try:
        with ExitStack() as stack:
            if order.run_id:
                stack.enter_context(Heartbeat(settings, order.run_id))
            WORK[order.work](
                stack.enter_context(opened(settings, log, bucket=_archive_of(settings), run_id=order.run_id))
            )
    except (MediaPipelineError, DBAPIError) as error:
        print(type(error).__name__, error, file=sys.stderr)
        sys.exit(BROKE_OFF)


if __name__ == "__main__":
    _carry_out(pickle.loads(bytes.fromhex(sys.argv[1])))
