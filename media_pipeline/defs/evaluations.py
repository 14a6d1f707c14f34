"""What the checks of a step found, as events of Dagster: one for each check of each partition, and one over all.

What belongs here: how Dagster comes to know of findings. What does not: what is checked (``checks``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus, AssetCheckPartitionInfo
from dagster._core.storage.dagster_run import FINISHED_STATUSES

from media_pipeline.defs.checks import OVER_ALL, Finding, Findings
from media_pipeline.defs.metadata import table_of
from media_pipeline.stages.context import TABLE_ROWS

NAMED = 3
"""Partitions that a line of text names; the table names more."""

Evaluated = dg.Output[None] | dg.AssetCheckEvaluation | dg.AssetCheckResult


def evaluated(context: dg.AssetExecutionContext, findings: Findings) -> Iterator[Evaluated]:
    """The events of the step's checks, once its materializations are written down.

    An ``AssetCheckResult`` has no partition in a run of a range, so that the next good partition would turn the check
    green; these evaluations name theirs.
    """
    specs = [spec for spec in context.assets_def.check_specs if spec.name != OVER_ALL]
    if not specs:
        return
    for spec in specs:
        if spec.key in context.selected_asset_check_keys:
            yield dg.Output(None, output_name=spec.get_python_identifier())
    materializations = _latest_materializations(context, [partition.key for partition in findings])
    for partition, found in findings.items():
        for finding in found:
            yield _evaluation(context.asset_key, partition.key, finding, materializations.get(partition.key))
    yield _over_all(context, specs)


def _evaluation(
    asset: dg.AssetKey, partition: str, finding: Finding, materialization: dg.EventLogRecord | None
) -> dg.AssetCheckEvaluation:
    # Without it Dagster counts the evaluation as one of an earlier materialization.
    target = materialization and AssetCheckEvaluationTargetMaterializationData(
        storage_id=materialization.storage_id, run_id=materialization.run_id, timestamp=materialization.timestamp
    )
    return dg.AssetCheckEvaluation(
        asset_key=asset,
        check_name=finding.check.name,
        passed=finding.passed,
        metadata=finding.metadata,
        target_materialization_data=target,
        severity=finding.check.severity,
        blocking=finding.check.outcome == "stops",
        partition=partition,
    )


def _latest_materializations(
    context: dg.AssetExecutionContext, partitions: Sequence[str]
) -> Mapping[str | None, dg.EventLogRecord]:
    wanted = dg.AssetRecordsFilter(asset_key=context.asset_key, asset_partitions=partitions)
    newest_first = context.instance.fetch_materializations(wanted, limit=len(partitions)).records
    return {record.partition_key: record for record in reversed(newest_first)}


def _over_all(context: dg.AssetExecutionContext, specs: Sequence[dg.AssetCheckSpec]) -> dg.AssetCheckResult:
    """Whether no partition's latest evaluation failed, by Dagster's own records."""
    failing = _failing(context, specs)
    partitions = sorted({row["partition"] for row in failing}, reverse=True)
    metadata: dict[str, Any] = {"failing_partitions": len(partitions)}
    if failing:
        metadata["findings"] = table_of(tuple(failing[:TABLE_ROWS]))
    return dg.AssetCheckResult(
        check_name=OVER_ALL,
        passed=not failing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
        description=_sentence(partitions),
    )


def _sentence(partitions: Sequence[str]) -> str:
    if not partitions:
        return "No partition fails."
    named = ", ".join(partitions[:NAMED])
    more = f" and {len(partitions) - NAMED:,} more" if len(partitions) > NAMED else ""
    return f"{len(partitions):,} failing: {named}{more}"


def _failing(context: dg.AssetExecutionContext, specs: Sequence[dg.AssetCheckSpec]) -> list[dict[str, str]]:
    """Partition, check and state of each that failed, or that a run was to evaluate and didn't; the newest first."""
    records = context.instance.event_log_storage.get_asset_check_partition_info([spec.key for spec in specs])
    ended = _ended_without_evaluation(context, records)
    rows = [
        {"partition": record.partition_key, "check": record.check_key.name, "state": _state(record)}
        for record in records
        if record.partition_key and (_state(record) == "failed" or record.latest_planned_run_id in ended)
    ]
    # Those that MEDIA_START_DATE or another version took away can't be run again.
    partitions = context.assets_def.partitions_def
    there = [row for row in rows if partitions and partitions.has_partition_key(row["partition"])]
    return sorted(there, key=lambda row: (row["partition"], row["check"]), reverse=True)


def _state(record: AssetCheckPartitionInfo) -> str:
    failed = record.latest_execution_status is AssetCheckExecutionRecordStatus.FAILED
    return "failed" if failed else "not evaluated"


def _ended_without_evaluation(
    context: dg.AssetExecutionContext, records: Sequence[AssetCheckPartitionInfo]
) -> set[str]:
    """The runs that a check was planned in, and that ended before it."""
    planned = {
        record.latest_planned_run_id
        for record in records
        if record.latest_execution_status is AssetCheckExecutionRecordStatus.PLANNED
    }
    if not planned:
        return set()
    wanted = dg.RunsFilter(run_ids=sorted(planned), statuses=list(FINISHED_STATUSES))
    return {run.run_id for run in context.instance.get_runs(wanted)}
