"""Runs `media-pipeline ingest` and kills it at random moments, as a power cut would."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from media_pipeline_tests import forked
from media_pipeline_tests.library import Library
from media_pipeline_tests.patience import PATIENCE_SECONDS

END_STATE = {
    "imports": "import_id, path, platform, import_date, size, posts, media, status, error",
    "posts": "post_id, native_id, raw_sha256, import_id, locator, content_sha256, duplicate_of, manifest_version",
    "post_media": "media_id, post_id, position, media_url, status, sha256, version, duplicate_of",
    "media_files": "sha256, md5_sum, file_size, width, height, duration, frames, exif, local_path, s3_key, facts_error",
    # x264 encodes one video to other bytes now and then: its macroblock tree reads memory that it never wrote to.
    "renditions": "sha256, kind, recipe, width, height, local_path, error, "
    "CASE WHEN kind IN ('animation', 'web') THEN NULL ELSE rendition_sha256 END",
}
"""What two libraries must have alike: everything but times, tries, and the bytes of videos that were encoded."""


def end_state(library: Library) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that must not depend on how often a run was killed."""
    return {table: sorted(library.rows(f"SELECT {columns} FROM {table}")) for table, columns in END_STATE.items()}


def start_ingest(library: Library, path: Path, platform: str | None = None, **environment: str) -> forked.Started:
    """Start the command, silently."""
    settings = {
        "MEDIA_STORAGE_PATH": str(library.storage),
        "MEDIA_IMPORT_PATH": str(library.settings.import_path),
        "MEDIA_ALLOWED_HOSTS": ",".join(library.settings.media_allowed_hosts),
        "MEDIA_FETCH_VIA": " ".join(library.settings.media_fetch_via),
        "MEDIA_TRY_EXPIRED": str(library.settings.media_try_expired),
        "MEDIA_CATALOG_URL": library.settings.media_catalog_url,
        **environment,
    }
    named = ["-p", platform] if platform else []
    library.folder.mkdir(parents=True, exist_ok=True)
    with Path(os.devnull).open("w") as silence:
        return forked.start(
            forked.COMMAND,
            ["ingest", str(path), "--date", "2025-11-01", *named],
            {**os.environ, **settings},
            library.folder,
            silence,
            silence,
        )


def kill_at_random_moments(
    library: Library, exports: Sequence[tuple[Path, str]], asked: Callable[[], list[str]], kills: int, seed: int
) -> None:
    """Ingest the exports, killed ``kills`` times on the way, then to the end; ``asked`` are the URLs asked for so far.

    After each kill it holds that nothing is asked for again that the catalogue said was stored.
    """
    dice = random.Random(seed)
    for number in range(kills):
        stored, requests = _stored_urls(library), len(asked())
        path, platform = exports[number % len(exports)]
        process = start_ingest(library, path, platform)
        time.sleep(dice.uniform(0.2, 3.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        again = stored.intersection(asked()[requests:])
        assert not again, f"seed {seed}, kill {number}: asked again for what was stored: {again}"
    for path, platform in exports:
        assert start_ingest(library, path, platform).wait(PATIENCE_SECONDS) == 0


def _stored_urls(library: Library) -> set[str]:
    if library.has_catalogue():
        return {url for (url,) in library.rows("SELECT media_url FROM post_media WHERE status = 'stored'")}
    return set()
