"""Reading exports: reader, platform module and media of every post, on one core, for each platform.

The exports are real ones where there are any (``MEDIA_TEST_CORPUS``), else the demo's, whose posts hold a tenth of the
fields of real ones; repeated to 20 MB of lines. The peer is ``json.loads`` of the same lines, which finds no post and
no media: it shows how fast the machine is. The aim is 20 MB/s, so the aim of the ratio follows from the peer's rate.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.measure import Row, fresh_folder, in_turn, limit_row, run_module
from media_pipeline.demo import elsewhere, sample
from media_pipeline.demo.exports import bluesky, facebook, instagram, linkedin, mastodon, reddit, tiktok, twitter
from media_pipeline.demo.sample import SamplePost
from media_pipeline.model import Fault, Record
from media_pipeline.posts.extract import read_records
from media_pipeline.posts.platforms import platform_named
from media_pipeline.posts.readers import is_export_file, read_export

BYTES = 20_000_000
ROUNDS = 3
AIM_MB = 20.0
"""A second."""
MEMORY_AIM_MB = 20.0
"""That an export of BYTES may take above one of a tenth of it."""

_Write = Callable[[Sequence[SamplePost]], bytes]
_DEMO: dict[str, tuple[_Write, Callable[[], list[SamplePost]]]] = {
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
    for platform in _DEMO:
        path = fresh_folder("reading") / f"{platform}.ndjson"
        is_real = _write_lines(path, platform, BYTES)
        found.append(_rate_row(platform if is_real else f"{platform}, demo", path))
    return [*found, _memory_row()]


def _rate_row(name: str, path: Path) -> Row:
    seconds, theirs = in_turn(ROUNDS, lambda: _run("ours", path)[0], lambda: _run("json", path)[0])
    size = path.stat().st_size / 1e6
    rate, peer = size / median(seconds), size / median(theirs)
    posts = round(_run("ours", path)[1] / median(seconds))
    ratio, aim = round(rate / peer, 2), round(AIM_MB / peer, 2)
    return Row(f"reading {name} ({posts:,} posts/s)", round(rate, 1), round(peer, 1), "json.loads", "MB/s", ratio, aim)


def _memory_row() -> Row:
    peaks: list[float] = []
    for size in (BYTES // 10, BYTES):
        path = fresh_folder("reading") / "twitter.ndjson"
        _write_lines(path, "twitter", size)
        peaks.append(run_module("bench.reading", "ours", path).peak_mb)
    name = f"memory of reading {BYTES // 1_000_000} MB above a tenth"
    return limit_row(name, max(peaks[1] - peaks[0], 0.0), "MB", MEMORY_AIM_MB)


def _run(what: str, path: Path) -> tuple[float, int]:
    """Seconds and how many were read, by a process of its own."""
    seconds, count = run_module("bench.reading", what, path).output.split()
    return float(seconds), int(count)


def _write_lines(path: Path, platform: str, size: int) -> bool:
    """Write records of the platform, one a line, again and again; return whether they are real ones."""
    real = [record for export in _real_exports(platform) for record in read_export(export)]
    lines = [_line(record.value) for record in real if isinstance(record, Record)]
    with path.open("wb") as file:
        for line in itertools.cycle(lines) if lines else _demo_lines(platform):
            if file.tell() >= size:
                break
            file.write(line)
    return bool(lines)


def _real_exports(platform: str) -> list[Path]:
    corpus = Path(os.environ.get("MEDIA_TEST_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
    found = sorted((corpus / "posts" / platform).rglob("*"))
    return [path for path in found if path.is_file() and is_export_file(path)]


def _demo_lines(platform: str) -> Iterator[bytes]:
    """The demo's export of a platform without end, every post later than the time before."""
    write, posts = _DEMO[platform]
    for number in itertools.count():
        yield from _lines_of(write([_later(post, timedelta(minutes=number)) for post in posts()]))


def _lines_of(export: bytes) -> Iterable[bytes]:
    """An export of lines as it is; any other as one line."""
    return export.splitlines(keepends=True) if _is_lines(export) else [_line(json.loads(export))]


def _is_lines(export: bytes) -> bool:
    """Whether an export has a record a line: its first line is a whole object."""
    return export.split(b"\n", 1)[0].endswith(b"}")


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _later(post: SamplePost, by: timedelta) -> SamplePost:
    return replace(
        post,
        posted=(post.posted_at + by).strftime("%Y-%m-%d %H:%M"),
        reposts=_later(post.reposts, by) if post.reposts else None,
        quotes=_later(post.quotes, by) if post.quotes else None,
    )


def _read(path: Path) -> int:
    platform = platform_named(path.stem)
    found = 0
    for record in read_records(path, platform):
        assert not isinstance(record, Fault), record
        found += len(record.posts)
    assert found
    return found


def _load(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if json.loads(line))


if __name__ == "__main__":
    _, what, path = sys.argv
    started = time.perf_counter()
    count = {"ours": _read, "json": _load}[what](Path(path))
    print(time.perf_counter() - started, count)
