"""The partitioned assets: the six of the pipeline and two tables for other programs.

Each calls its stage for the partitions of a run and returns the reports.

What belongs here: names, dependencies, descriptions (the docstrings). What does not: the work (``stages``), the checks
(``checks``), the verification of the library (``verification``).
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import dagster as dg

from media_pipeline.defs import checks
from media_pipeline.defs.evaluations import Evaluated, evaluated
from media_pipeline.defs.metadata import Materialized, materialized
from media_pipeline.defs.naming import Naming
from media_pipeline.defs.partitions import import_partitions, partitions_of
from media_pipeline.defs.resources import pipeline_in
from media_pipeline.model import ImportPartition
from media_pipeline.settings import Settings
from media_pipeline.stages.archive.s3_archive import archive_media
from media_pipeline.stages.archive.scrub import evict
from media_pipeline.stages.context import Reports, StageContext
from media_pipeline.stages.downloads.cached_media import cache_media
from media_pipeline.stages.duplicates.dedup_report import report_duplicates
from media_pipeline.stages.imports.media_manifest import write_manifests
from media_pipeline.stages.imports.raw_posts import read_posts
from media_pipeline.stages.renditions.drawing import make_renditions
from media_pipeline.stages.tables.parquet import write_media, write_posts

OWNER = "team:media"
PARTITION = "A partition is what landed on one import date for one platform (`2026-11-20|twitter`)."

Partitions = Sequence[ImportPartition]
Done = tuple[Reports, checks.Findings]
Work = Callable[[StageContext, Partitions], Done]


def build_assets(settings: Settings, naming: Naming) -> list[dg.AssetsDefinition]:
    """The assets; the partitioned ones from the settings' first import date on."""
    asset = _maker(import_partitions(settings), naming)

    @asset("json")
    def raw_posts(stage: StageContext, partitions: Partitions) -> Done:
        """Every post of the export files that landed, once: its raw JSON, where it stood, and its media references.

        A file or line that can't be read is recorded with the reason; the rest goes on.
        """
        return read_posts(stage, partitions), checks.of_raw_posts(stage, partitions)

    @asset("table", deps=[raw_posts])
    def media_manifest(stage: StageContext, partitions: Partitions) -> Done:
        """The media references of those posts: type, role, and every URL it can be had from, best first.

        They are written with each post; here, posts that an older platform module has read are read anew.
        """
        return write_manifests(stage, partitions), checks.of_media_manifest(stage, partitions)

    @asset("file", deps=[media_manifest])
    def cached_media(stage: StageContext, partitions: Partitions) -> Done:
        """The originals: each URL fetched once, verified, stored once by content, its facts read.

        Every reference ends in a named status; the table shows what failed and why.
        """
        return cache_media(stage, partitions), checks.of_cached_media(stage, partitions)

    @asset("table", "image", deps=[cached_media])
    def dedup_report(stage: StageContext, partitions: Partitions) -> Done:
        """What repeats, in three tiers: the same bytes, the same pixels, and what only looks alike.

        The same bytes are looked for within the partition and in the whole library, in all and by author: the oldest
        is canonical, the others point to it. Posts of the same content are named too. Clusters stand side by side with
        the best of each; nothing is deleted.
        """
        return report_duplicates(stage, partitions), checks.of_dedup_report(stage, partitions)

    @asset("image", deps=[cached_media])
    def renditions(stage: StageContext, partitions: Partitions) -> Done:
        """Pictures and videos to look at, made once.

        An optimized picture and square thumbnails of each original, documents' first pages, and videos for browsers.
        The contact sheet shows the partition.
        """
        return make_renditions(stage, partitions), {}

    @asset("s3", deps=[dedup_report, renditions])
    def s3_archive(stage: StageContext, partitions: Partitions) -> Done:
        """The originals in the archive (a bucket, or a local folder): each sent once, its checksum sent along and read
        back.
        """
        reports = archive_media(stage, partitions)
        findings = checks.of_s3_archive(stage, partitions)
        if all(finding.passed for found in findings.values() for finding in found):
            evict(stage)
        return reports, findings

    @asset("table", "parquet", deps=[raw_posts, media_manifest], io_manager_key=naming.table_reader)
    def posts(stage: StageContext, partitions: Partitions) -> Done:
        """The posts as a table for other programs: Parquet, a file for each partition.

        An asset downstream that names it as an input gets a pandas DataFrame.
        """
        return write_posts(stage, partitions), {}

    @asset("table", "parquet", deps=[s3_archive], io_manager_key=naming.table_reader)
    def media(stage: StageContext, partitions: Partitions) -> Done:
        """The media references with their files as a table for other programs: Parquet, a file for each partition.

        Status and reason, digests, type and size, where the file lies in store and archive, what it duplicates. An
        asset downstream that names it as an input gets a pandas DataFrame.
        """
        return write_media(stage, partitions), {}

    return [raw_posts, media_manifest, cached_media, dedup_report, renditions, s3_archive, posts, media]


class _Asset(Protocol):
    def __call__(
        self, *kinds: str, deps: Sequence[dg.AssetsDefinition] = (), io_manager_key: str | None = None
    ) -> Callable[[Work], dg.AssetsDefinition]:
        """Makes an asset of a stage's work, whose docstring describes it."""
        ...


def _maker(partitions_def: dg.PartitionsDefinition[Any], naming: Naming) -> _Asset:
    """What all partitioned assets share."""

    def asset(
        *kinds: str, deps: Sequence[dg.AssetsDefinition] = (), io_manager_key: str | None = None
    ) -> Callable[[Work], dg.AssetsDefinition]:
        def made(work: Work) -> dg.AssetsDefinition:
            def step(context: dg.AssetExecutionContext) -> Iterator[Materialized | Evaluated]:
                with pipeline_in(context, naming).open(context.log) as stage:
                    reports, findings = work(stage, partitions_of(context))
                yield materialized(context, reports)
                yield from evaluated(context, findings)

            return dg.asset(
                key=naming.key(work.__name__),
                deps=deps,
                partitions_def=partitions_def,
                backfill_policy=dg.BackfillPolicy.single_run(),
                owners=[OWNER],
                group_name=naming.group,
                required_resource_keys={naming.resource},
                kinds={"python", *kinds},
                io_manager_key=io_manager_key,
                check_specs=checks.specs_of(work.__name__, naming, partitions_def),
                description=f"{inspect.getdoc(work)}\n\n{PARTITION}",
            )(step)

        return made

    return asset
