"""The names that Dagster knows this project's definitions by, on their own or inside another code location.

What belongs here: every name of an asset, job, sensor, schedule and resource, once. What does not: what they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import dagster as dg

GROUP = "media_pipeline"
"""One group, since the UI folds several into boxes on the first look."""

_ASSETS = (
    "raw_posts",
    "media_manifest",
    "cached_media",
    "dedup_report",
    "renditions",
    "s3_archive",
    "posts",
    "media",
    "library_verification",
)
_UNFIT = re.compile(r"[^A-Za-z0-9_]")
"""What Dagster takes in an asset key, and in no other name."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Every name. The defaults are those of the project by itself; :meth:`embedded` makes those with a prefix."""

    key_prefix: tuple[str, ...] = ()
    group: str = GROUP

    whole: str = "media_pipeline"
    manifests: str = "manifests"
    originals: str = "originals"
    delivery: str = "delivery"
    verify: str = "verify_library"

    new_imports: str = "new_imports"
    dead_runs: str = "dead_runs"
    nightly_backfill: str = "nightly_backfill"
    weekly_verify: str = "weekly_verify"

    resource: str = "media_pipeline"
    table_reader: str = "media_pipeline_tables"

    @classmethod
    def embedded(cls, key_prefix: str | Sequence[str] = (), group: str = GROUP) -> Self:
        """The names under a prefix: asset keys have it in front, and so has every other name, joined with ``_``."""
        prefix = (key_prefix,) if isinstance(key_prefix, str) else tuple(key_prefix)
        own = {field.name: str(field.default) for field in fields(cls) if field.name not in ("key_prefix", "group")}
        names = {field: _UNFIT.sub("_", "_".join((*prefix, name))) for field, name in own.items()}
        return cls(prefix, group, **names)

    def key(self, asset: str) -> dg.AssetKey:
        """The key of an asset of this project."""
        return dg.AssetKey([*self.key_prefix, asset])

    @property
    def assets(self) -> frozenset[dg.AssetKey]:
        """The keys of all assets."""
        return frozenset(map(self.key, _ASSETS))

    @property
    def jobs(self) -> frozenset[str]:
        """The names of all jobs."""
        return frozenset((self.whole, self.manifests, self.originals, self.delivery, self.verify))

    @property
    def instigators(self) -> tuple[str, ...]:
        """The names of all sensors and schedules."""
        return (self.new_imports, self.dead_runs, self.nightly_backfill, self.weekly_verify)


PLAIN = Naming()
"""The names without a prefix: what the command line and the project's own code location use."""
