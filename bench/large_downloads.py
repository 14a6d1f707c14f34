"""Downloads of 20 files of 100 MB, with both digests and so that each could be gone on with, against the same tools.

They have an ETag and a length, so our fetcher keeps them as unfinished downloads with a checkpoint every 16 MB.
What a turn has written is removed after it: three rounds of all sides would be 30 GB.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from functools import partial
from statistics import median

from bench.fetchers import WGET_NAME, Cost, Fetcher, ours, peers, rate_rows, with_digests
from bench.host import serving
from bench.measure import WORK, Row, in_turn, limit_row
from media_pipeline.settings import Settings

FILES = 20
MEDIUM_BYTES, LARGE_BYTES = 10_000_000, 100_000_000
ROUNDS = 3
AIM = 1.0
MEMORY_LIMIT_MB = 20
SECONDS_TO_SETTLE = 5
"""Between two turns. A virtual machine gives freed memory back to its host within seconds, and pays 2 s of system time
for a GB that it has to fetch again: a side that begins at once would find the memory of the last turn still there."""


def rows() -> list[Row]:
    """Rates, processor time and memory with the default of workers, and whether memory grows with the files."""
    workers = Settings.model_fields["media_download_workers"].default
    fetchers: dict[str, Fetcher] = {"ours": lambda urls: ours(urls, workers), **peers()}
    if WGET_NAME in fetchers:
        fetchers[f"{WGET_NAME}, md5sum, sha256sum"] = lambda urls: with_digests(fetchers[WGET_NAME](urls))
    medium = _costs({"ours": fetchers["ours"]}, MEDIUM_BYTES)["ours"]
    costs = _costs(fetchers, LARGE_BYTES)
    own = costs.pop("ours")
    more = median(cost.peak_mb for cost in own) - median(cost.peak_mb for cost in medium)
    megabytes = FILES * LARGE_BYTES / 1e6
    name = f"memory of {FILES} downloads of {LARGE_BYTES / 1e6:.0f} MB above {MEDIUM_BYTES / 1e6:.0f} MB"
    return [
        *rate_rows(f"large downloads, {workers} workers (default)", "MB", megabytes, own, costs, {WGET_NAME: AIM}),
        limit_row(name, max(more, 0.0), "MB", MEMORY_LIMIT_MB),
    ]


def _costs(fetchers: dict[str, Fetcher], size: int) -> dict[str, list[Cost]]:
    with serving(FILES, (size, size)) as host:
        urls = [f"http://{host}/{number}.jpg" for number in range(FILES)]
        sides = [partial(_removed, fetcher, urls) for fetcher in fetchers.values()]
        return dict(zip(fetchers, in_turn(ROUNDS, *sides), strict=True))


def _removed(fetcher: Fetcher, urls: Sequence[str]) -> Cost:
    cost = fetcher(urls)
    shutil.rmtree(WORK)
    time.sleep(SECONDS_TO_SETTLE)
    return cost
