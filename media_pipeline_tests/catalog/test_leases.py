"""Leases of runs: renewed, ended, and what a run that was given up may still do."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
import sqlalchemy as sa

from media_pipeline.catalog import leases
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.leases import LeaseLost
from media_pipeline.catalog.tables import run_leases

HOLDER = "archive-1, process 7"


def test_a_lease_is_taken_renewed_and_taken_away(database: Database):
    with database.write() as connection:
        assert not leases.renew(connection, "run"), "none is there yet"
        assert leases.take(connection, "run", HOLDER)
        (lease,) = leases.held(connection)
    assert (lease.run_id, lease.holder, lease.suspected_at) == ("run", HOLDER, None)
    with database.own_row() as connection:
        assert leases.renew(connection, "run")
    with database.write() as connection:
        (renewed,) = leases.held(connection)
        assert renewed.renewed_at is not None and lease.renewed_at is not None
        assert renewed.renewed_at > lease.renewed_at
        leases.release(connection, "run")
        assert leases.held(connection) == []


def test_a_run_that_is_announced_keeps_the_time_of_the_first_time(database: Database):
    with database.write() as connection:
        leases.announce(connection, ["a", "b"])
        before = leases.held(connection)
        leases.announce(connection, ["a", "b", "c"])
        assert leases.held(connection)[:2] == before
        assert [lease.renewed_at for lease in leases.held(connection)] == [None, None, None]


def test_a_run_that_renewed_its_lease_since_it_was_looked_at_is_neither_suspected_nor_ended(database: Database):
    with database.write() as connection:
        leases.take(connection, "run", HOLDER)
        (seen,) = leases.held(connection)
        leases.renew(connection, "run")
        leases.suspect(connection, seen)
        leases.end(connection, seen)
        (lease,) = leases.held(connection)
    assert lease.suspected_at is None


def test_a_renewal_takes_a_suspicion_away(database: Database):
    with database.write() as connection:
        leases.take(connection, "run", HOLDER)
        leases.suspect(connection, leases.held(connection)[0])
        assert leases.held(connection)[0].suspected_at is not None
        leases.renew(connection, "run")
        assert leases.held(connection)[0].suspected_at is None


def test_a_run_that_was_given_up_can_neither_renew_its_lease_nor_write_a_row(database: Database, migrated_url: str):
    with closing(Database(migrated_url, run_id="run")) as of_the_run:
        with of_the_run.write() as connection:
            leases.take(connection, "run", HOLDER)
        with database.write() as connection:
            leases.end(connection, leases.held(connection)[0])
        with of_the_run.own_row() as connection:
            assert not leases.renew(connection, "run")
            leases.release(connection, "run")
        with pytest.raises(LeaseLost, match="run run was given up") as lost, of_the_run.write() as connection:
            connection.execute(sa.delete(run_leases))
        assert "\n" not in str(lost.value)
        with of_the_run.read() as connection:
            assert leases.is_ended(connection, "run")
        with database.write() as connection:
            assert not leases.take(connection, "run", HOLDER)
            assert [lease.run_id for lease in leases.unsettled(connection)] == ["run"]


def test_a_run_can_only_be_given_up_between_its_transactions(database: Database, migrated_url: str):
    """What it has begun to write it commits before, and what comes after is refused."""
    order: list[str] = []

    def give_up() -> None:
        with database.write() as connection:
            leases.end(connection, leases.held(connection)[0])
            order.append("given up")

    with closing(Database(migrated_url, run_id="run")) as of_the_run:
        with of_the_run.write() as connection:
            leases.take(connection, "run", HOLDER)
        with of_the_run.write():
            thread = threading.Thread(target=give_up)
            thread.start()
            # However long this is: the other one must be waiting, or not have begun.
            thread.join(0.2)
            order.append("written")
        thread.join()
        assert order == ["written", "given up"]
        with pytest.raises(LeaseLost), of_the_run.write():
            pass


def test_a_renewal_does_not_await_the_turn_of_writers_on_postgresql(database: Database, backend: str):
    if backend == "sqlite":
        pytest.skip("SQLite has one writer at a time, whatever it writes")
    with database.write() as connection:
        leases.take(connection, "run", HOLDER)
    with database.write() as connection:
        leases.announce(connection, ["another"])
        with database.own_row() as beside:
            assert leases.renew(beside, "run")


def test_what_is_settled_is_not_looked_at_again_and_is_forgotten_after_long(database: Database):
    with database.write() as connection:
        leases.announce(connection, ["old", "new"])
        for lease in leases.held(connection):
            leases.end(connection, lease)
        leases.settle(connection, ["old"])
        assert [lease.run_id for lease in leases.unsettled(connection)] == ["new"]
        long_ago = leases.now(connection).replace(year=2000)
        connection.execute(sa.update(run_leases).where(run_leases.c.run_id == "old").values(settled_at=long_ago))
        leases.settle(connection, ["new"])
        assert connection.execute(sa.select(run_leases.c.run_id)).scalars().all() == ["new"]
