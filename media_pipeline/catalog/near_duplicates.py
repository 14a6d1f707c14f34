"""Files that show the same in other bytes: the table near_duplicates, and the fingerprints that it comes from.

What belongs here: which files are to be compared, their fingerprints as they are compared, and the pairs that were
found. What does not: comparing (:mod:`media_pipeline.stages.duplicates.near_duplicates`), references to the same bytes
(:mod:`media_pipeline.catalog.duplicates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from media_pipeline.catalog.selection import Selection, in_partitions, pieces, selects_file
from media_pipeline.catalog.tables import media_files, media_versions, near_duplicates, post_media, video_fingerprints
from media_pipeline.model import ImportPartition, MediaType, Status
from media_pipeline.policy.clocks import is_from_the_future

LEAST_QUALITY = 50
"""Of PDQ; below it a picture has too little in it to be told from others (design, chapter 3)."""
FINGERPRINT_BYTES = 96
"""Of one file in :func:`fingerprints`."""
SECOND_BYTES = 64
"""Of one second in :func:`seconds`."""
ROWS_READ_TOGETHER = 10_000
"""Three million hex digits in memory at a time. More are no faster."""

Files = Sequence[str] | None
"""Files by SHA-256, each once; None: all that have been compared with the library and belong to it."""

_NOTHING = "0" * 64
_SIDES = (near_duplicates.c.first_sha256, near_duplicates.c.second_sha256)


class Tier(StrEnum):
    """In what sense two files are the same, the surest first."""

    SAME_BYTES = "same_bytes"
    """One file, several references."""
    SAME_PIXELS = "same_pixels"
    """Two still pictures that are decoded to the same pixels."""
    NEAR = "near"
    """Two that look alike. Somebody has to say whether they are the same."""


class Kind(StrEnum):
    """Files are compared with those of their own kind: a video's first picture is not a copy of the video."""

    STILL = "still"
    MOVING = "moving"
    """Videos, by their seconds, and animations, by their first picture."""
    DOCUMENT = "document"
    """By the first page."""


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two files that show the same."""

    first: str
    """SHA-256; the lesser of the two."""
    second: str
    tier: Tier
    distance: int
    """Bits in which their PDQ differ, 0 to 31; of two videos the median of their matching seconds. 0 for the same
    pixels."""


@dataclass(frozen=True, slots=True)
class ComparedFile:
    """What is weighed and shown of a file."""

    sha256: str
    width: int | None
    height: int | None
    file_size: int
    mime_type: str
    pdq: str | None
    """64 hex digits, of a video its poster's; None where there is none, or of too little quality."""
    local_path: str | None
    created_at: datetime

    @property
    def pixels(self) -> int:
        return (self.width or 0) * (self.height or 0)

    @property
    def is_video(self) -> bool:
        return self.mime_type.startswith("video/")


def unsearched(connection: sa.Connection, partitions: Sequence[ImportPartition], kind: Kind) -> list[str]:
    """Files of the partitions, by SHA-256, that have a fingerprint and were not compared with the library yet."""
    query = sa.select(media_files.c.sha256).where(_lacks_search(), selects_file(Selection(partitions)), _is_of(kind))
    return list(connection.execute(query.order_by(media_files.c.sha256)).scalars())


def outdated(connection: sa.Connection) -> list[str]:
    """Videos of any partition, by SHA-256, whose seconds have been read again since they were compared.

    To find them all files are looked through.
    """
    query = sa.select(media_files.c.sha256).where(_lacks_search(), media_files.c.near_searched_at.is_not(None))
    return list(connection.execute(query.order_by(media_files.c.sha256)).scalars())


