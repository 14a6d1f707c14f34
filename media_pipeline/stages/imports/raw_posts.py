"""Import files to posts: every file of a partition is read once, every post kept with where it stood and its media.

What belongs here: which files are due, the order of writing, what is recorded of a file that can't be read.
What does not: file formats and the shapes of posts (``posts``).
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from media_pipeline.catalog import imports, manifests, rowwise, sightings
from media_pipeline.catalog import posts as posts_table
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.imports import Import, MediaUrls, SeenFile
from media_pipeline.catalog.manifests import Manifest
from media_pipeline.catalog.posts import SeenPost, Upserted
from media_pipeline.model import (
    Fault,
    ImportPartition,
    Locator,
    Observation,
    Report,
    Sighting,
    is_of_the_one,
    post_id_of,
    unforeseen,
)
from media_pipeline.policy.import_dates import ImportDates
from media_pipeline.policy.sightings import observation, why_stub
from media_pipeline.posts.coverage import Coverage, CoverageCounter
from media_pipeline.posts.extract import MEDIA_UNTOLD, ExtractedPost, read_records
from media_pipeline.posts.layout import Rejection, partition_of
from media_pipeline.posts.observation import UNKNOWN_TIMES, Times, newest_time
from media_pipeline.posts.platforms import Platform, platform_named, platform_names
from media_pipeline.posts.readers import is_part_without_posts
from media_pipeline.settings import Settings
from media_pipeline.stages.context import TABLE_ROWS, Reports, StageContext
from media_pipeline.stages.imports.folders import only_files, unreadable
from media_pipeline.stages.imports.media_manifest import POSTS_PER_TRANSACTION


def read_posts(context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Read every file of the partitions that is new or changed."""
    reports: dict[ImportPartition, Report] = {}
    with context.progress.of("posts") as progress:
        for partition in partitions:
            started = time.monotonic()
            upserted = Upserted()
            refused: list[Rejection] = []
            for path in import_files(context.settings, partition):
                try:
                    for batch in _read_file(context, path, partition):
                        upserted += batch
                        progress.advance(batch.new + batch.changed + batch.unchanged)
                except OSError as error:
                    # The file may be on a bad disk, or another user's. What it holds is taken once it can be read.
                    refused.append(unreadable(path, error))
                    context.log.warning(str(refused[-1]))
            reports[partition] = _report(context, partition, upserted, refused, time.monotonic() - started)
    return reports


def import_files(settings: Settings, partition: ImportPartition) -> list[Path]:
    """The export files that lie in the partition, by name. What can't be looked at is named where it is looked for."""
    folder = settings.import_path / partition.platform / partition.import_date.isoformat()
    return [path for path in only_files(folder) if place_of(settings, path) == partition]


def file_named(settings: Settings, text: str) -> Path | None:
    """The import file that the catalogue knows by this text, if it is there."""
    paths = (settings.import_path / name for name in imports.paths_of(text))
    return next((path for path in paths if os.path.isfile(path)), None)  # noqa: PTH113 - Path's own may raise


def import_dates(settings: Settings) -> ImportDates:
    """The import dates that are partitions at this moment."""
    return ImportDates(settings.media_start_date, datetime.now(UTC).date())


def place_of(settings: Settings, path: Path) -> ImportPartition | Rejection | None:
    """The partition that a path belongs to, or why it belongs to none; None for files that are not meant."""
    return partition_of(path, settings.import_path, platform_names(), import_dates(settings))


def _read_file(context: StageContext, path: Path, partition: ImportPartition) -> Iterator[Upserted]:
    """Read one file if it is due, and yield what became of each batch of its posts."""
    platform = platform_named(partition.platform)
    before = _as_it_is(context.settings, path)
    with context.database.read() as connection:
        seen = next(imports.paths_read(connection, [before.path]), None)
        known = imports.find(connection, seen.import_id) if seen else None
    if seen and _unchanged(seen, before) and known and known.reader_version == platform.version:
        return
    file = SeenFile(before.path, before.size, before.modified_ns, _sha256(path))
    with context.database.write() as connection:
        known = imports.find(connection, file.import_id)
        if known and known.reader_version == platform.version and _covers(known, partition):
            imports.record_file(connection, file)
            context.log.info(f"{file.path} holds the same bytes as {known.path}, which is imported already")
            return
        begun = imports.begin(connection, file.import_id, file.path, partition, file.size, platform.version)
    yield from _read_content(context, path, file, begun, platform)


