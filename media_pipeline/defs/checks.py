"""The asset checks: what must hold of each partition that a step has just worked on.

They run inside their asset's step, since a check of a range run of its own would not know its partitions.
Blocking are those after which going on would spoil data. What belongs here: what is checked. What does not: how the
findings become Dagster's events (``evaluations``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg

from media_pipeline.catalog import file_facts, files, imports, near_duplicates, placeholders, stats
from media_pipeline.catalog.database import Connection
from media_pipeline.catalog.files import LocalFile
from media_pipeline.catalog.selection import Selection
from media_pipeline.defs.metadata import table_of
from media_pipeline.defs.naming import PLAIN, Naming
from media_pipeline.model import ImportPartition
from media_pipeline.stages.archive.scrub import Scrub, scrub_samples
from media_pipeline.stages.context import TABLE_ROWS, StageContext
from media_pipeline.stages.integrity.stored_files import matching

SAMPLE_FILES = 100
SAMPLE_BYTES = 200_000_000
"""The partitions of a run share what is read, which takes a second or so. The weekly verification reads all."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of an asset, and what comes of it when it does not pass."""

    asset: str
    name: str
    outcome: Literal["stops", "warns"]
    """``stops``: it is an error, and no asset downstream goes on. ``warns``: it is a warning."""
    description: str

    def spec(self, naming: Naming, partitions: dg.PartitionsDefinition[Any] | None) -> dg.AssetCheckSpec:
        return dg.AssetCheckSpec(
            self.name,
            asset=naming.key(self.asset),
            blocking=self.outcome == "stops",
            description=self.description,
            partitions_def=partitions,
        )

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        return dg.AssetCheckSeverity.WARN if self.outcome == "warns" else dg.AssetCheckSeverity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of one partition."""

    check: Check
    passed: bool
    metadata: Mapping[str, Any]


Findings = Mapping[ImportPartition, Sequence[Finding]]
"""What an asset's checks found of each partition of a run."""

OVER_ALL = "every_partition_passes"
"""The check, of each asset that has checks, over all partitions there are."""

_CHECKS = (
    Check(
        "raw_posts",
        "every_media_url_explained",
        "warns",
        "Every media URL of the exports is one of a post's, or named as none: a changed format shows here first.",
    ),
    Check("media_manifest", "every_post_has_a_manifest", "stops", "Every post's media references are written down."),
    Check(
        "cached_media",
        "every_reference_is_accounted_for",
        "stops",
        "Every media reference is in exactly one named status.",
    ),
    Check(
        "cached_media",
        "stored_files_match_their_checksums",
        "stops",
        "A sample of the stored files is read to the end, and each has the digest that it was stored under.",
    ),
    Check(
        "cached_media",
        "failed_downloads_under_limit",
        "warns",
        "The share of failures is under MEDIA_FAILED_SHARE_LIMIT.",
    ),
    Check(
        "cached_media",
        "nothing_in_quarantine",
        "warns",
        "No reference's file is in quarantine: broken, hostile and infected ones are, each with the reason.",
    ),
    Check(
        "cached_media",
        "no_placeholders",
        "warns",
        "No picture is shared under different URLs by MEDIA_PLACEHOLDER_AUTHORS authors, as a host's placeholder is.",
    ),
    Check(
        "dedup_report",
        "every_picture_was_compared",
        "warns",
        "Every file of the partition that has a fingerprint was compared with the whole library.",
    ),
    Check(
        "s3_archive",
        "nothing_archived_is_unverified",
        "stops",
        "The archive still holds what it took: a sample is asked for, and read where reading costs nothing.",
    ),
)
_BY_NAME = {check.name: check for check in _CHECKS}


def specs_of(
    asset: str, naming: Naming = PLAIN, partitions: dg.PartitionsDefinition[Any] | None = None
) -> list[dg.AssetCheckSpec]:
    """The checks that this asset's step reports: its own of each partition, and the one over all partitions."""
    own = [check.spec(naming, partitions) for check in _CHECKS if check.asset == asset]
    if not own:
        return []
    described = "No partition fails a check of this asset, whichever run looked at it last; the table names those."
    return [*own, dg.AssetCheckSpec(OVER_ALL, asset=naming.key(asset), description=described)]


def of_raw_posts(stage: StageContext, partitions: Sequence[ImportPartition]) -> Findings:
    """Whether posts claim, or rules explain, every media URL of a partition's exports."""
    with stage.database.read() as connection:
        found = imports.media_urls(connection, partitions)
    return {partition: [_explained(found.get(partition))] for partition in partitions}


def _explained(found: imports.MediaUrls | None) -> Finding:
    urls, unexplained = (found.urls, found.unexplained_urls) if found else (0, 0)
    metadata: dict[str, Any] = {
        "percentage": 100.0 * (urls - unexplained) / urls if urls else 100.0,
        "media_urls": urls,
        "unexplained": unexplained,
    }
    return _finding("every_media_url_explained", unexplained == 0, metadata, found.unexplained if found else ())


