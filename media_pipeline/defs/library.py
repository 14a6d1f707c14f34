"""Assets over the whole library, unpartitioned, on a schedule. No partition ever depends on them."""

import dagster as dg

from media_pipeline.defs.assets import GROUP, OWNER
from media_pipeline.defs.metadata import Materialized
from media_pipeline.defs.resources import Pipeline
from media_pipeline.stages.integrity.stored_files import verify_files


@dg.asset(
    group_name=GROUP,
    owners=[OWNER],
    kinds={"python", "file"},
    description="Every stored file of the library, read to its end and held against its checksum. What is corrupt is "
    "put aside and fetched again by the next run.",
)
def library_verification(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> Materialized:
    """Unpartitioned, on a schedule."""
    with pipeline.open(context.log) as stage:
        verification = verify_files(stage)
    corrupt = [file.local_path for file in verification.corrupt]
    return Materialized(
        metadata={
            "checked": verification.checked,
            "corrupt": len(corrupt),
            "corrupt_files": dg.MetadataValue.json(corrupt),
        }
    )
