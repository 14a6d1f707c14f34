# PyArrow has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
"""A table as Parquet: ``<storage>/tables/<table>/platform=<platform>/import_date=<date>/<table>.parquet``.

The folders are Hive's layout, by which DuckDB, pandas and Spark read the folder of a table as a whole: they find the
columns ``platform`` and ``import_date`` in the path, so the files don't hold these two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from media_pipeline.catalog.typed_tables import MEDIA, POSTS, TypedTable
from media_pipeline.model import Column, ColumnKind, ImportPartition, Report, WrittenFile
from media_pipeline.stages.context import Reports, StageContext
from media_pipeline.storage.durable import StorageError, place_private, storage_errors

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FOLDER = "tables"
"""Below the storage path."""


def write_tables(table: TypedTable, context: StageContext, partitions: Sequence[ImportPartition]) -> Reports:
    """Write a table's file for each partition, in place of the one before. Raises StorageError."""
    return {partition: _write(table, context, partition) for partition in partitions}


write_posts = partial(write_tables, POSTS)
write_media = partial(write_tables, MEDIA)


def _write(table: TypedTable, context: StageContext, partition: ImportPartition) -> Report:
    import pyarrow as pa  # 0.3 s, which no other stage needs
    import pyarrow.parquet as pq

    schema = schema_of(table.columns)
    target = path_of(context.store.root, table.name, partition)
    unfinished = context.store.temporary_folder() / target.name
    rows = 0
    with storage_errors("write", target):
        with context.database.read() as connection, pq.ParquetWriter(unfinished, schema) as writer:
            for batch in table.rows(connection, partition):
                writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))
                rows += len(batch)
        place_private(unfinished, target)
        return Report({"rows": rows, "bytes": target.stat().st_size}, file=WrittenFile(target, table.columns))


def path_of(storage: Path, table: str, partition: ImportPartition) -> Path:
    """Where the file of a partition lies."""
    day = f"import_date={partition.import_date.isoformat()}"
    return storage / FOLDER / table / f"platform={partition.platform}" / day / f"{table}.parquet"


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The columns as Arrow has them; each may be null."""
    import pyarrow as pa

    types = {
        ColumnKind.TEXT: pa.string(),
        ColumnKind.TEXTS: pa.list_(pa.string()),
        ColumnKind.INTEGER: pa.int64(),
        ColumnKind.NUMBER: pa.float64(),
        ColumnKind.TIME: pa.timestamp("us", "UTC"),
    }
    return pa.schema([(column.name, types[column.kind]) for column in columns])


def read_table(storage: Path, table: TypedTable, partitions: Sequence[ImportPartition]) -> pd.DataFrame:
    """The rows of the partitions whose files are there, with the columns ``platform`` and ``import_date`` at the end.

    Integers are pandas' ``Int64``, so that one that is missing makes no fraction of the others. Raises StorageError
    when none of the files is there.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset as ds

    files = [path for partition in partitions if (path := path_of(storage, table.name, partition)).exists()]
    if not files:
        raise StorageError(f"no file of the table {table.name} for {partitions[:1]} in {storage}; materialize it first")
    of_paths = pa.schema([("platform", pa.string()), ("import_date", pa.date32())])
    found = ds.dataset(
        [str(file) for file in files],
        schema=pa.unify_schemas([schema_of(table.columns), of_paths]),
        format="parquet",
        partitioning=ds.partitioning(of_paths, flavor="hive"),
        partition_base_dir=str(storage / FOLDER / table.name),
    )
    return found.to_table().to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
