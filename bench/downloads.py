"""Downloads with MD5, SHA-256 and a check of the type, against ``aria2c -j16``, which does none of them.

Both fetch the same 3,000 files of 30 to 300 KB from one host on loopback into new folders on the same disk.
``aria2c`` keeps a control file beside each download and syncs every file to disk; our fetcher syncs nothing, the
stage does (it moves each file to its place in the store and writes its rows). So each is held against the same peer.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from concurrent.futures import wait
from datetime import date
from pathlib import Path

from bench.host import serving
from bench.measure import Row, fresh_folder, in_turn, rate_row, run, run_module
from bench.peers import ARIA2C, is_there
from media_pipeline.catalog import media
from media_pipeline.fetch.processes import Downloader
from media_pipeline.model import FetchedFile, ImportPartition, Status
from media_pipeline.settings import Settings, load_settings
from media_pipeline.stages.context import opened
from media_pipeline.stages.downloads import Downloads
from media_pipeline.stages.media_manifest import write_manifests
from media_pipeline.stages.raw_posts import read_posts

FILES = 3000
ROUNDS = 3
AIM = 2.8
PARALLEL = 16
"""Downloads at a time, here as there."""
PEER_NAME = f"aria2c -j{PARALLEL}"


def rows() -> list[Row]:
    """The downloader alone with 16 and with its default of workers, and the whole download loop of ``cached_media``."""
    default = Settings.model_fields["media_download_workers"].default
    with serving(FILES) as host:
        sides = [
            lambda: _ours("fetch", host, PARALLEL),
            lambda: _ours("fetch", host, default),
            lambda: _ours("stage", host, PARALLEL),
        ]
        if is_there(ARIA2C):
            sides += [lambda: _aria2c(host), lambda: _aria2c(host, digests=True)]
        fetched, fetched_by_default, staged, *peers = in_turn(ROUNDS, *sides)
    theirs, with_digests = peers if peers else (None, None)
    return [
        rate_row(f"downloads, {PARALLEL} workers", FILES, fetched, theirs, PEER_NAME, AIM),
        rate_row(f"downloads, {default} workers (default)", FILES, fetched_by_default, theirs, PEER_NAME, AIM),
        rate_row(f"downloads stored and recorded, {PARALLEL} workers", FILES, staged, theirs, PEER_NAME, AIM),
        rate_row(
            f"downloads with both digests, {default} workers",
            FILES,
            fetched_by_default,
            with_digests,
            f"{PEER_NAME}, md5sum, sha256sum",
            AIM,
        ),
    ]


def _ours(what: str, host: str, workers: int) -> float:
    """Seconds, as a process of its own takes them once it has started."""
    return float(run_module("bench.downloads", what, fresh_folder(what), host, str(workers)).output)


def _aria2c(host: str, digests: bool = False) -> float:
    """Seconds for the downloads, and if asked for the two commands that give what our fetcher gives with them."""
    folder = fresh_folder("aria2c")
    urls = folder.with_suffix(".urls")
    urls.write_text("\n".join(_urls(host)))
    seconds = run(["aria2c", f"-j{PARALLEL}", "-i", urls, "-d", folder, "--quiet"]).seconds
    files = sorted(folder.iterdir())
    assert len(files) == FILES
    return seconds + sum(run([command, *files]).seconds for command in ("md5sum", "sha256sum") if digests)


def _urls(host: str) -> list[str]:
    return [f"http://{host}/{number}.jpg" for number in range(FILES)]


def _fetch(folder: Path, host: str, workers: int) -> float:
    """Fetch everything; seconds, with the start and the end of the worker processes."""
    settings = load_settings(_env_file=None, media_allowed_hosts=(host,), media_download_workers=workers)
    started = time.perf_counter()
    with Downloader(settings, FILES) as downloader:
        futures = [downloader.submit(url, folder) for url in _urls(host)]
        wait(futures)
    seconds = time.perf_counter() - started
    assert all(isinstance(future.result(), FetchedFile) for future in futures)
    return seconds


def _stage(folder: Path, host: str, workers: int) -> float:
    """Run the download loop over posts that name the files; seconds without the import of the posts."""
    settings = load_settings(
        _env_file=None,
        media_storage_path=folder / "store",
        media_import_path=folder / "imports",
        media_allowed_hosts=(host,),
        media_download_workers=workers,
    )
    partition = ImportPartition(date(2026, 1, 1), "linkedin")
    _write_export(folder / "imports" / "linkedin" / "2026-01-01" / "posts.ndjson", _urls(host))
    with opened(settings, logging.getLogger("bench")) as context:
        read_posts(context, [partition])
        write_manifests(context, [partition])
        started = time.perf_counter()
        Downloads(context, [partition]).run()
        seconds = time.perf_counter() - started
        with context.database.read() as connection:
            assert media.statuses(connection, [partition])[partition] == {Status.STORED: FILES}
    return seconds


def _write_export(path: Path, urls: list[str]) -> None:
    path.parent.mkdir(parents=True)
    posts = (
        {"id": str(number), "text": f"post {number}", "media": {"type": "image", "url": url}}
        for number, url in enumerate(urls, 1)
    )
    path.write_text("".join(json.dumps(post) + "\n" for post in posts))


if __name__ == "__main__":
    _, what, folder, host, workers = sys.argv
    print({"fetch": _fetch, "stage": _stage}[what](Path(folder), host, int(workers)))
