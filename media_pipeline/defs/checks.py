"""The asset checks: what must hold of the partitions that a step has just worked on.

They run inside their asset's step, since a check of a range run of its own would not know its partitions.
Blocking are those after which going on would spoil data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from media_pipeline.catalog import file_facts, files, imports, near_duplicates, placeholders, stats
from media_pipeline.catalog.files import LocalFile
from media_pipeline.catalog.selection import Selection
from media_pipeline.defs.metadata import table_of
from media_pipeline.model import ImportPartition
from media_pipeline.stages.archive.scrub import scrub_sample
from media_pipeline.stages.context import TABLE_ROWS, StageContext
from media_pipeline.stages.integrity.stored_files import matching

SAMPLE_FILES = 100
SAMPLE_BYTES = 200_000_000
"""A sample is read to the end in a second or so. The weekly verification reads all."""

_SPECS = (
    (
        "raw_posts",
        "every_media_url_explained",
        False,
        "Every media URL of the exports is one of a post's, or named as none: a changed format shows here first.",
    ),
    ("media_manifest", "every_post_has_a_manifest", True, "Every post's media references are written down."),
    ("cached_media", "every_reference_is_accounted_for", True, "Every media reference is in exactly one named status."),
    ("cached_media", "stored_files_match_their_checksums", True, "A sample of the stored files, read to the end."),
    ("cached_media", "failed_downloads_under_limit", False, "The share of failures is under MEDIA_FAILED_SHARE_LIMIT."),
    (
        "cached_media",
        "nothing_in_quarantine",
        False,
        "No reference's file is in quarantine: broken, hostile and infected ones are, each with the reason.",
    ),
    (
        "cached_media",
        "no_placeholders",
        False,
        "No picture is shared under different URLs by MEDIA_PLACEHOLDER_AUTHORS authors, as a host's placeholder is.",
    ),
    (
        "dedup_report",
        "every_picture_was_compared",
        False,
        "Every file of the partition that has a fingerprint was compared with the whole library.",
    ),
    (
        "s3_archive",
        "nothing_archived_is_unverified",
        True,
        "The archive still holds what it took: a sample is asked for, and read where reading costs nothing.",
    ),
)


def specs_of(asset: str) -> list[dg.AssetCheckSpec]:
    """The checks that this asset's step reports."""
    return [
        dg.AssetCheckSpec(name, asset=asset, blocking=blocking, description=description)
        for owner, name, blocking, description in _SPECS
        if owner == asset
    ]


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
    return [_result("every_media_url_explained", unexplained == 0, metadata, dg.AssetCheckSeverity.WARN)]


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
            dg.AssetCheckSeverity.WARN,
        ),
        _result(
            "nothing_in_quarantine",
            quarantined == 0,
            {"quarantined": quarantined, **({"findings": table_of(tuple(reasons))} if reasons else {})},
            dg.AssetCheckSeverity.WARN,
        ),
        _result(
            "no_placeholders",
            not shared,
            {"placeholders": len(shared), **({"findings": table_of(shared[:TABLE_ROWS])} if shared else {})},
            dg.AssetCheckSeverity.WARN,
        ),
    ]


def of_dedup_report(stage: StageContext, partitions: Sequence[ImportPartition]) -> list[dg.AssetCheckResult]:
    """Whether near duplicates were looked for of every file that has a fingerprint."""
    with stage.database.read() as connection:
        waiting = near_duplicates.count_unsearched(connection, partitions)
    return [_result("every_picture_was_compared", waiting == 0, {"not_compared": waiting}, dg.AssetCheckSeverity.WARN)]


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


def _result(
    name: str,
    passed: bool,
    metadata: Mapping[str, Any],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(check_name=name, passed=passed, metadata=metadata, severity=severity)
