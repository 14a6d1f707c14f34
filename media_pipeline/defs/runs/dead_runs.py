"""Runs whose process is gone: marked as failed, so that they don't hold a place in the queue for ever.

Dagster's default launcher can't tell that a run's process was killed or lost with its machine: the run stays
"started", and two such runs would fill `max_concurrent_runs`. What belongs here: ending them by their leases, and the
request that takes up their work. What does not: when a run counts as dead (``policy.liveness``).

Each look does what is left to do by what is written down, so that a daemon which dies between two steps leaves nothing
half done: a run is given up in the catalogue, then marked as failed, then requested, and settled once the run that
takes it up is in Dagster's history.
"""

from __future__ import annotations

import dagster as dg

from media_pipeline.catalog import leases
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.leases import Lease
from media_pipeline.defs.naming import PLAIN, Naming
from media_pipeline.defs.partitions import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, refusal_of
from media_pipeline.model import ImportPartition
from media_pipeline.policy.liveness import Verdict, verdict
from media_pipeline.settings import Settings

AFTER_TAG = "media_pipeline/after"
"""Names the dead run that a run takes up."""

DEATHS_TAG = "media_pipeline/deaths"
"""How many runs of the same partitions have died before this one, each taken up by the next."""

MOST_TAKEN_UP = 3
"""What has killed so many runs and one more may kill the next too: it is left for the night."""

BEGUN = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)


def look_after_runs(
    settings: Settings, instance: dg.DagsterInstance, database: Database, naming: Naming = PLAIN
) -> tuple[list[dg.DagsterRun], list[dg.RunRequest]]:
    """Mark as failed every run whose process is gone; return those, and the requests that take up their partitions."""
    _give_up_the_silent(instance, database, naming, settings.media_lease_seconds)
    with database.read() as connection:
        given_up = leases.unsettled(connection)
    ended: list[dg.DagsterRun] = []
    requests: list[dg.RunRequest] = []
    settled: list[str] = []
    for lease in given_up:
        run = instance.get_run_by_id(lease.run_id)
        if run is None:
            continue
        was_running = run.status in BEGUN
        if was_running:
            instance.report_run_failed(run, _obituary(lease))
            ended.append(run)
        # Dagster's own monitoring may have been the first to mark it.
        failed = was_running or run.status is dg.DagsterRunStatus.FAILURE
        request = take_up(settings, run) if failed and not _is_taken_up(instance, run) else None
        if request is None:
            settled.append(run.run_id)
        else:
            requests.append(request)
    if settled:
        with database.write() as connection:
            leases.settle(connection, settled)
    return ended, requests


def take_up(settings: Settings, run: dg.DagsterRun) -> dg.RunRequest | None:
    """A request for the same partitions; None for a run without any, for partitions that Dagster no longer has, and
    after too many runs that died of them.
    """
    deaths = int(run.tags.get(DEATHS_TAG, 0)) + 1
    if deaths > MOST_TAKEN_UP or not _are_there(settings, run):
        return None
    tags = {AFTER_TAG: run.run_id, DEATHS_TAG: str(deaths)}
    if RANGE_START_TAG in run.tags:
        tags |= {name: run.tags[name] for name in (RANGE_START_TAG, RANGE_END_TAG)}
        return dg.RunRequest(run_key=f"after {run.run_id}", tags=tags)
    if PARTITION_TAG in run.tags:
        return dg.RunRequest(run_key=f"after {run.run_id}", partition_key=run.tags[PARTITION_TAG], tags=tags)
    return None


def has_lease(run: dg.DagsterRun, naming: Naming) -> bool:
    """Whether the run is of this project's assets alone: others that share the history have no leases."""
    if run.asset_selection:
        return run.asset_selection <= naming.assets
    return run.job_name in naming.jobs


def _are_there(settings: Settings, run: dg.DagsterRun) -> bool:
    """Whether Dagster has the partitions that the run names, if it names any."""
    keys = [run.tags[name] for name in (PARTITION_TAG, RANGE_START_TAG, RANGE_END_TAG) if name in run.tags]
    try:
        return all(refusal_of(settings, ImportPartition.from_key(key)) is None for key in keys)
    except ValueError:
        # A key of another pipeline that shares the history.
        return False


def _give_up_the_silent(instance: dg.DagsterInstance, database: Database, naming: Naming, lease_seconds: float) -> None:
    """Look at the lease of every run that Dagster's history knows, and end those of the dead."""
    begun = instance.get_runs(dg.RunsFilter(statuses=list(BEGUN)))
    with database.write() as connection:
        leases.announce(connection, [run.run_id for run in begun if has_lease(run, naming)])
        held = leases.held(connection)
    if not held:
        return
    known = {run.run_id for run in instance.get_runs(dg.RunsFilter(run_ids=[lease.run_id for lease in held]))}
    with database.write() as connection:
        now = leases.now(connection)
        for lease in held:
            if lease.run_id in known:
                found = verdict(lease.began_at, lease.renewed_at, lease.suspected_at, now, lease_seconds)
                if found is Verdict.SILENT:
                    leases.suspect(connection, lease)
                elif found is Verdict.DEAD:
                    leases.end(connection, lease)


def _is_taken_up(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    return instance.get_runs_count(dg.RunsFilter(tags={AFTER_TAG: run.run_id})) > 0


def _obituary(lease: Lease) -> str:
    if lease.renewed_at is None:
        return "The process of this run never came to its first step: it was killed, or lost with its machine."
    return (
        f"Nothing was heard of this run ({lease.holder}) since {lease.renewed_at:%Y-%m-%d %H:%M:%S} UTC: "
        "its process was killed, paused, or lost with its machine. What it had done is kept."
    )
