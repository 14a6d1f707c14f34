"""What files say about themselves, and what they are known by: facts, in media_files, and video_fingerprints.

What belongs here: which files are to be read, and writing down what was read. What does not: a file's bytes and
places (:mod:`media_pipeline.catalog.files`), comparing fingerprints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.files import LOCAL_FILE, LocalFile
from media_pipeline.catalog.selection import Selection, in_partitions, page_after, pieces, selects_file
from media_pipeline.catalog.tables import media_files, post_media, posts, video_fingerprints
from media_pipeline.model import EmbeddedFile, FileFacts, ImportPartition, Status


def without_facts(
    connection: sa.Connection, partitions: Sequence[ImportPartition], version: int, after: str, limit: int
) -> list[LocalFile]:
    """Files of the partitions by SHA-256 from ``after`` on, whose facts are not read yet, or by an older version.

    Ask for many at once: each call looks up all files of the partitions.
    """
    query = sa.select(*LOCAL_FILE).where(
        lacks_facts(version),
        media_files.c.local_path.is_not(None),
        selects_file(Selection(partitions)),
    )
    found = connection.execute(page_after(query, media_files.c.sha256, after, limit))
    return [LocalFile(*row) for row in found]


def lacks_facts(version: int) -> sa.ColumnElement[bool]:
    """Condition on ``media_files``: its facts are not read, or by an older version. Not so where they can't be read."""
    older = sa.func.coalesce(media_files.c.facts_version, 0) < version
    return sa.or_(media_files.c.facts_at.is_(None), sa.and_(older, media_files.c.facts_error.is_(None)))


def save_facts(connection: sa.Connection, facts: Mapping[str, FileFacts]) -> None:
    """Write the facts of files, by SHA-256. Near duplicates are looked for again of those that look otherwise."""
    now = datetime.now(UTC)
    _forget(connection, list(facts))
    _save_seconds(connection, facts)
    for sha256, fact in facts.items():
        connection.execute(
            sa.update(media_files)
            .where(media_files.c.sha256 == sha256)
            .values(
                width=fact.width,
                height=fact.height,
                duration=fact.duration,
                frames=fact.frames,
                frame_rate=fact.frame_rate,
                video_codec=fact.video_codec,
                audio_codec=fact.audio_codec,
                colour_profile=fact.colour_profile,
                orientation=fact.orientation,
                exif=dict(fact.exif) if fact.exif else None,
                taken_at=fact.taken_at,
                camera_make=fact.camera_make,
                camera_model=fact.camera_model,
                lens=fact.lens,
                software=fact.software,
                latitude=fact.latitude,
                longitude=fact.longitude,
                altitude=fact.altitude,
                caption=fact.caption,
                motion_photo=_embedded(fact.motion_photo),
                gain_map=_embedded(fact.gain_map),
                content_identifier=fact.content_identifier,
                pixel_sha256=fact.pixel_sha256,
                pdq=fact.pdq,
                pdq_quality=fact.pdq_quality,
                near_searched_at=sa.case((_has_fingerprint(fact), media_files.c.near_searched_at), else_=None),
                truncated=fact.truncated,
                warnings=list(fact.warnings) or None,
                facts_error=None,
                facts_at=now,
                facts_version=fact.version,
            )
        )


def _embedded(file: EmbeddedFile | None) -> dict[str, Any] | None:
    return asdict(file) if file else None


def mark_undecodable(connection: sa.Connection, truncated: Mapping[str, str]) -> None:
    """Write down how the ends of files are missing of which nothing can be decoded, so that the same bytes are known
    when they come a second time.
    """
    for sha256, how in truncated.items():
        connection.execute(sa.update(media_files).where(media_files.c.sha256 == sha256).values(truncated=how))


def _has_fingerprint(fact: FileFacts) -> sa.ColumnElement[bool]:
    return sa.and_(
        media_files.c.pixel_sha256.is_not_distinct_from(fact.pixel_sha256),
        media_files.c.pdq.is_not_distinct_from(fact.pdq),
        media_files.c.pdq_quality.is_not_distinct_from(fact.pdq_quality),
    )


def _forget(connection: sa.Connection, sha256s: Sequence[str]) -> None:
    """Remove the seconds that these files had. Their pairs are for who looks for near duplicates to end."""
    for piece in pieces(sha256s):
        connection.execute(sa.delete(video_fingerprints).where(video_fingerprints.c.sha256.in_(piece)))


def _save_seconds(connection: sa.Connection, facts: Mapping[str, FileFacts]) -> None:
    """The fingerprints of videos' seconds."""
    rows = [
        {"sha256": sha256, "second": found.second, "pdq": found.pdq, "pdq_quality": found.pdq_quality}
        for sha256, fact in facts.items()
        for found in fact.seconds
    ]
    if rows:
        connection.execute(sa.insert(video_fingerprints), rows)


def quarantined(
    connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int
) -> tuple[int, list[Mapping[str, Any]]]:
    """How many references of the partitions lie in quarantine, and some of them with the reasons."""
    found = sa.and_(in_partitions(post_media.c.import_id, partitions), post_media.c.status == Status.QUARANTINED)
    count = connection.execute(sa.select(sa.func.count()).select_from(post_media).where(found)).scalar_one()
    columns = (*post_media.c["media_id", "media_url", "sha256", "error"], posts.c.author_handle)
    query = (
        sa.select(*columns, posts.c.url.label("post_url"))
        .join(posts, posts.c.post_id == post_media.c.post_id)
        .where(found)
        .order_by(post_media.c.media_id)
        .limit(limit)
    )
    return int(count), [dict(row) for row in connection.execute(query).mappings()]
