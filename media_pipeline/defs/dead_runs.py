"""Runs whose process is gone: marked as failed, so that they don't hold a place in the queue for ever.

Dagster's default launcher can't tell that a run's process was killed or lost with the machine: the run stays
"started", and two such runs would fill `max_concurrent_runs`. What belongs here: finding and ending them, and the
request that takes up their work.
"""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import psutil

from media_pipeline.defs.partitions import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, refusal_of
from media_pipeline.model import ImportPartition
from media_pipeline.settings import Settings

CLOCK_TOLERANCE_SECONDS = 60
"""A process that began this much later than the run is another one with the same number, e.g. after a restart."""

AFTER_TAG = "media_pipeline/after"
"""Names the dead run that a run takes up."""


def end_dead_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Mark as failed every started run whose process no longer exists, and return them.

    Only where the history lies in SQLite, i.e. where every run is of this machine.
    """
    if not _is_of_one_machine(instance):
        return []
    ended: list[dg.DagsterRun] = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        run = record.dagster_run
        pid = _process_of(instance, run.run_id)
        if pid is not None and not _lives(pid, record.start_time):
            instance.report_run_failed(run, f"Its process {pid} is gone: killed, or lost with the machine.")
            ended.append(run)
    return ended


def take_up(settings: Settings, run: dg.DagsterRun) -> dg.RunRequest | None:
    """A request for the same partitions; None for a run without any, and for one that took up a dead run itself:
    what has killed two runs may kill a third, so it is left for the night. None as well for partitions that Dagster
    no longer has.
    """
    if AFTER_TAG in run.tags or not _are_there(settings, run):
        return None
    tags = {AFTER_TAG: run.run_id}
    if RANGE_START_TAG in run.tags:
        tags |= {name: run.tags[name] for name in (RANGE_START_TAG, RANGE_END_TAG)}
        return dg.RunRequest(run_key=f"after {run.run_id}", tags=tags)
    if PARTITION_TAG in run.tags:
        return dg.RunRequest(run_key=f"after {run.run_id}", partition_key=run.tags[PARTITION_TAG], tags=tags)
    return None


def _are_there(settings: Settings, run: dg.DagsterRun) -> bool:
    """Whether Dagster has the partitions that the run names, if it names any."""
    keys = [run.tags[name] for name in (PARTITION_TAG, RANGE_START_TAG, RANGE_END_TAG) if name in run.tags]
    try:
        return all(refusal_of(settings, ImportPartition.from_key(key)) is None for key in keys)
    except ValueError:
        # A key of another pipeline that shares the history.
        return False


def _is_of_one_machine(instance: dg.DagsterInstance) -> bool:
    from dagster._core.storage.runs import SqliteRunStorage

    return isinstance(instance.run_storage, SqliteRunStorage)


def _process_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The number of the process that executes the run's steps, once it has said so."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event else None
        if pid is not None and str(pid.value).isdigit():
            return int(str(pid.value))
    return None


def _lives(pid: int, run_started: float | None) -> bool:
    try:
        process = psutil.Process(pid)
        began, ended = process.create_time(), process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
    started = run_started if run_started is not None else datetime.now(UTC).timestamp()
    return not ended and began <= started + CLOCK_TOLERANCE_SECONDS
