"""Assets over the whole library, unpartitioned, on a schedule. No partition ever depends on them."""

import dagster as dg

from media_pipeline.defs.assets import OWNER
from media_pipeline.defs.metadata import Materialized
from media_pipeline.defs.naming import Naming
from media_pipeline.defs.resources import pipeline_in
from media_pipeline.stages.integrity.stored_files import verify_files


def build_library_verification(naming: Naming) -> dg.AssetsDefinition:
    """``library_verification``, which the weekly schedule runs."""

    @dg.asset(
        key=naming.key("library_verification"),
        group_name=naming.group,
        owners=[OWNER],
        kinds={"python", "file"},
        required_resource_keys={naming.resource},
        description="Every stored file of the library, read to its end and held against its checksum. What is corrupt "
        "is put aside and fetched again by the next run.",
    )
    def library_verification(context: dg.AssetExecutionContext) -> Materialized:
        with pipeline_in(context, naming).open(context.log) as stage:
            verification = verify_files(stage)
        corrupt = [file.local_path for file in verification.corrupt]
        return Materialized(
            metadata={
                "checked": verification.checked,
                "corrupt": len(corrupt),
                "corrupt_files": dg.MetadataValue.json(corrupt),
            }
        )

    return library_verification
