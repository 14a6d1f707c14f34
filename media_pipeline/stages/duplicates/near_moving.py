"""New videos and animations against those of the library: which pairs that makes, and which it ends.

What belongs here: the rule of who is paired with whom of what moves. What does not: when two videos are near
(:mod:`media_pipeline.search.near.alignment`), reading and writing
(:mod:`media_pipeline.stages.duplicates.near_duplicates`).

Two videos are compared by their seconds. An animation has one picture here, its first: two animations are compared like
still pictures (:mod:`media_pipeline.stages.duplicates.near_comparison`), an animation and a video by it and the video's
poster, two videos never. A video whose seconds all lack quality is compared with nothing.

Of videos with the same hashes at the same seconds, as of one stream in two containers, the one with the least SHA-256
stands for the others, like one of pictures. So it does of videos that show one and the same picture throughout, however
long: they are near, and a station may post a thousand of them, with other sound.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from media_pipeline.catalog.near_duplicates import SECOND_BYTES, Pair, Tier
from media_pipeline.search.near.alignment import FEW
from media_pipeline.search.near.index import pairs_across
from media_pipeline.search.near.videos import Videos, near_videos
from media_pipeline.search.near.words import HASH_BYTES, words_of
from media_pipeline.stages.duplicates.near_comparison import Comparison, Fingerprints, as_text
from media_pipeline.stages.duplicates.representatives import Keys, Names, Representatives, pair_of


@dataclass(frozen=True, slots=True)
class Moving:
    """Fingerprints of what moves."""

    animations: Fingerprints
    videos: Fingerprints
    """By their posters."""
    seconds: Videos
    """Of these videos, row by row."""
    keys: Keys
    """The same for videos of which one stands for the others; zero where there are no seconds."""

    @classmethod
    def of(
        cls,
        animations: Iterable[bytes],
        videos: Iterable[bytes],
        seconds: Iterable[tuple[bytes, list[int]]],
        absent: Iterable[str] = (),
    ) -> Moving:
        """Read what the catalogue gives, but for the files of these SHA-256s."""
        left_out = list(absent)
        posters = Fingerprints.of(videos, left_out)
        read = _seconds(posters.sha256, seconds)
        return cls(Fingerprints.of(animations, left_out), posters, read, _keys(read))

    def __len__(self) -> int:
        return len(self.animations) + len(self.videos)


class MovingComparison:
    """Of new files with a library. What the library's own pairs are must be known already."""

    def __init__(self, library: Moving, new: Moving) -> None:
        self._library, self._new = library, new
        self._animations = Comparison(library.animations, new.animations)
        self._names = Names(library.videos.sha256, new.videos.sha256)
        self._representatives = Representatives.of(library.keys, new.keys, self._names)
        self._compared = self._representatives.rows(library.keys, new.keys)

    @property
    def compared(self) -> list[str]:
        """The new files, by SHA-256."""
        return self._animations.compared + [digest.tobytes().hex() for digest in self._new.videos.sha256]

    @property
    def displaced(self) -> dict[Tier, list[str]]:
        """Files of the library, by SHA-256, whose pairs of the tier end, but for those that :meth:`pairs` has."""
        videos = [self._names.of(row) for row in self._representatives.displaced]
        return {Tier.NEAR: self._animations.displaced[Tier.NEAR] + videos}

    def pairs(self) -> Iterator[Pair]:
        """Every pair that the new files bring, once, in no particular order."""
        yield from self._animations.pairs()
        for representative, row in self._representatives.pairs:
            yield self._names.pair(representative, row, Tier.NEAR, 0)
        yield from self._by_seconds()
        yield from self._by_posters()

    def _by_seconds(self) -> Iterator[Pair]:
        old = len(self._library.videos)
        rows = self._compared
        library = self._library.seconds.taken(rows[rows < old])
        new = self._new.seconds.taken(rows[rows >= old] - old)
        for one, other, distance in near_videos(library, new):
            yield self._names.pair(int(rows[one]), int(rows[other]), Tier.NEAR, distance)

    def _by_posters(self) -> Iterator[Pair]:
        """Animations with videos."""
        animations, pictures, are_new = self._animations.representatives()
        posters = np.concatenate((self._library.videos.pdq, self._new.videos.pdq))[self._compared]
        has_poster = posters.any(axis=1)
        videos = self._compared[has_poster]
        hashes = np.concatenate((pictures, posters[has_poster]))
        is_new = np.concatenate((are_new, videos >= len(self._library.videos)))
        groups = np.repeat([0, 1], [len(animations), len(videos)])
        for block in pairs_across(hashes, groups, is_new):
            for first, second, distance in zip(block.first, block.second, block.distances, strict=True):
                # Animations come first.
                video = self._names.of(int(videos[second - len(animations)]))
                yield pair_of(animations[int(first)], video, Tier.NEAR, int(distance))


def _seconds(digests: Keys, blocks: Iterable[tuple[bytes, list[int]]]) -> Videos:
    """The seconds of the videos with these digests, which are in order, whatever order the seconds are in."""
    read = list(blocks)
    table = np.frombuffer(b"".join(content for content, _ in read), np.uint8).reshape(-1, SECOND_BYTES)
    seconds = np.array([second for _, block in read for second in block], np.int64)
    known, named = as_text(digests), as_text(table[:, :HASH_BYTES])
    first, behind = np.searchsorted(known, named), np.searchsorted(known, named, "right")
    order = np.lexsort((seconds, first))
    order = order[(first < behind)[order]]
    counts = np.bincount(first[order], minlength=len(digests))
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    return Videos(starts, seconds[order], words_of(table[order, HASH_BYTES:]))


def _keys(videos: Videos) -> Keys:
    keys = np.zeros((len(videos), HASH_BYTES), np.uint8)
    for row in np.flatnonzero(videos.counts):
        own = slice(videos.starts[row], videos.starts[row + 1])
        seconds, words = videos.seconds[own], videos.words[:, own]
        # Of fewer seconds it depends on their number whether they are near.
        is_still = len(seconds) >= FEW and (words == words[:, :1]).all()
        content = words[:, 0].tobytes() if is_still else seconds.tobytes() + words.tobytes()
        keys[row] = np.frombuffer(hashlib.sha256(content).digest(), np.uint8)
    return keys