def _covers(known: imports.Import, partition: ImportPartition) -> bool:
    """Whether a known import needs no reading for this partition: read to its end, and as this platform."""
    return known.status != "reading" and known.partition.platform == partition.platform


def _read_content(
    context: StageContext, path: Path, file: SeenFile, begun: Import, platform: Platform
) -> Iterator[Upserted]:
    posts = faults = stubs = 0
    coverage = CoverageCounter(platform)
    clock = _Clock.of(path, file, begun, platform)
    found = _posts_and_faults(context, path, platform, coverage)
    while batch := list(islice(found, POSTS_PER_TRANSACTION)):
        extracted = [item for item in batch if isinstance(item, ExtractedPost)]
        unread = [item for item in batch if isinstance(item, _Unread)]
        with context.database.write() as connection:
            upserted, kept, refused = _write(connection, extracted, begun, platform, clock)
            refused_media = _write_media(context, connection, kept, file)
            refused_stubs = _write_stubs(connection, unread, begun, platform, clock)
            # A post that the export names as blocked or deleted is a sighting: nothing of it could not be read.
            new_faults = [one.fault for one in unread if not one.fault.stub_of]
            new_faults += [_named(context, file, fault) for fault in (*refused, *refused_media, *refused_stubs)]
            imports.add_faults(connection, file.import_id, faults, new_faults)
        posts, faults = posts + len(extracted) - len(refused), faults + len(new_faults)
        stubs += sum(one.fault.stub_of is not None for one in unread) - len(refused_stubs)
        yield upserted
    if not posts and not faults and not stubs and not is_part_without_posts(path):
        faults = 1
        with context.database.write() as connection:
            reason = f"no post of {platform.name} in it: is it an export of {platform.name}?"
            imports.add_faults(connection, file.import_id, 0, [Fault(Locator(), reason)])
    if not _unchanged(_as_it_is(context.settings, path), file):
        context.log.warning(f"{file.path} changed while it was read; the next run reads it again")
        return
    with context.database.write() as connection:
        imports.finish(connection, file.import_id, posts, faults, _media_urls(coverage.result()))
        imports.record_file(connection, file)


@dataclass(frozen=True, slots=True)
class _Clock:
    """What is known of when an export saw its posts, besides what its records say."""

    newest: datetime | None
    file: datetime
    read_at: datetime

    @classmethod
    def of(cls, path: Path, file: SeenFile, begun: Import, platform: Platform) -> _Clock:
        changed_at = datetime.fromtimestamp(file.modified_ns / 1e9, UTC)
        # A clock that was ahead when the export was first read would believe all times up to its own.
        read_at = min(begun.seen_at, datetime.now(UTC))
        return cls(newest_time(path, platform, read_at), changed_at, read_at)

    def observation(self, times: Times) -> Observation:
        return observation(times.collected, times.edited, self.newest, self.file, self.read_at)


@dataclass(frozen=True, slots=True)
class _Unread:
    """A part of a record that is no post."""

    fault: Fault
    times: Times


def _write(
    connection: Connection, batch: Sequence[ExtractedPost], begun: Import, platform: Platform, clock: _Clock
) -> tuple[Upserted, list[tuple[ExtractedPost, bool]], list[Fault]]:
    """Write posts; return what became of them, those whose media are to be written, each with whether it tells which
    media the post shows, and what can't be written.
    """
    seen = [_seen(one, clock) for one in batch]
    extracted = {id(post): one for post, one in zip(seen, batch, strict=True)}
    written = rowwise.write(
        connection,
        seen,
        lambda some: posts_table.upsert(connection, some, begun, platform.version),
    )
    return (
        sum((upserted for upserted, _ in written.results), Upserted()),
        [(extracted[id(one.seen)], one.tells_media) for _, some in written.results for one in some],
        [Fault(one.row.post.locator, f"the post can't be written: {one.reason}") for one in written.refused],
    )


def _seen(extracted: ExtractedPost, clock: _Clock) -> SeenPost:
    media = len(extracted.media)
    ends = [candidate.expires_at for reference in extracted.media for candidate in reference.candidates]
    return SeenPost(
        extracted.post,
        clock.observation(extracted.times),
        media,
        extracted.times.edited,
        max(filter(None, ends), default=None),
        why_stub(extracted.post, media),
    )


