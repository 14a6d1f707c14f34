"""The jobs: the whole graph, its parts, and the verification of the library."""

from __future__ import annotations

import dagster as dg

WHOLE = "media_pipeline"
MANIFESTS = "manifests"
ORIGINALS = "originals"
DELIVERY = "delivery"
VERIFY = "verify_library"

_MANIFESTS = "raw_posts media_manifest"
_ORIGINALS = "cached_media dedup_report"
_DELIVERY = "renditions s3_archive"
_LIBRARY = "library_verification"

_PARTS = (
    (WHOLE, f"{_MANIFESTS} {_ORIGINALS} {_DELIVERY}", "Everything, from export files to the archive."),
    (MANIFESTS, _MANIFESTS, "Reads posts and writes down their media references; fetches nothing."),
    (ORIGINALS, _ORIGINALS, "Fetches what is due, reads facts, names duplicates."),
    (DELIVERY, _DELIVERY, "Makes renditions and archives originals."),
)

NAMES = frozenset((*(name for name, _, _ in _PARTS), VERIFY))
ASSETS = frozenset((*f"{_MANIFESTS} {_ORIGINALS} {_DELIVERY}".split(), _LIBRARY))
"""The names of every job and asset of this project."""


def build_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """One job for the whole graph and one for each of its parts, and the weekly verification."""
    parts = [_job(name, _of_assets(assets), description) for name, assets, description in _PARTS]
    return [*parts, _job(VERIFY, _LIBRARY, "Reads every stored file.")]


def _of_assets(names: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*names.split())  # pyright: ignore[reportUnknownMemberType]


def _job(name: str, selection: str | dg.AssetSelection, description: str) -> dg.UnresolvedAssetJobDefinition:
    return dg.define_asset_job(name, selection, description=description)  # pyright: ignore[reportUnknownMemberType]
