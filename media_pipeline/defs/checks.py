"""The asset checks: what must hold of the partitions that a step has just worked on.

They run inside their asset's step, since a check of a range run of its own would not know its partitions.
Blocking are those after which going on would spoil data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg

from media_pipeline.catalog import file_facts, files, imports, near_duplicates, placeholders, stats
from media_pipeline.catalog.files import LocalFile
from media_pipeline.catalog.selection import Selection
from media_pipeline.defs.metadata import table_of
from media_pipeline.defs.naming import PLAIN, Naming
from media_pipeline.model import ImportPartition
from media_pipeline.stages.archive.scrub import scrub_sample
from media_pipeline.stages.context import TABLE_ROWS, StageContext
from media_pipeline.stages.integrity.stored_files import matching

SAMPLE_FILES = 100
SAMPLE_BYTES = 200_000_000
"""A sample is read to the end in a second or so. The weekly verification reads all."""


@dataclass(frozen=True, slots=True)
class _Check:
    """A check of an asset, and what comes of it when it does not pass."""

    asset: str
    name: str
    outcome: Literal["stops", "warns"]
    """``stops``: it is an error, and no asset downstream goes on. ``warns``: it is a warning."""
    description: str

    def spec(self, naming: Naming) -> dg.AssetCheckSpec:
        return dg.AssetCheckSpec(
            self.name, asset=naming.key(self.asset), blocking=self.outcome == "stops", description=self.description
        )

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        return dg.AssetCheckSeverity.WARN if self.outcome == "warns" else dg.AssetCheckSeverity.ERROR


_CHECKS = (
    _Check(
        "raw_posts",
        "every_media_url_explained",
        "warns",
        "Every media URL of the exports is one of a post's, or named as none: a changed format shows here first.",
    ),
    _Check("media_manifest", "every_post_has_a_manifest", "stops", "Every post's media references are written down."),
    _Check(
        "cached_media",
        "every_reference_is_accounted_for",
        "stops",
        "Every media reference is in exactly one named status.",
    ),
    _Check(
        "cached_media",
        "stored_files_match_their_checksums",
        "stops",
        "A sample of the stored files is read to the end, and each has the digest that it was stored under.",
    ),
    _Check(
        "cached_media",
        "failed_downloads_under_limit",
        "warns",
        "The share of failures is under MEDIA_FAILED_SHARE_LIMIT.",
    ),
    _Check(
        "cached_media",
        "nothing_in_quarantine",
        "warns",
        "No reference's file is in quarantine: broken, hostile and infected ones are, each with the reason.",
    ),
    _Check(
        "cached_media",
        "no_placeholders",
        "warns",
        "No picture is shared under different URLs by MEDIA_PLACEHOLDER_AUTHORS authors, as a host's placeholder is.",
    ),
    _Check(
        "dedup_report",
        "every_picture_was_compared",
        "warns",
        "Every file of the partition that has a fingerprint was compared with the whole library.",
    ),
    _Check(
        "s3_archive",
        "nothing_archived_is_unverified",
        "stops",
        "The archive still holds what it took: a sample is asked for, and read where reading costs nothing.",
    ),
)
_BY_NAME = {check.name: check for check in _CHECKS}


def specs_of(asset: str, naming: Naming = PLAIN) -> list[dg.AssetCheckSpec]:
    """The checks that this asset's step reports."""
    return [check.spec(naming) for check in _CHECKS if check.asset == asset]


def of_raw_posts(stage: StageContext, partitions: Sequence[ImportPartition]) -> list[dg.AssetCheckResult]:
    """Whether posts claim, or rules explain, every media URL of the partitions' exports."""
    with stage.database.read() as connection:
        found = imports.media_urls(connection, partitions).values()
    urls = sum(partition.urls for partition in found)
    unexplained = sum(partition.unexplained_urls for partition in found)
    rows = tuple(row for partition in found for row in partition.unexplained)[:TABLE_ROWS]
    metadata: dict[str, Any] = {
        "percentage": 100.0 * (urls - unexplained) / urls if urls else 100.0,
        "media_urls": urls,
        "unexplained": unexplained,
    }
    if rows:
        metadata["findings"] = table_of(rows)
    return [_result("every_media_url_explained", unexplained == 0, metadata)]


