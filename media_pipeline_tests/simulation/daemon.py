"""Dagster's side of a simulated library: its history, and one look of its daemon at the runs, which may be killed.

What belongs here: runs as Dagster knows them. What does not: what a run does (``run.py``).
"""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import run_leases
from media_pipeline.defs.partitions import PARTITION_TAG
from media_pipeline.defs.runs.dead_runs import AFTER_TAG, BEGUN, look_after_runs
from media_pipeline.defs.runs.launch import open_instance
from media_pipeline_tests import forked
from media_pipeline_tests.library import TWITTER, Library
from media_pipeline_tests.patience import PATIENCE_SECONDS
from media_pipeline_tests.simulation.trouble import Trouble

PROGRAM = forked.Program(
    __name__, ("dagster._core.storage.sqlite_storage", "media_pipeline.defs.runs.launch", Library.__module__)
)
BROKE_OFF = 3
LOOKS = 5
"""A run that was killed before it had a lease is announced, has its time to start, is suspected, is ended, and is seen
to be taken up."""


@dataclass(frozen=True)
class Daemon:
    """Of a library with these settings."""

    folder: Path
    settings: dict[str, Any]
    history: dg.DagsterInstance

    def begin(self, number: int) -> str:
        """A run of the partition is in the history from now on."""
        run_id = f"{number:08}-0000-0000-0000-000000000000"
        run = dg.DagsterRun("media_pipeline", run_id, status=dg.DagsterRunStatus.STARTED, tags=_TAGS)
        self.history.add_run(run)
        return run_id

    def end(self, run_id: str, code: int) -> None:
        """What the run's own process reports at its end: nothing when it was killed."""
        run = self.history.get_run_by_id(run_id)
        assert run is not None
        if code == 0:
            self.history.report_dagster_event(_success(run), run_id)
        elif code > 0:
            self.history.report_run_failed(run)

    def look(self, trouble: Trouble | None) -> int:
        """One look at the runs, long after the last; returns its exit code, negative for a signal."""
        self._let_time_pass()
        with (self.folder / "runs.log").open("a") as log:
            order = pickle.dumps((self.folder, self.settings, trouble)).hex()
            return forked.start(PROGRAM, [order], os.environ, self.folder, log, log).wait(PATIENCE_SECONDS)

    def check(self) -> None:
        """No run is begun for ever, and each that died is taken up once."""
        for _ in range(LOOKS):
            assert self.look(None) == 0
        runs = self.history.get_runs()
        assert not [run.run_id for run in runs if run.status in BEGUN]
        after = [run.tags[AFTER_TAG] for run in runs if AFTER_TAG in run.tags]
        assert len(after) == len(set(after)), "a dead run was taken up twice"
        with closing(self._database()) as database, database.read() as connection:
            ended = connection.execute(sa.select(run_leases.c.run_id).where(run_leases.c.ended_at.is_not(None)))
            assert set(ended.scalars()) == set(after)

    def _database(self) -> Database:
        return Database.open(Library(self.folder, **self.settings).settings)

    def _let_time_pass(self) -> None:
        """As if every lease were older by two terms."""
        older = timedelta(seconds=2 * Library(self.folder, **self.settings).settings.media_lease_seconds)
        with closing(self._database()) as database, database.write() as connection:
            for row in connection.execute(sa.select(run_leases)).all():
                times = {name: getattr(row, name) for name in ("began_at", "renewed_at", "suspected_at")}
                earlier = {name: time - older for name, time in times.items() if time}
                connection.execute(sa.update(run_leases).where(run_leases.c.run_id == row.run_id).values(earlier))


_TAGS = {PARTITION_TAG: TWITTER.key}


def _success(run: dg.DagsterRun) -> dg.DagsterEvent:
    return dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name, message="the process ended")


def _look(folder: Path, settings: dict[str, Any], trouble: Trouble | None) -> None:
    """What the sensor does, and what the daemon makes of its requests: here each run succeeds at once."""
    chosen = Library(folder, **settings).settings
    with open_instance(chosen) as history, closing(Database.open(chosen)) as database:
        if trouble:
            trouble.begin()
        _, requests = look_after_runs(chosen, history, database)
        for request in requests:
            tags = {**_TAGS, **request.tags}
            history.add_run(dg.DagsterRun("media_pipeline", status=dg.DagsterRunStatus.SUCCESS, tags=tags))


if __name__ == "__main__":
    try:
        _look(*pickle.loads(bytes.fromhex(sys.argv[1])))
    except DBAPIError as error:
        print(error, file=sys.stderr)
        sys.exit(BROKE_OFF)
