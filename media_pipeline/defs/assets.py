"""The six partitioned assets. Each resolves its partitions, calls its stage and returns the report.

What belongs here: names, dependencies, descriptions. What does not: the work (``stages``), the checks (``checks``).
"""

from typing import TypedDict

import dagster as dg

from media_pipeline.defs import checks
from media_pipeline.defs.metadata import Materialized, materialized
from media_pipeline.defs.partitions import import_partitions, partitions_of
from media_pipeline.defs.resources import Pipeline
from media_pipeline.settings import Settings
from media_pipeline.stages.archive.s3_archive import archive_media
from media_pipeline.stages.archive.scrub import evict
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.duplicates.dedup_report import report_duplicates
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.renditions.drawing import make_renditions

OWNER = "team:media"
GROUP = "media_pipeline"
"""One group, since the UI folds several into boxes on the first look."""

PARTITION = "\n\nA partition is what landed on one import date for one platform (`2026-11-20|twitter`)."


class _Common(TypedDict):
    """What every asset is given."""

    partitions_def: dg.MultiPartitionsDefinition
    backfill_policy: dg.BackfillPolicy
    owners: list[str]
    group_name: str


def build_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The assets, partitioned from the settings' first import date on."""
    common: _Common = {
        "partitions_def": import_partitions(settings),
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "owners": [OWNER],
        "group_name": GROUP,
    }

    @dg.asset(
        **common,
        kinds={"python", "json"},
        check_specs=checks.specs_of("raw_posts"),
        description="Every post of the export files that landed, once, with its raw JSON and where it stood. "
        "A file or line that can't be read is recorded with the reason; the rest goes on." + PARTITION,
    )
    def raw_posts(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> Materialized:
        with pipeline.open(context.log) as stage:
            partitions = partitions_of(context)
            reports = read_posts(stage, partitions)
            return materialized(context, reports, checks.of_raw_posts(stage, partitions))

    @dg.asset(
        **common,
        deps=[raw_posts],
        kinds={"python", "table"},
        check_specs=checks.specs_of("media_manifest"),
        description="The media references of those posts: type, role, and every URL it can be had from, best first."
        + PARTITION,
    )
    def media_manifest(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> Materialized:
        with pipeline.open(context.log) as stage:
            partitions = partitions_of(context)
            reports = write_manifests(stage, partitions)
            return materialized(context, reports, checks.of_media_manifest(stage, partitions))

    @dg.asset(
        **common,
        deps=[media_manifest],
        kinds={"python", "file"},
        check_specs=checks.specs_of("cached_media"),
        description="The originals: each URL fetched once, verified, stored once by content, its facts read. "
        "Every reference ends in a named status; the table shows what failed and why." + PARTITION,
    )
    def cached_media(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> Materialized:
        with pipeline.open(context.log) as stage:
            partitions = partitions_of(context)
            reports = cache_media(stage, partitions)
            return materialized(context, reports, checks.of_cached_media(stage, partitions))

    @dg.asset(
        **common,
        deps=[cached_media],
        kinds={"python", "table", "image"},
        check_specs=checks.specs_of("dedup_report"),
        description="What repeats, in three tiers: the same bytes within the partition and against the whole library, "
        "in all and by author (the oldest is canonical, the others point to it), the same pixels, and what only looks "
        "alike; and posts of the same content. Clusters side by side, with the best of each; nothing is deleted."
        + PARTITION,
    )
    def dedup_report(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> Materialized:
        with pipeline.open(context.log) as stage:
            partitions = partitions_of(context)
            reports = report_duplicates(stage, partitions)
            return materialized(context, reports, checks.of_dedup_report(stage, partitions))

    @dg.asset(
        **common,
        deps=[cached_media],
        kinds={"python", "image"},
        description="Pictures and videos to look at: an optimized picture and square thumbnails of each original, "
        "documents' first pages, and videos for browsers, made once. "
        "The contact sheet shows the partition." + PARTITION,
    )
    def renditions(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> Materialized:
        with pipeline.open(context.log) as stage:
            return materialized(context, make_renditions(stage, partitions_of(context)))

    @dg.asset(
        **common,
        deps=[dedup_report, renditions],
        kinds={"python", "s3"},
        check_specs=checks.specs_of("s3_archive"),
        description="The originals in the archive (a bucket, or a local folder): each sent once, its checksum sent "
        "along and read back." + PARTITION,
    )
    def s3_archive(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> Materialized:
        with pipeline.open(context.log) as stage:
            partitions = partitions_of(context)
            reports = archive_media(stage, partitions)
            results = checks.of_s3_archive(stage, partitions)
            if all(result.passed for result in results):
                evict(stage)
            return materialized(context, reports, results)

    return [raw_posts, media_manifest, cached_media, dedup_report, renditions, s3_archive]