def count_unsearched(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> int:
    """How many files of any kind these are."""
    query = sa.select(sa.func.count()).select_from(media_files)
    return connection.execute(query.where(_lacks_search(), selects_file(Selection(partitions)))).scalar_one()


def _lacks_search() -> sa.ColumnElement[bool]:
    return sa.and_(sa.not_(_is_searched()), media_files.c.facts_error.is_(None), _has_fingerprint())


def _has_fingerprint() -> sa.ColumnElement[bool]:
    has_pixels = sa.and_(_is_of(Kind.STILL), media_files.c.pixel_sha256.is_not(None))
    return sa.or_(has_pixels, sa.and_(sa.not_(_is_video()), _has_pdq()), _has_seconds())


def _has_seconds() -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: it is a video, and one second of it at least is of enough quality."""
    return sa.and_(_is_video(), sa.exists().where(video_fingerprints.c.sha256 == media_files.c.sha256, _is_clear()))


def _is_clear() -> sa.ColumnElement[bool]:
    return video_fingerprints.c.pdq_quality >= LEAST_QUALITY


def _is_of(kind: Kind) -> sa.ColumnElement[bool]:
    """Condition on ``media_files``."""
    moves = sa.func.coalesce(media_files.c.frames, 1) > 1
    match kind:
        case Kind.STILL:
            return sa.and_(media_files.c.media_type == MediaType.IMAGE, sa.not_(moves))
        case Kind.MOVING:
            animated = sa.and_(media_files.c.media_type == MediaType.IMAGE, moves)
            return sa.or_(_is_video(), animated)
        case Kind.DOCUMENT:
            return media_files.c.media_type == MediaType.DOCUMENT


def _is_video() -> sa.ColumnElement[bool]:
    """Condition on ``media_files``."""
    return media_files.c.media_type == MediaType.VIDEO


def _has_pdq() -> sa.ColumnElement[bool]:
    quality = sa.func.coalesce(media_files.c.pdq_quality, 0)
    return sa.and_(media_files.c.pdq.is_not(None), quality >= LEAST_QUALITY)


def _is_searched() -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: it has been compared with the library as it looks now, and belongs to it.

    Whoever saves facts only sees whether a video's poster has changed. So one counts as another when its facts are read
    again.
    """
    now, searched_at, facts_at = datetime.now(UTC), media_files.c.near_searched_at, media_files.c.facts_at
    # Times of a wrong clock say nothing about which came first: it is compared once more, and then not again.
    is_later = sa.or_(searched_at > facts_at, is_from_the_future(facts_at, now))
    is_believed = sa.and_(searched_at.is_not(None), sa.not_(is_from_the_future(searched_at, now)))
    return sa.and_(is_believed, sa.or_(sa.not_(_is_video()), is_later))


def fingerprints(connection: sa.Connection, kind: Kind, files: Files) -> Iterator[bytes]:
    """Fingerprints of those of the files that are of this kind, in blocks and in no particular order.

    FINGERPRINT_BYTES each: SHA-256, pixel_sha256, PDQ. The second is zero for what moves or has pages (one picture says
    nothing of the others), the third for a picture of too little quality.
    """
    return _fingerprints(connection, _is_of(kind), files, with_pixels=kind is Kind.STILL)


def animations(connection: sa.Connection, files: Files) -> Iterator[bytes]:
    """The :func:`fingerprints` of those of the files that are animations."""
    return _fingerprints(connection, sa.and_(_is_of(Kind.MOVING), sa.not_(_is_video())), files)


def videos(connection: sa.Connection, files: Files) -> Iterator[bytes]:
    """The :func:`fingerprints` of those of the files that are videos with :func:`seconds`."""
    return _fingerprints(connection, _has_seconds(), files)


def _fingerprints(
    connection: sa.Connection, condition: sa.ColumnElement[bool], files: Files, with_pixels: bool = False
) -> Iterator[bytes]:
    pixels = sa.func.coalesce(media_files.c.pixel_sha256, _NOTHING) if with_pixels else sa.literal(_NOTHING)
    # One text a row, and streamed: a million rows take 2 s and no memory beside the result.
    digits = media_files.c.sha256 + pixels + sa.case((_has_pdq(), media_files.c.pdq), else_=_NOTHING)
    for among in _among(files):
        query = sa.select(digits).where(condition, among).execution_options(yield_per=ROWS_READ_TOGETHER)
        for block in connection.execute(query).scalars().partitions():
            yield bytes.fromhex("".join(block))


def seconds(connection: sa.Connection, files: Files) -> Iterator[tuple[bytes, list[int]]]:
    """Seconds of enough quality of those of the files that are videos, in blocks and in no particular order.

    SECOND_BYTES each, SHA-256 and PDQ, and which seconds these are.
    """
    digits = video_fingerprints.c.sha256 + video_fingerprints.c.pdq
    columns = sa.select(digits, video_fingerprints.c.second).execution_options(yield_per=ROWS_READ_TOGETHER)
    for among in _among(files):
        query = columns.join(media_files).where(_is_video(), among, _is_clear())
        for block in connection.execute(query).partitions():
            yield bytes.fromhex("".join(row[0] for row in block)), [row[1] for row in block]


def _among(files: Files) -> Iterable[sa.ColumnElement[bool]]:
    if files is None:
        return [_is_searched()]
    return (media_files.c.sha256.in_(piece) for piece in pieces(files))


def departed(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> list[str]:
    """Files of the partitions that were compared with the library and don't belong to it any more.

    Nothing holds them now (they are in quarantine, or older versions), or a fingerprint can't be read any more.
    """
    lost = sa.select(post_media.c.sha256).where(
        in_partitions(post_media.c.import_id, partitions), post_media.c.status != Status.STORED
    )
    of_references = sa.select(post_media.c.media_id).where(in_partitions(post_media.c.import_id, partitions))
    older = sa.select(media_versions.c.sha256).where(media_versions.c.media_id.in_(of_references))
    held = sa.exists().where(post_media.c.sha256 == media_files.c.sha256, post_media.c.status == Status.STORED)
    paired = sa.or_(*(sa.exists().where(side == media_files.c.sha256) for side in _SIDES))
    was_searched = media_files.c.near_searched_at.is_not(None)
    unheld = sa.and_(sa.or_(media_files.c.sha256.in_(lost), media_files.c.sha256.in_(older)), was_searched, ~held)
    unknown = sa.and_(selects_file(Selection(partitions)), sa.not_(_is_searched()), sa.not_(_has_fingerprint()), paired)
    found = {
        sha256
        for condition in (unheld, unknown)
        for sha256 in connection.execute(sa.select(media_files.c.sha256).where(condition)).scalars()
    }
    return sorted(found)


def pairs_of(connection: sa.Connection, sha256s: Iterable[str]) -> set[Pair]:
    """Every pair that one of these files is in."""
    return {pair for piece in pieces(sha256s) for side in _SIDES for pair in _pairs(connection, side.in_(piece))}


def pairs_of_partition(connection: sa.Connection, partition: ImportPartition) -> set[Pair]:
    """Every pair that a file of the partition is in."""
    held = sa.select(post_media.c.sha256).where(
        in_partitions(post_media.c.import_id, [partition]), post_media.c.status == Status.STORED
    )
    return {pair for side in _SIDES for pair in _pairs(connection, side.in_(held))}


def same_pixels(connection: sa.Connection) -> Iterator[Pair]:
    """Every pair of that tier, those of one group together: they share the first."""
    query = sa.select(*near_duplicates.c["first_sha256", "second_sha256", "tier", "distance"])
    query = query.where(near_duplicates.c.tier == Tier.SAME_PIXELS).order_by(*near_duplicates.primary_key.columns)
    for row in connection.execute(query.execution_options(yield_per=ROWS_READ_TOGETHER)):
        yield Pair(row.first_sha256, row.second_sha256, Tier(row.tier), row.distance)


def _pairs(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Iterator[Pair]:
    columns = near_duplicates.c["first_sha256", "second_sha256", "tier", "distance"]
    for row in connection.execute(sa.select(*columns).where(condition)):
        yield Pair(row.first_sha256, row.second_sha256, Tier(row.tier), row.distance)


def compared_files(connection: sa.Connection, sha256s: Iterable[str]) -> Iterator[ComparedFile]:
    """What is weighed and shown of these files."""
    for piece in pieces(sha256s):
        query = sa.select(
            *media_files.c["sha256", "width", "height", "file_size", "mime_type"],
            sa.case((_has_pdq(), media_files.c.pdq)),
            *media_files.c["local_path", "created_at"],
        ).where(media_files.c.sha256.in_(piece))
        for row in connection.execute(query):
            yield ComparedFile(*row)


def save(connection: sa.Connection, pairs: Sequence[Pair], found_at: datetime) -> None:
    """Write pairs; one that is known is written as it is now."""
    rows = [
        {
            "first_sha256": pair.first,
            "second_sha256": pair.second,
            "tier": pair.tier,
            "distance": pair.distance,
            "found_at": found_at,
        }
        for pair in pairs
    ]
    if not rows:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(near_duplicates)
    written = insert.on_conflict_do_update(
        index_elements=list(near_duplicates.primary_key.columns),
        set_={name: insert.excluded[name] for name in ("tier", "distance", "found_at")},
    )
    connection.execute(written, rows)


def remove_older(connection: sa.Connection, sha256s: Iterable[str], tiers: Sequence[Tier], found_at: datetime) -> None:
    """Remove the pairs of these files in these tiers that were not found at this very time."""
    for piece in pieces(sha256s):
        for side in _SIDES:
            connection.execute(
                sa.delete(near_duplicates).where(
                    side.in_(piece), near_duplicates.c.tier.in_(tiers), near_duplicates.c.found_at != found_at
                )
            )


def mark_searched(connection: sa.Connection, sha256s: Iterable[str], searched_at: datetime | None) -> None:
    """Record when files were compared with the library; None: they don't belong to it any more."""
    for piece in pieces(sha256s):
        connection.execute(
            sa.update(media_files).where(media_files.c.sha256.in_(piece)).values(near_searched_at=searched_at)
        )
