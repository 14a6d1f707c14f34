"""Near duplicates of the library, kept up to date: what is new is compared with everything, once.

What belongs here: which files are compared, and writing down what that changes. What does not: comparing
(:mod:`media_pipeline.stages.duplicates.near_comparison`, :mod:`media_pipeline.stages.duplicates.near_moving`), and what
is made of pairs (:mod:`media_pipeline.stages.duplicates.clusters`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence, Sized
from datetime import UTC, datetime

from media_pipeline.catalog import near_duplicates
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.near_duplicates import Files, Kind, Tier
from media_pipeline.catalog.selection import pieces
from media_pipeline.model import ImportPartition
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.duplicates.near_comparison import Comparison, Fingerprints
from media_pipeline.stages.duplicates.near_moving import Moving, MovingComparison

NEW_TOGETHER = 100_000
"""New files that are compared with the library at a time."""
ROWS_TOGETHER = 5_000
"""Rows that are written in one transaction: 0.1 s."""

_STORED_TIERS = (Tier.SAME_PIXELS, Tier.NEAR)


def search_near_duplicates(context: StageContext, partitions: Sequence[ImportPartition]) -> None:
    """Compare the new files of the partitions with the library, and write down which show the same.

    One run at a time: two that compare at once would not see each other's new files. One that is killed leaves pairs
    that hold, and its files as new as they were.
    """
    waiting = "another run is looking for near duplicates: waiting for it"
    with (
        context.database.exclusive("near-duplicates", lambda: context.log.info(waiting)),
        context.progress.of("near duplicates") as progress,
    ):
        _let_go(context, partitions)
        for kind in Kind:
            with context.database.read() as connection:
                new = set(near_duplicates.unsearched(connection, partitions, kind))
                if kind is Kind.MOVING:
                    # They are missing from the library until then, whichever partition they are of.
                    new.update(near_duplicates.outdated(connection))
            progress.expect(len(new))
            for batch in pieces(sorted(new), NEW_TOGETHER):
                # A file whose fingerprint has changed is new, and was paired by its former one.
                with context.database.read() as connection:
                    orphans = _orphans(connection, batch)
                _search(context, kind, [*batch, *orphans], orphans)
                progress.advance(len(batch))


def _let_go(context: StageContext, partitions: Sequence[ImportPartition]) -> None:
    """Remove the pairs of files that left the library, and compare again those that they stood for."""
    with context.database.read() as connection:
        departed = near_duplicates.departed(connection, partitions)
        orphans = _orphans(connection, departed)
    if not departed:
        return
    if orphans:
        for kind in Kind:
            _search(context, kind, orphans, [*orphans, *departed])
    with context.database.write() as connection:
        near_duplicates.remove_older(connection, departed, _STORED_TIERS, datetime.now(UTC))
        near_duplicates.mark_searched(connection, departed, None)


def _orphans(connection: Connection, leaving: Sequence[str]) -> list[str]:
    """Other files with a fingerprint that one of these had: if it stood for them, somebody else has to."""
    gone = set(leaving)
    pairs = near_duplicates.pairs_of(connection, gone)
    alike = {sha256 for pair in pairs if pair.distance == 0 for sha256 in (pair.first, pair.second)} - gone
    # Those of the same pixels are paired with one of them, not with each other.
    beyond = near_duplicates.pairs_of(connection, alike)
    alike |= {sha256 for pair in beyond if pair.tier is Tier.SAME_PIXELS for sha256 in (pair.first, pair.second)}
    return sorted(alike - gone)


def _search(context: StageContext, kind: Kind, files: Sequence[str], absent: Collection[str]) -> None:
    """Compare these files, as far as they are of this kind, with the library but for those that are ``absent``."""
    found_at = datetime.now(UTC)
    with context.database.read() as connection:
        comparison = _comparison(connection, kind, files, absent)
        known = {sha256 for pair in near_duplicates.pairs_of(connection, files) for sha256 in (pair.first, pair.second)}
    compared = comparison.compared
    if not compared:
        return
    for batch in pieces(comparison.pairs(), ROWS_TOGETHER):
        with context.database.write() as connection:
            near_duplicates.save(connection, batch, found_at)
    with context.database.write() as connection:
        near_duplicates.remove_older(connection, known.intersection(compared), _STORED_TIERS, found_at)
        for tier, displaced in comparison.displaced.items():
            near_duplicates.remove_older(connection, displaced, [tier], found_at)
    for batch in pieces(compared, ROWS_TOGETHER):
        with context.database.write() as connection:
            near_duplicates.mark_searched(connection, batch, found_at)


def _comparison(
    connection: Connection, kind: Kind, files: Sequence[str], absent: Collection[str]
) -> Comparison | MovingComparison:
    if kind is Kind.MOVING:
        new = _moving(connection, files)
        return MovingComparison(_moving(connection, _library_for(new), absent), new)
    pictures = Fingerprints.of(near_duplicates.fingerprints(connection, kind, files))
    library = near_duplicates.fingerprints(connection, kind, _library_for(pictures))
    return Comparison(Fingerprints.of(library, absent), pictures)


def _library_for(new: Sized) -> Files:
    """The library; nothing of it where there is nothing to compare with it."""
    return None if len(new) else ()


def _moving(connection: Connection, files: Files, absent: Collection[str] = ()) -> Moving:
    return Moving.of(
        near_duplicates.animations(connection, files),
        near_duplicates.videos(connection, files),
        near_duplicates.seconds(connection, files),
        absent,
    )
