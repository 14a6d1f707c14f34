"""Assets over the whole library, unpartitioned, on a schedule. No partition ever depends on them."""

import dagster as dg

from media_pipeline.defs.resources import Pipeline
from media_pipeline.stages.integrity import verify_files


@dg.asset(
    group_name="library",
    owners=["team:media"],
    kinds={"python", "file"},
    description="Every stored file of the library, read to its end and held against its checksum. What is corrupt is "
    "put aside and fetched again by the next run.",
)
def library_verification(
    context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]
) -> dg.MaterializeResult:
    """Unpartitioned, on a schedule."""
    with pipeline.open(context.log) as stage:
        verification = verify_files(stage)
    corrupt = [file.local_path for file in verification.corrupt]
    return dg.MaterializeResult(
        metadata={
            "checked": verification.checked,
            "corrupt": len(corrupt),
            "corrupt_files": dg.MetadataValue.json(corrupt),
        }
    )
