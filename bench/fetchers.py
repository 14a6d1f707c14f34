"""The two sides of every bench of downloads: a list of URLs fetched into a new folder, and what that cost.

What belongs here: how ours and each peer are started, and that everything has come. What does not: which files, and
how results become rows (:mod:`bench.downloads`, :mod:`bench.large_downloads`).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from bench.measure import Finished, Row, fresh_folder, less_row, rate_row, run, run_module
from bench.peers import ARIA2C, IMG2DATASET, WGET, is_there, python_with
from media_pipeline.fetch.dispatch.downloader import Downloader
from media_pipeline.fetch.dispatch.journey import Wanted
from media_pipeline.fetch.dispatch.medium import Fetched
from media_pipeline.model import Candidate, FetchedFile
from media_pipeline.settings import Settings, load_settings

PARALLEL = 16
"""Downloads at a time, here as with aria2c."""
ARIA2C_NAME, WGET_NAME, IMG2DATASET_NAME = f"aria2c -j{PARALLEL}", "wget", "img2dataset"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one turn took."""

    seconds: float
    cpu_seconds: float
    """User and system, of all processes."""
    peak_mb: float
    """Of all processes together, each with its interpreter and the modules that it has imported."""
    folder: Path
    """Where the files are."""


Fetcher = Callable[[Sequence[str]], Cost]


def peers() -> dict[str, Fetcher]:
    """Those that are there or can be installed, by their names in the table."""
    found: dict[str, Fetcher] = {}
    if is_there(ARIA2C):
        found[ARIA2C_NAME] = aria2c
    if is_there(WGET):
        found[WGET_NAME] = wget
    if python := python_with(IMG2DATASET):
        found[IMG2DATASET_NAME] = partial(img2dataset, python)
    return found


def ours(urls: Sequence[str], workers: int = PARALLEL) -> Cost:
    """In a process of its own. Its imports are left out; the start and the end of its worker processes are not."""
    folder = fresh_folder("ours")
    done = run_module("bench.fetchers", folder, _list_beside(folder, urls), str(workers))
    return own_cost(done, folder)


def aria2c(urls: Sequence[str]) -> Cost:
    """Everything as it comes, but for how many at a time."""
    folder = fresh_folder("aria2c")
    done = run(["aria2c", f"-j{PARALLEL}", "-i", _list_beside(folder, urls), "-d", folder, "--quiet"])
    return _cost(done, folder, len(urls))


def wget(urls: Sequence[str]) -> Cost:
    """One after the other: it can't do otherwise."""
    folder = fresh_folder("wget")
    done = run(["wget", "--quiet", "-i", _list_beside(folder, urls), "-P", folder])
    return _cost(done, folder, len(urls))


def img2dataset(python: Path, urls: Sequence[str], side: int | None = None) -> Cost:
    """See :mod:`bench.img2dataset_side` for how it is set; ``side`` is the longest that pictures are to have."""
    folder = fresh_folder("img2dataset")
    script = Path(__file__).with_name("img2dataset_side.py")
    without_asking_pypi = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"}
    sides = [] if side is None else [str(side)]
    done = run([python, script, _list_beside(folder, urls), folder, str(len(urls)), *sides], without_asking_pypi)
    assert len(list(folder.glob("*/*.jpg"))) == len(urls)
    return own_cost(done, folder)


def with_digests(cost: Cost) -> Cost:
    """A peer's turn and the two commands that give for its files what our fetcher gives with them."""
    files = sorted(cost.folder.iterdir())
    runs = [run([command, *files]) for command in ("md5sum", "sha256sum")]
    return Cost(
        cost.seconds + sum(done.seconds for done in runs),
        cost.cpu_seconds + sum(done.cpu_seconds for done in runs),
        max(cost.peak_mb, *(done.tree_peak_mb for done in runs)),
        cost.folder,
    )


def rate_rows(
    what: str, unit: str, amount: float, own: Sequence[Cost], theirs: dict[str, list[Cost]], aims: dict[str, float]
) -> list[Row]:
    """Rate, processor time and memory against each peer; ``amount`` is what one turn brings, in ``unit``."""
    rows: list[Row] = []
    for name, costs in theirs.items():
        seconds, peer_seconds = [cost.seconds for cost in own], [cost.seconds for cost in costs]
        rows.append(rate_row(what, amount, seconds, peer_seconds, name, aims.get(name), f"{unit}/s"))
    for name, costs in theirs.items():
        cpu, peer_cpu = [cost.cpu_seconds for cost in own], [cost.cpu_seconds for cost in costs]
        rows.append(less_row(f"{what}: processor time", "s", cpu, peer_cpu, name))
    for name, costs in theirs.items():
        peak, peer_peak = [cost.peak_mb for cost in own], [cost.peak_mb for cost in costs]
        rows.append(less_row(f"{what}: peak memory", "MB", peak, peer_peak, name))
    return rows


def settings_for(folder: Path, host: str, workers: int) -> Settings:
    """Ours, in a new store. The loopback host is one host, so its limit is the number of workers."""
    return load_settings(
        _env_file=None,
        media_storage_path=folder / "store",
        media_import_path=folder / "imports",
        media_allowed_hosts=(host,),
        media_download_workers=workers,
        media_host_workers=workers,
    )


def _list_beside(folder: Path, urls: Sequence[str]) -> Path:
    path = folder.with_suffix(".urls")
    path.write_text("\n".join(urls))
    return path


def _cost(done: Finished, folder: Path, count: int) -> Cost:
    assert len(list(folder.iterdir())) == count
    return Cost(done.seconds, done.cpu_seconds, done.tree_peak_mb, folder)


def own_cost(done: Finished, folder: Path) -> Cost:
    """Of a side that takes its time itself, without its imports, and prints it last."""
    own = json.loads(done.output.splitlines()[-1])
    return Cost(own["seconds"], own["cpu_seconds"], done.tree_peak_mb, folder)


def _fetch(folder: Path, urls: Sequence[str], workers: int) -> dict[str, float]:
    settings = settings_for(folder, urls[0].split("/")[2], workers)
    started, cpu_before = time.perf_counter(), sum(os.times()[:4])
    succeeded: SimpleQueue[bool] = SimpleQueue()
    with Downloader(settings, len(urls)) as downloader:
        for url in urls:
            future = downloader.submit(Wanted((Candidate(url),)), folder)
            # Results are not kept: the memory that counts is the downloader's.
            future.add_done_callback(lambda done: succeeded.put(_is_fetched(done)))
        assert all(succeeded.get() for _ in urls)
    return {"seconds": time.perf_counter() - started, "cpu_seconds": sum(os.times()[:4]) - cpu_before}


def _is_fetched(done: Future[Fetched]) -> bool:
    return done.exception() is None and isinstance(done.result(), FetchedFile)


if __name__ == "__main__":
    print(json.dumps(_fetch(Path(sys.argv[1]), Path(sys.argv[2]).read_text().split(), int(sys.argv[3]))))