def of_media_manifest(stage: StageContext, partitions: Sequence[ImportPartition]) -> list[dg.AssetCheckResult]:
    """Whether every post of the partitions has its manifest."""
    with stage.database.read() as connection:
        missing = stats.posts_without_manifest(connection, partitions)
    return [_result("every_post_has_a_manifest", missing == 0, {"posts_without_manifest": missing})]


def of_cached_media(stage: StageContext, partitions: Sequence[ImportPartition]) -> list[dg.AssetCheckResult]:
    """Whether references are accounted for, files are what they should be, failures few, and nothing odd is there."""
    with stage.database.read() as connection:
        unaccounted = stats.unaccounted(connection, partitions)
        tried, failed = stats.tried_and_failed(connection, partitions)
        # Another sample in each run, so that over time every file is looked at.
        drawn = files.local_sample(connection, Selection(partitions), SAMPLE_FILES)
        shared = tuple(placeholders.listed(connection, partitions))
        quarantined, reasons = file_facts.quarantined(connection, partitions, TABLE_ROWS)
    sample = _within_limit(drawn)
    wrong = [file.local_path for file in sample if not matching(stage, file)]
    share = failed / tried if tried else 0.0
    limit = stage.settings.media_failed_share_limit
    return [
        _result("every_reference_is_accounted_for", unaccounted == 0, {"unaccounted": unaccounted}),
        _result(
            "stored_files_match_their_checksums",
            not wrong,
            {"sampled": len(sample), "wrong": len(wrong), "files": dg.MetadataValue.json(wrong)},
        ),
        _result(
            "failed_downloads_under_limit",
            share <= limit,
            {"failed": failed, "tried": tried, "share": share, "limit": limit},
        ),
        _result(
            "nothing_in_quarantine",
            quarantined == 0,
            {"quarantined": quarantined, **({"findings": table_of(tuple(reasons))} if reasons else {})},
        ),
        _result(
            "no_placeholders",
            not shared,
            {"placeholders": len(shared), **({"findings": table_of(shared[:TABLE_ROWS])} if shared else {})},
        ),
    ]


def of_dedup_report(stage: StageContext, partitions: Sequence[ImportPartition]) -> list[dg.AssetCheckResult]:
    """Whether near duplicates were looked for of every file that has a fingerprint."""
    with stage.database.read() as connection:
        waiting = near_duplicates.count_unsearched(connection, partitions)
    return [_result("every_picture_was_compared", waiting == 0, {"not_compared": waiting})]


def of_s3_archive(stage: StageContext, partitions: Sequence[ImportPartition]) -> list[dg.AssetCheckResult]:
    """Whether the archive gives the right checksum for files that count as archived."""
    found = scrub_sample(stage, partitions)
    wrong = {file.s3_key: reason for file, reason in found.wrong}
    return [
        _result(
            "nothing_archived_is_unverified",
            not wrong,
            {"sampled": found.checked, "wrong": len(wrong), "keys": dg.MetadataValue.json(wrong)},
        )
    ]


def _within_limit(drawn: Sequence[LocalFile]) -> list[LocalFile]:
    """As many of the files as are read in reasonable time, and at least one."""
    sample: list[LocalFile] = []
    size = 0
    for file in drawn:
        size += file.file_size
        if sample and size > SAMPLE_BYTES:
            break
        sample.append(file)
    return sample


def _result(name: str, passed: bool, metadata: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(check_name=name, passed=passed, metadata=metadata, severity=_BY_NAME[name].severity)
