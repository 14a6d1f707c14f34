"""A stage's report as Dagster shows it: numbers that plot, tables, pages of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from media_pipeline.model import Report, WrittenFile
from media_pipeline.policy.foreign_text import for_log
from media_pipeline.policy.wording import worded
from media_pipeline.stages.context import Reports

READ_FIRST = ("status", "error", "reason", "author_handle", "post_url")
"""What became of a medium and why, then whose it is; ids and addresses come after."""

if TYPE_CHECKING:
    Materialized = dg.MaterializeResult[Any]
else:
    # Dagster inspects an asset's annotation, and knows this class only without its parameter.
    Materialized = dg.MaterializeResult


def materialized(context: dg.AssetExecutionContext, reports: Reports) -> Materialized:
    """Attach each partition's report to its own materialization; a run of a range has one for each."""
    for partition, report in reports.items():
        context.add_asset_metadata(metadata_of(report), partition_key=partition.key)
    return dg.MaterializeResult()


def metadata_of(report: Report) -> dict[str, Any]:
    """Metadata by name: a number each, ``findings`` for the table, and the pages."""
    metadata: dict[str, Any] = dict(report.numbers)
    if report.table:
        metadata["findings"] = table_of(report.table)
    if report.file:
        path = dg.MetadataValue.path(report.file.path)  # pyright: ignore[reportUnknownMemberType]
        metadata |= {"path": path, **_columns_of(report.file)}
    metadata.update({title: dg.MetadataValue.md(page) for title, page in report.markdown.items()})
    return metadata


def _columns_of(file: WrittenFile) -> dict[str, Any]:
    """The columns under the name by which the UI shows them."""
    columns = [dg.TableColumn(column.name, column.kind.value, column.meaning) for column in file.columns]
    return {"dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns))}


def table_of(rows: tuple[Mapping[str, Any], ...]) -> dg.TableMetadataValue:
    """Rows as a table; what is no number is shown as a line of text, nothing as empty text."""
    return dg.MetadataValue.table([dg.TableRecord({name: _cell(row[name]) for name in _in_order(row)}) for row in rows])


def _in_order(row: Mapping[str, Any]) -> list[str]:
    """The columns as a person reads them: Dagster's UI cuts a table off at the right."""
    return [name for name in READ_FIRST if name in row] + [name for name in row if name not in READ_FIRST]


def _cell(value: Any) -> str | int | float | bool:
    return value if isinstance(value, int | float | bool) else for_log(worded(value))
