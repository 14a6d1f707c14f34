"""Files that hang together by showing the same, and the best of each cluster.

What belongs here: from pairs to clusters, what each member is to the best one, and what is saved without it. What does
not: finding pairs (:mod:`media_pipeline.stages.duplicates.near_duplicates`), and how clusters are shown.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from media_pipeline.catalog import duplicates, near_duplicates
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.duplicates import Holder, SameBytes
from media_pipeline.catalog.near_duplicates import ComparedFile, Pair, Tier
from media_pipeline.model import ImportPartition
from media_pipeline.search.near import clusters as near_clusters
from media_pipeline.search.near.clusters import Original
from media_pipeline.search.near.index import Pairs

FILES_TOGETHER = 500
"""Files whose facts are asked for at once. A cluster is never divided."""

_ORDER = (None, Tier.SAME_PIXELS, Tier.NEAR)
"""Of a cluster's members."""
_FARTHEST = 256
"""Bits."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a cluster."""

    file: ComparedFile
    holders: tuple[Holder, ...]
    """References to it, oldest first; one at least."""
    tier: Tier | None
    """What it is to the best that there is of it: same_pixels, or near the canonical; None: it is the canonical."""
    distance: int | None
    """Bits in which its PDQ differs from the canonical's; of a chain, more than 31. None: one has no PDQ. Of two videos
    the distance of their pair, and None where others lie between them."""

    @property
    def sha256(self) -> str:
        return self.file.sha256


@dataclass(frozen=True, slots=True)
class Cluster:
    """Files that show the same, or one that several references hold."""

    members: tuple[Member, ...]
    """The canonical first, then by tier and distance."""
    pairs: tuple[Pair, ...]

    @property
    def canonical(self) -> Member:
        return self.members[0]

    @property
    def saved_already(self) -> int:
        """Bytes, by storing the same ones once."""
        return sum(member.file.file_size * (len(member.holders) - 1) for member in self.members)

    @property
    def saved_if_pruned(self) -> int:
        """Bytes, if nothing but the canonical were kept."""
        return sum(member.file.file_size for member in self.members[1:])


def clusters_of(connection: Connection, partition: ImportPartition) -> Iterator[Cluster]:
    """Every cluster of two or more files, of the whole library, that a file of the partition belongs to."""
    pairs = _reached(connection, partition)
    by_first: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_first.setdefault(pair.first, []).append(pair)
    gathered: list[str] = []
    for component in components(pairs):
        gathered += component
        if len(gathered) >= FILES_TOGETHER:
            yield from _clusters(connection, gathered, by_first)
            gathered = []
    yield from _clusters(connection, gathered, by_first)


def held_repeatedly(
    connection: Connection, partition: ImportPartition, but_for: Container[str] = ()
) -> Iterator[Cluster]:
    """Each file of the partition that several references of the library hold, but for these files."""
    for page in duplicates.same_bytes(connection, [partition]):
        repeated = {same.sha256: same for same in page if len(same.holders) > 1 and same.sha256 not in but_for}
        for file in near_duplicates.compared_files(connection, repeated):
            yield Cluster((Member(file, repeated[file.sha256].holders, None, 0),), ())


def components(pairs: Iterable[Pair]) -> list[list[str]]:
    """Files that pairs connect, by SHA-256; the component of the least one first."""
    ends = sorted({(pair.first, pair.second) for pair in pairs})
    names = sorted({sha256 for both in ends for sha256 in both})
    rows = {name: row for row, name in enumerate(names)}
    first = np.fromiter((rows[one] for one, _ in ends), np.int64, len(ends))
    second = np.fromiter((rows[other] for _, other in ends), np.int64, len(ends))
    block = Pairs(first, second, np.zeros(len(ends), np.uint16))
    return [[names[row] for row in group] for group in near_clusters.clusters([block], len(names))]


def best(files: Sequence[ComparedFile]) -> ComparedFile:
    """Of files that show the same the one to keep: most pixels, then most bytes, then the oldest."""
    originals = [Original(file.sha256, file.pixels, file.file_size, file.created_at) for file in files]
    chosen = near_clusters.canonical(originals)
    return next(file for file in files if file.sha256 == chosen.sha256)


def _reached(connection: Connection, partition: ImportPartition) -> set[Pair]:
    """Every pair of the clusters that the partition touches: from its files outward, until there is nothing new."""
    found = near_duplicates.pairs_of_partition(connection, partition)
    asked: set[str] = set()
    while waiting := _ends(found) - asked:
        found |= near_duplicates.pairs_of(connection, waiting)
        asked |= waiting
    return found


def _ends(pairs: Iterable[Pair]) -> set[str]:
    return {sha256 for pair in pairs for sha256 in (pair.first, pair.second)}


def _clusters(
    connection: Connection, sha256s: Sequence[str], by_first: Mapping[str, Sequence[Pair]]
) -> Iterator[Cluster]:
    held = {same.sha256: same for same in duplicates.holders(connection, sha256s)}
    files = {file.sha256: file for file in near_duplicates.compared_files(connection, held)}
    # What nobody holds any more is let go when its own partition is searched next.
    pairs = [pair for one in files for pair in by_first.get(one, ()) if pair.second in files]
    found = components(pairs)
    number_of = {sha256: number for number, component in enumerate(found) for sha256 in component}
    pairs_of: list[list[Pair]] = [[] for _ in found]
    for pair in pairs:
        pairs_of[number_of[pair.first]].append(pair)
    for component, within in zip(found, pairs_of, strict=True):
        yield _cluster([files[one] for one in component], held, within)


def _cluster(files: Sequence[ComparedFile], held: Mapping[str, SameBytes], pairs: Sequence[Pair]) -> Cluster:
    canonical = best(files)
    by_name = {file.sha256: file for file in files}
    lesser: set[str] = set()
    for group in components(pair for pair in pairs if pair.tier is Tier.SAME_PIXELS):
        lesser.update(group)
        lesser.remove(best([by_name[one] for one in group]).sha256)
    paired = {
        sha256: pair.distance
        for pair in pairs
        for sha256, other in ((pair.first, pair.second), (pair.second, pair.first))
        if other == canonical.sha256
    }
    members = [
        Member(
            file,
            held[file.sha256].holders,
            None if file is canonical else Tier.SAME_PIXELS if file.sha256 in lesser else Tier.NEAR,
            _distance(file, canonical, paired),
        )
        for file in files
    ]
    return Cluster(tuple(sorted(members, key=_from_canonical)), tuple(sorted(pairs)))


def _distance(file: ComparedFile, canonical: ComparedFile, paired: Mapping[str, int]) -> int | None:
    if file is canonical:
        return 0
    if file.is_video and canonical.is_video:
        # Their posters are of different seconds.
        return paired.get(file.sha256)
    if file.pdq is None or canonical.pdq is None:
        return None
    return (int(file.pdq, 16) ^ int(canonical.pdq, 16)).bit_count()


def _from_canonical(member: Member) -> tuple[int, int, str]:
    return _ORDER.index(member.tier), _FARTHEST if member.distance is None else member.distance, member.sha256
