"""One URL through the whole of the fetch room, as a run would fetch it.

What belongs here: the shortest way to a FetchedFile or FetchFailure. What does not: lists of downloads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from media_pipeline.fetch.dispatch.downloader import Downloader
from media_pipeline.fetch.dispatch.journey import Wanted
from media_pipeline.model import Candidate, FetchedFile, FetchFailure, FetchUnchanged
from media_pipeline.settings import Settings
from media_pipeline_tests.patience import PATIENCE_SECONDS


def get(url: str, folder: Path, **settings: Any) -> FetchedFile | FetchUnchanged | FetchFailure:
    """Fetch into a folder; keyword arguments are settings."""
    usual = {
        "media_timeout_seconds": PATIENCE_SECONDS,
        "media_backoff_seconds": 0.01,
        "media_storage_path": folder / "store",
    }
    with Downloader(Settings(_env_file=None, **{**usual, **settings}), 1) as downloader:
        return downloader.submit(Wanted((Candidate(url),)), folder).result(PATIENCE_SECONDS)
