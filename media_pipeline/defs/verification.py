"""The verification of the whole library: an asset that only its own job materializes.

As an asset of Dagster's usual kind it would be part of what "Materialize all" in the graph begins, and a click would
read every stored file. No partition ever depends on it.
"""

import dagster as dg

from media_pipeline.defs.assets import OWNER
from media_pipeline.defs.naming import Naming
from media_pipeline.defs.resources import pipeline_in
from media_pipeline.stages.integrity.stored_files import verify_files


def build_verification(naming: Naming) -> tuple[dg.AssetSpec, dg.JobDefinition]:
    """The asset and its job, which the weekly schedule runs."""
    key = naming.key("library_verification")
    asset = dg.AssetSpec(
        key,
        group_name=naming.group,
        owners=[OWNER],
        kinds={"python", "file"},
        description="Every stored file of the library, read to its end and held against its checksum. What is corrupt "
        f"is put aside and fetched again by the next run. The job `{naming.verify}` materializes it.",
    )

    @dg.op(name=key.to_python_identifier(), required_resource_keys={naming.resource}, out=dg.Out(dg.Nothing))
    def library_verification(context: dg.OpExecutionContext) -> None:
        with pipeline_in(context, naming).open(context.log) as stage:
            verification = verify_files(stage)
        corrupt = [file.local_path for file in verification.corrupt]
        metadata = {
            "checked": verification.checked,
            "corrupt": len(corrupt),
            "corrupt_files": dg.MetadataValue.json(corrupt),
        }
        context.log_event(dg.AssetMaterialization(key, metadata=metadata))

    @dg.job(  # pyright: ignore[reportUnknownMemberType]
        name=naming.verify, description="Reads every stored file.", executor_def=dg.in_process_executor
    )
    def verify_library() -> None:
        library_verification()

    return asset, verify_library
