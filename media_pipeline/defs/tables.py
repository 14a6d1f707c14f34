"""The tables as assets downstream have them: a pandas DataFrame as an input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from media_pipeline.catalog.typed_tables import TYPED_TABLES
from media_pipeline.model import ImportPartition
from media_pipeline.stages.tables.parquet import read_table

if TYPE_CHECKING:
    import pandas as pd


class TableReader(dg.IOManager):
    """Loads a table for the partitions that an input needs. The stages write it, so no output comes here."""

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
