"""Reading exports: reader, platform module and media of every post, on one core, for each platform.

The exports are the demo's shapes, repeated with other ids to 20 MB. The peer is ``json.loads`` of the same lines, which
finds no post and no media: it shows how fast this machine is. The aim is 20 MB/s whatever the machine, so its ratio is
worked out from the peer's rate.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.measure import Row, fresh_folder, in_turn, limit_row, run_module
from media_pipeline.demo import elsewhere, sample
from media_pipeline.demo.exports import bluesky, facebook, instagram, linkedin, mastodon, reddit, tiktok, twitter
from media_pipeline.demo.sample import SamplePost
from media_pipeline.model import Fault
from media_pipeline.posts.extract import read_records
from media_pipeline.posts.platforms import platform_named

MEGABYTES = 20
ROUNDS = 3
AIM_MB = 20.0
MEMORY_AIM_MB = 20.0
"""That an export of MEGABYTES may take above one of a tenth of it."""

_Write = Callable[[Sequence[SamplePost]], bytes]
_EXPORTS: dict[str, tuple[_Write, Callable[[], list[SamplePost]]]] = {
    "bluesky": (bluesky.author_feed, elsewhere.bluesky),
    "facebook": (facebook.graph_feed, elsewhere.facebook),
    "instagram": (instagram.private_feed, elsewhere.instagram),
    "linkedin": (linkedin.scraped_posts, sample.company_posts),
    "mastodon": (mastodon.statuses, elsewhere.mastodon),
    "reddit": (reddit.listing, elsewhere.reddit),
    "tiktok": (tiktok.item_list, elsewhere.tiktok),
    "twitter": (twitter.graphql_timeline, sample.timeline),
}


def rows() -> list[Row]:
    """A row a platform, and what memory a larger file takes."""
    found: list[Row] = []
    for platform, (write, posts) in _EXPORTS.items():
        path = fresh_folder("reading") / f"{platform}.ndjson"
        count = _write_export(path, write, posts(), MEGABYTES * 1_000_000)
        size = path.stat().st_size / 1e6
        ours, theirs = in_turn(ROUNDS, lambda path=path: _ours(path), lambda path=path: _json(path))
        rate, peer = size / median(ours), size / median(theirs)
        posts_a_second = round(count / median(ours))
        name = f"reading {platform} ({posts_a_second:,} posts/s)"
        found.append(
            Row(
                name,
                round(rate, 1),
                round(peer, 1),
                "json.loads",
                "MB/s",
                round(rate / peer, 2),
                round(AIM_MB / peer, 2),
            )
        )
    return [*found, _memory_row()]


def _ours(path: Path) -> float:
    """Seconds, in a process of its own."""
    return float(run_module("bench.reading", "ours", path).output)


def _json(path: Path) -> float:
    return float(run_module("bench.reading", "json", path).output)


def _memory_row() -> Row:
    write, posts = _EXPORTS["twitter"]
    peaks: list[float] = []
    for share in (0.1, 1):
        path = fresh_folder("reading") / "twitter.ndjson"
        _write_export(path, write, posts(), int(MEGABYTES * 1_000_000 * share))
        peaks.append(run_module("bench.reading", "ours", path).peak_mb)
    name = f"memory of reading {MEGABYTES} MB above {MEGABYTES // 10} MB"
    return limit_row(name, max(peaks[1] - peaks[0], 0.0), "MB", MEMORY_AIM_MB)


def _write_export(path: Path, write: _Write, posts: list[SamplePost], size: int) -> int:
    """Lines of one export each, every post later than in the line before; return how many posts."""
    written = count = number = 0
    with path.open("wb") as file:
        while written < size:
            later = [_later(post, timedelta(minutes=number)) for post in posts]
            for line in _lines(write(later)):
                written += file.write(line)
            number += 1
            count += len(later)
    return count


def _lines(export: bytes) -> Iterable[bytes]:
    """An export of lines as it is; any other as one line without white space."""
    if export.startswith(b'{"'):
        return [export]
    return [json.dumps(json.loads(export), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"]


def _later(post: SamplePost, by: timedelta) -> SamplePost:
    posted = (post.posted_at + by).strftime("%Y-%m-%d %H:%M")
    return replace(
        post,
        posted=posted,
        reposts=_later(post.reposts, by) if post.reposts else None,
        quotes=_later(post.quotes, by) if post.quotes else None,
    )


def _read(path: Path) -> float:
    platform = platform_named(path.stem)
    started = time.perf_counter()
    found = 0
    for record in read_records(path, platform):
        assert not isinstance(record, Fault), record
        for post in record.posts:
            platform.media(post.raw)
            found += 1
    seconds = time.perf_counter() - started
    assert found
    return seconds


def _load(path: Path) -> float:
    started = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    return time.perf_counter() - started


if __name__ == "__main__":
    _, what, path = sys.argv
    print({"ours": _read, "json": _load}[what](Path(path)))
