"""What Dagster hands to assets: the way to open catalogue, store and archive for the time of a step, and tables."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dagster as dg
from pydantic import Field

from media_pipeline.catalog.typed_tables import TYPED_TABLES
from media_pipeline.defs.naming import Naming
from media_pipeline.defs.runs.heartbeat import Heartbeat
from media_pipeline.model import ImportPartition
from media_pipeline.policy.foreign_text import with_lines
from media_pipeline.settings import Settings, shown
from media_pipeline.stages.context import StageContext, opened
from media_pipeline.stages.progress import LineProgress, Progress
from media_pipeline.stages.tables.parquet import read_table
from media_pipeline.storage.archive import Archive

if TYPE_CHECKING:
    import pandas as pd

NO_RETRIES = 0
"""Of the client itself: calls are made again by :mod:`media_pipeline.storage.patience`."""


@dataclass(frozen=True)
class Pipeline:
    """What the resource is: :meth:`open` gives a step what its stage needs."""

    settings: Settings
    progress: Progress | None = None
    """How a terminal shows progress; None: into the run's log."""
    run_id: str | None = None
    """The run that it was made for, which has a lease."""

    @contextmanager
    def open(self, log: Logger) -> Generator[StageContext]:
        """Catalogue, store and archive, opened; closed when the step ends."""
        log = with_lines(log)
        progress = self.progress or LineProgress(log.info)
        with opened(self.settings, log, progress, bucket_of(self.settings), self.run_id) as context:
            yield context


class PipelineResource(dg.ConfigurableResource[Pipeline]):
    """Catalogue, store and archive of the settings, for the time of a step."""

    settings: dict[str, str] = Field(
        description="The settings as they were read: change them in the environment or in `.env`. Secrets are masked."
    )


def pipeline_of(settings: Settings, progress: Progress | None = None) -> PipelineResource:
    """The resource, made once for a run, which has a lease from before its first step until its end."""

    class OfTheseSettings(PipelineResource):
        # Dagster makes a resource anew from its fields, which are what the UI shows: the settings themselves stay here.

        @contextmanager
        def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Pipeline]:
            run = context.run
            if run is None:
                yield Pipeline(settings, progress)
                return
            with Heartbeat(settings, run.run_id):
                yield Pipeline(settings, progress, run.run_id)

    OfTheseSettings.__doc__ = PipelineResource.__doc__
    return OfTheseSettings(settings=shown(settings))


def pipeline_in(context: dg.AssetExecutionContext | dg.OpExecutionContext, naming: Naming) -> Pipeline:
    """What the step was handed, under whatever name the code location has it."""
    return cast(Pipeline, getattr(context.resources, naming.resource))


def bucket_of(settings: Settings) -> Archive | None:
    """The bucket of the settings through dagster-aws, or None when there is none."""
    if not settings.aws_s3_bucket:
        return None
    # Imported here: dagster_aws takes 4 s, which a start without a bucket need not spend.
    from dagster_aws.s3.utils import construct_s3_client

    from media_pipeline.storage.bucket import client_options
    from media_pipeline.storage.s3 import S3Archive

    client = construct_s3_client(max_attempts=NO_RETRIES, **client_options(settings))
    return S3Archive(client, settings.aws_s3_bucket, settings.aws_s3_endpoint_url)


class TableReader(dg.IOManager):
    """A table as an input of an asset downstream: a pandas DataFrame of the partitions that the input needs.

    The stages write the tables, so no output comes here.
    """

    def __init__(self, storage: Path) -> None:
        self._storage = storage
        self._tables = {table.name: table for table in TYPED_TABLES}

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """The rows of one partition or of a range. Raises StorageError when no file of it is there."""
        partitions = [ImportPartition.from_key(key) for key in context.asset_partition_keys]
        return read_table(self._storage, self._tables[context.asset_key.path[-1]], partitions)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Refuse: an asset of another code location can't be one of these tables."""
        raise NotImplementedError(f"{context.asset_key.to_user_string()} is no table of media_pipeline")
