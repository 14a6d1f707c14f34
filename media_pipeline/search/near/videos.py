"""Which of many videos are near, exactly, by the rule of :mod:`media_pipeline.search.near.alignment`.

What belongs here: which two videos the rule is asked of. What does not: the rule.

Two videos are compared when one second of each is within MAX_DISTANCE, which an index of all seconds says. Pictures
that hundreds of videos have, such as a title or a logo, would bring together nearly all of them. But of two near videos
the one with fewer seconds matches in SHARE of them: whichever of its other seconds the index overlooks, one that
matches remains. So each video keeps its seconds that lie in crowds out of the index's sight, as many as it may, and two
seconds that are both out of sight never meet. A title costs only those few videos that consist of little else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from media_pipeline.search.near.alignment import distance_of, least_share, needed
from media_pipeline.search.near.covering import MAX_DISTANCE, masks
from media_pipeline.search.near.crowds import find_crowds
from media_pipeline.search.near.index import search
from media_pipeline.search.near.words import Distances, Rows, Words, distances

CELLS = 1 << 20
"""Distances between seconds that are looked at together: 20 MB."""
KEYS_TOGETHER = 1 << 22
"""Pairs of videos, some of them repeatedly, that are gathered before they are sorted out: 32 MB."""

NearVideos = tuple[int, int, int]
"""Rows of two videos, the lesser one first, and the median distance of their matching seconds."""


@dataclass(frozen=True, slots=True)
class Videos:
    """Videos by row, and their seconds of enough quality. 56 bytes a second."""

    starts: Rows
    """Where each one's seconds begin, and where the last one's end."""
    seconds: Rows
    """From the video's beginning, ascending within each."""
    words: Words

    def __len__(self) -> int:
        return len(self.starts) - 1

    def seconds_of(self, row: int) -> Rows:
        return self.seconds[self.starts[row] : self.starts[row + 1]]

    @property
    def counts(self) -> Rows:
        """Seconds of each."""
        return np.diff(self.starts)

    def taken(self, rows: Rows) -> Videos:
        """Of these videos only, in this order."""
        chosen = _stretches(self.starts[rows], self.counts[rows])
        return Videos(_starts(self.counts[rows]), self.seconds[chosen], self.words[:, chosen])

    def followed_by(self, others: Videos) -> Videos:
        """These, and the others behind them."""
        return Videos(
            np.concatenate((self.starts, others.starts[1:] + self.starts[-1])),
            np.concatenate((self.seconds, others.seconds)),
            np.concatenate((self.words, others.words), axis=1),
        )


@dataclass(frozen=True, slots=True)
class _Pictures:
    """Stretches of seconds with one and the same hash: a still picture is looked up once."""

    video: Rows
    seconds: Rows
    """How many."""
    words: Words


def near_videos(library: Videos, new: Videos) -> Iterator[NearVideos]:
    """Every new video with each that it is near to, of the library or new; new rows are counted on from the library's.

    Each pair once, in no particular order. Videos without a second are near to nothing.
    """
    videos = library.followed_by(new)
    for latter, earlier in _candidates(videos, len(library)):
        for other, between in _possible(videos, latter, earlier):
            distance = distance_of(between, videos.seconds_of(latter), videos.seconds_of(other))
            if distance is not None:
                yield other, latter, distance


def _candidates(videos: Videos, old: int) -> Iterator[tuple[int, Rows]]:
    """New videos with the earlier ones that they share a picture with."""
    pictures = _pictures(videos)
    crowds = find_crowds(pictures.words, masks())
    groups = pictures.video.copy()
    groups[_out_of_sight(videos, pictures, crowds)] = len(videos)
    first_new = int(np.searchsorted(pictures.video, old))
    found = search(pictures.words, first_new, crowds, groups)
    keys = _gathered(
        _keys(pictures.video[block.first], pictures.video[block.second], len(videos)) for block in found if len(block)
    )
    latter, earlier = np.divmod(keys, max(1, len(videos)))
    bounds = np.flatnonzero(np.diff(latter, prepend=-1, append=-1))
    for start, end in pairwise(bounds):
        yield int(latter[start]), earlier[start:end]


def _pictures(videos: Videos) -> _Pictures:
    owner = np.repeat(np.arange(len(videos)), videos.counts)
    is_first = np.ones(len(owner), bool)
    is_first[1:] = (owner[1:] != owner[:-1]) | (videos.words[:, 1:] != videos.words[:, :-1]).any(axis=0)
    firsts = np.flatnonzero(is_first)
    return _Pictures(owner[firsts], np.diff(firsts, append=len(owner)), videos.words[:, firsts])


def _out_of_sight(videos: Videos, pictures: _Pictures, crowds: Sequence[Rows]) -> Rows:
    """Pictures in crowds, those in the largest first, as long as any SHARE of a video's seconds keeps one in sight."""
    if not crowds:
        return np.empty(0, np.int64)
    rows = np.concatenate(crowds)
    sizes = np.repeat([len(crowd) for crowd in crowds], [len(crowd) for crowd in crowds])
    order = np.lexsort((-sizes, pictures.video[rows]))
    rows = rows[order]
    owners, seconds = pictures.video[rows], pictures.seconds[rows]
    # Running totals, counted from the beginning of each video.
    totals = np.cumsum(seconds)
    is_first = np.diff(owners, prepend=-1) != 0
    before = (totals - seconds)[is_first][np.cumsum(is_first) - 1]
    spare = np.array([least_share(int(count)) - 1 for count in videos.counts])
    return rows[totals - before <= spare[owners]]


def _keys(one: Rows, other: Rows, count: int) -> Rows:
    """Each pair of two videos as a number, the later video leading."""
    is_apart = one != other
    one, other = one[is_apart], other[is_apart]
    return np.unique(np.maximum(one, other) * count + np.minimum(one, other))


def _gathered(blocks: Iterable[Rows]) -> Rows:
    """All keys, ascending, each once."""
    kept: list[Rows] = [np.empty(0, np.int64)]
    waiting = 0
    for block in blocks:
        kept.append(block)
        waiting += len(block)
        if waiting > KEYS_TOGETHER:
            kept, waiting = [np.unique(np.concatenate(kept))], 0
    return np.unique(np.concatenate(kept))


def _possible(videos: Videos, row: int, others: Rows) -> Iterator[tuple[int, Distances]]:
    """Those of the others of which enough seconds match, whatever the order, with the distances of all seconds.

    This is asked of many at a time.
    """
    own = videos.words[:, videos.starts[row] : videos.starts[row + 1]]
    together = max(1, CELLS // (own.shape[1] * int(videos.counts[others].max())))
    for start in range(0, len(others), together):
        some = others[start : start + together]
        counts = videos.counts[some]
        bounds = _starts(counts)
        between = distances(own[:, :, None], videos.words[:, None, _stretches(videos.starts[some], counts)])
        is_near = between <= MAX_DISTANCE
        own_matches = np.logical_or.reduceat(is_near, bounds[:-1], axis=1).sum(axis=0)
        matches = np.add.reduceat(is_near.any(axis=0), bounds[:-1], dtype=np.int64)
        enough = np.array([needed(own.shape[1], int(count)) for count in counts])
        for number in np.flatnonzero(np.minimum(own_matches, matches) >= enough):
            yield int(some[number]), between[:, bounds[number] : bounds[number + 1]]


def _starts(counts: Rows) -> Rows:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))


def _stretches(starts: Rows, counts: Rows) -> Rows:
    """The indices of stretches that begin there and are so long, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - ends + counts, counts) + np.arange(total)
