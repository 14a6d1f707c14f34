"""The jobs of the partitioned assets: the whole graph, and its parts."""

from __future__ import annotations

import dagster as dg

from media_pipeline.defs.naming import Naming

_MANIFESTS = "raw_posts media_manifest"
_ORIGINALS = "cached_media dedup_report"
_DELIVERY = "renditions s3_archive posts media"


def build_jobs(naming: Naming) -> list[dg.UnresolvedAssetJobDefinition]:
    """One job for the whole graph and one for each of its parts."""

    def job(name: str, assets: str, description: str) -> dg.UnresolvedAssetJobDefinition:
        selection = dg.AssetSelection.assets(*map(naming.key, assets.split()))  # pyright: ignore[reportUnknownMemberType]
        return dg.define_asset_job(  # pyright: ignore[reportUnknownMemberType]
            # Six empty steps: 28.7 s in the default multiprocess executor, 0.7 s in process. Parallel is what the
            # stages do inside.
            name,
            selection,
            description=description,
            executor_def=dg.in_process_executor,
        )

    return [
        job(naming.whole, f"{_MANIFESTS} {_ORIGINALS} {_DELIVERY}", "Everything, from export files to the archive."),
        job(naming.manifests, _MANIFESTS, "Reads posts and writes down their media references; fetches nothing."),
        job(naming.originals, _ORIGINALS, "Fetches what is due, reads facts, names duplicates."),
        job(naming.delivery, _DELIVERY, "Makes renditions, archives originals, writes the tables."),
    ]
