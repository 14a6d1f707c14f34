"""The jobs: the whole graph, its parts, and the verification of the library."""

from __future__ import annotations

import dagster as dg

WHOLE = "media_pipeline"
MANIFESTS = "manifests"
ORIGINALS = "originals"
DELIVERY = "delivery"
VERIFY = "verify_library"

_PARTS = (
    (WHOLE, "manifest originals delivery", "Everything, from export files to the archive."),
    (MANIFESTS, "manifest", "Reads posts and writes down their media references; fetches nothing."),
    (ORIGINALS, "originals", "Fetches what is due, reads facts, names duplicates."),
    (DELIVERY, "delivery", "Makes renditions and archives originals."),
)


def build_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """One job for the whole graph and one for each of its groups, and the weekly verification."""
    parts = [
        dg.define_asset_job(name, dg.AssetSelection.groups(*groups.split()), description=description)
        for name, groups, description in _PARTS
    ]
    return [*parts, dg.define_asset_job(VERIFY, "library_verification", description="Reads every stored file.")]