def _write_media(
    context: StageContext, connection: Connection, batch: Sequence[tuple[ExtractedPost, bool]], file: SeenFile
) -> list[Fault]:
    """Write the media references of posts; return what can't be written."""

    def save(some: Sequence[tuple[ExtractedPost, bool]]) -> None:
        found = [
            Manifest(one.post.post_id, one.post.platform, one.post.native_id, file.import_id, one.media, tells_media)
            for one, tells_media in some
        ]
        manifests.save(connection, found, context.settings.media_fetch_roles)

    refused = rowwise.write(connection, batch, save).refused
    return [Fault(one.row[0].post.locator, f"{MEDIA_UNTOLD}: {one.reason}") for one in refused]


def _write_stubs(
    connection: Connection, unread: Sequence[_Unread], begun: Import, platform: Platform, clock: _Clock
) -> list[Fault]:
    """Write down which posts the export names as blocked, deleted or unavailable; return what can't be written."""
    stubs = [one for one in unread if one.fault.stub_of]

    def add(some: Sequence[_Unread]) -> None:
        sightings.add_stubs(connection, [_stub(one, begun, platform, clock) for one in some])

    return [
        Fault(one.row.fault.locator, f"a post that is no longer shown can't be written down: {one.reason}")
        for one in rowwise.write(connection, stubs, add).refused
    ]


def _stub(one: _Unread, begun: Import, platform: Platform, clock: _Clock) -> tuple[str, Sighting]:
    """The post that a stub names, and the sighting of it."""
    sighting = Sighting(
        import_id=begun.import_id,
        import_date=begun.partition.import_date,
        first_read_at=begun.seen_at,
        locator=str(one.fault.locator),
        raw_sha256=None,
        relation=None,
        stub=one.fault.reason,
        observed=clock.observation(one.times),
        edited_at=None,
        urls_end_at=None,
        media=0,
        reader_version=platform.version,
    )
    return post_id_of(platform.name, str(one.fault.stub_of)), sighting


def _named(context: StageContext, file: SeenFile, fault: Fault) -> Fault:
    context.log.warning(f"{file.path}, {fault}")
    return fault


def _posts_and_faults(
    context: StageContext, path: Path, platform: Platform, coverage: CoverageCounter
) -> Iterator[ExtractedPost | _Unread]:
    """The posts and faults of a file, while every record's media URLs are counted."""
    for item in read_records(path, platform):
        if isinstance(item, Fault):
            yield _Unread(item, UNKNOWN_TIMES)
            continue
        try:
            coverage.add(item.value, item.media)
        except Exception as error:
            if not is_of_the_one(error):
                raise
            context.log.warning(f"{path.name}: the media URLs of a record can't be counted: {unforeseen(error)}")
        yield from item.posts
        yield from (_Unread(fault, item.times) for fault in item.faults)


def _media_urls(coverage: Coverage) -> MediaUrls:
    return MediaUrls(coverage.urls, coverage.unexplained_urls, [asdict(found) for found in coverage.unexplained])


def _as_it_is(settings: Settings, path: Path) -> SeenFile:
    stat = path.stat()
    return SeenFile(imports.path_text(path.relative_to(settings.import_path)), stat.st_size, stat.st_mtime_ns, "")


def _unchanged(file: SeenFile, other: SeenFile) -> bool:
    return (file.size, file.modified_ns) == (other.size, other.modified_ns)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _report(
    context: StageContext,
    partition: ImportPartition,
    upserted: Upserted,
    refused: Sequence[Rejection],
    seconds: float,
) -> Report:
    with context.database.read() as connection:
        totals = imports.totals(connection, [partition]).get(partition, {})
        faults = imports.faults(connection, [partition], TABLE_ROWS)
        media_urls = imports.media_urls(connection, [partition]).get(partition, MediaUrls(0, 0, ()))
        no_longer_shown = sightings.count_stubs(connection, [partition])
    read = upserted.new + upserted.changed + upserted.unchanged
    numbers = {
        "files": totals.get("files", 0),
        "faulty_files": totals.get("faulty_files", 0),
        "unreadable_files": len(refused),
        "posts": totals.get("posts", 0),
        "posts_new": upserted.new,
        "posts_changed": upserted.changed,
        "posts_no_longer_shown": no_longer_shown,
        "posts_per_second": round(read / seconds, 1) if read and seconds else 0.0,
        "media_urls": media_urls.urls,
        "unexplained_urls": media_urls.unexplained_urls,
    }
    folder = context.settings.import_path
    unread = [(imports.path_text(found.path.relative_to(folder)), found.reason) for found in refused]
    rows = [{"file": file, "locator": "", "reason": reason} for file, reason in unread]
    return Report(numbers, tuple([*rows, *faults][:TABLE_ROWS]))