def of_media_manifest(stage: StageContext, partitions: Sequence[ImportPartition]) -> Findings:
    """Whether every post of a partition has its manifest."""
    with stage.database.read() as connection:
        missing = {partition: stats.posts_without_manifest(connection, [partition]) for partition in partitions}
    return {
        partition: [_finding("every_post_has_a_manifest", number == 0, {"posts_without_manifest": number})]
        for partition, number in missing.items()
    }


def of_cached_media(stage: StageContext, partitions: Sequence[ImportPartition]) -> Findings:
    """Whether references are accounted for, files are what they should be, failures few, and nothing odd is there."""
    share = 1 / max(1, len(partitions))
    with stage.database.read() as connection:
        drawn = {
            partition: _drawn(connection, partition, max(1, round(SAMPLE_FILES * share))) for partition in partitions
        }
        found = {
            partition: [
                _accounted_for(connection, partition),
                _failures_under_limit(connection, partition, stage.settings.media_failed_share_limit),
                _nothing_in_quarantine(connection, partition),
                _no_placeholders(connection, partition),
            ]
            for partition in partitions
        }
    samples = {partition: _within_limit(sample, SAMPLE_BYTES * share) for partition, sample in drawn.items()}
    return {partition: [*found[partition], _checksums_match(stage, samples[partition])] for partition in partitions}


def _drawn(connection: Connection, partition: ImportPartition, number: int) -> list[LocalFile]:
    """Another sample in each run, so that over time every file is looked at; but first what was found wrong before."""
    wrong = files.found_wrong(connection, Selection([partition]), number)
    known = {file.sha256 for file in wrong}
    others = files.local_sample(connection, Selection([partition]), number)
    return [*wrong, *(file for file in others if file.sha256 not in known)][:number]


def _accounted_for(connection: Connection, partition: ImportPartition) -> Finding:
    unaccounted = stats.unaccounted(connection, [partition])
    return _finding("every_reference_is_accounted_for", unaccounted == 0, {"unaccounted": unaccounted})


def _failures_under_limit(connection: Connection, partition: ImportPartition, limit: float) -> Finding:
    tried, failed = stats.tried_and_failed(connection, [partition])
    share = failed / tried if tried else 0.0
    metadata = {"failed": failed, "tried": tried, "share": share, "limit": limit}
    return _finding("failed_downloads_under_limit", share <= limit, metadata)


def _nothing_in_quarantine(connection: Connection, partition: ImportPartition) -> Finding:
    quarantined, reasons = file_facts.quarantined(connection, [partition], TABLE_ROWS)
    return _finding("nothing_in_quarantine", quarantined == 0, {"quarantined": quarantined}, reasons)


def _no_placeholders(connection: Connection, partition: ImportPartition) -> Finding:
    shared = placeholders.listed(connection, [partition])
    return _finding("no_placeholders", not shared, {"placeholders": len(shared)}, shared)


def _checksums_match(stage: StageContext, sample: Sequence[LocalFile]) -> Finding:
    """What is wrong stays so for the next check, until a run has put it aside or it matches again."""
    wrong = [file for file in sample if not matching(stage, file)]
    digests = {file.sha256 for file in wrong}
    with stage.database.write() as connection:
        files.mark_found_wrong(connection, sorted(digests))
        files.mark_verified(connection, [file.sha256 for file in sample if file.sha256 not in digests])
    places = [file.local_path for file in wrong]
    metadata = {"sampled": len(sample), "wrong": len(wrong), "files": dg.MetadataValue.json(places)}
    return _finding("stored_files_match_their_checksums", not wrong, metadata)


def of_dedup_report(stage: StageContext, partitions: Sequence[ImportPartition]) -> Findings:
    """Whether near duplicates were looked for of every file that has a fingerprint."""
    with stage.database.read() as connection:
        waiting = {partition: near_duplicates.count_unsearched(connection, [partition]) for partition in partitions}
    return {
        partition: [_finding("every_picture_was_compared", number == 0, {"not_compared": number})]
        for partition, number in waiting.items()
    }


def of_s3_archive(stage: StageContext, partitions: Sequence[ImportPartition]) -> Findings:
    """Whether the archive gives the right checksum for files that count as archived."""
    return {partition: [_archived(scrub)] for partition, scrub in scrub_samples(stage, partitions).items()}


def _archived(scrub: Scrub) -> Finding:
    wrong = {file.s3_key: reason for file, reason in scrub.wrong}
    metadata = {"sampled": scrub.checked, "wrong": len(wrong), "keys": dg.MetadataValue.json(wrong)}
    return _finding("nothing_archived_is_unverified", not wrong, metadata)


def _within_limit(drawn: Sequence[LocalFile], limit: float) -> list[LocalFile]:
    """As many of the files as are read in reasonable time, and at least one."""
    sample: list[LocalFile] = []
    size = 0
    for file in drawn:
        size += file.file_size
        if sample and size > limit:
            break
        sample.append(file)
    return sample


def _finding(name: str, passed: bool, metadata: Mapping[str, Any], rows: Sequence[Mapping[str, Any]] = ()) -> Finding:
    """``rows`` are shown as a table, the first of them where there are many."""
    table = {"findings": table_of(tuple(rows[:TABLE_ROWS]))} if rows else {}
    return Finding(_BY_NAME[name], passed, {**metadata, **table})
