"""Leases of runs: the table run_leases.

A run renews its lease while it works, and takes it away when it ends. A lease that is ended stays, and every
transaction of its run looks at it first: a process that was paused for long finds out before it writes a row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.tables import run_leases
from media_pipeline.model import MediaPipelineError

KEPT_DAYS = 90
"""For so long a process that was given up is kept from writing, should it wake."""

_IS_OPEN = run_leases.c.ended_at.is_(None)


class LeaseLost(MediaPipelineError):
    """The run was given up, and its partitions are another one's by now.

    To do: Nothing: another run has these partitions. Where it happens often, raise MEDIA_LEASE_SECONDS.
    """

    def __init__(self, run_id: str) -> None:
        super().__init__(
            f"run {run_id} was given up, since its process was paused or could not reach the catalogue for too long: "
            "it writes nothing more, and another run goes on where it stopped"
        )


@dataclass(frozen=True, slots=True)
class Lease:
    """What is known of a run's process."""

    run_id: str
    holder: str | None
    began_at: datetime
    renewed_at: datetime | None
    suspected_at: datetime | None


def now(connection: sa.Connection) -> datetime:
    """The database's time. SQLite has none of its own: all that use it are on one machine."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    return connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()


def announce(connection: sa.Connection, run_ids: Collection[str]) -> None:
    """Write down runs that are being started, so that one whose process never comes up is missed."""
    known = {
        run_id
        for piece in pieces(run_ids)
        for run_id in connection.execute(sa.select(run_leases.c.run_id).where(run_leases.c.run_id.in_(piece))).scalars()
    }
    began_at = now(connection)
    rows = [{"run_id": run_id, "began_at": began_at} for run_id in run_ids if run_id not in known]
    if rows:
        connection.execute(sa.insert(run_leases), rows)


def take(connection: sa.Connection, run_id: str, holder: str) -> bool:
    """Have the lease of a run, which none may know yet; False when it was given up."""
    announce(connection, [run_id])
    connection.execute(sa.update(run_leases).where(run_leases.c.run_id == run_id, _IS_OPEN).values(holder=holder))
    return renew(connection, run_id)


def renew(connection: sa.Connection, run_id: str) -> bool:
    """Say that the run's process lives; False when it was given up, or has no lease yet."""
    renewed = connection.execute(
        sa.update(run_leases)
        .where(run_leases.c.run_id == run_id, _IS_OPEN)
        .values(renewed_at=now(connection), suspected_at=None)
    )
    return renewed.rowcount == 1


def release(connection: sa.Connection, run_id: str) -> None:
    """Take the lease of a run away that ends by itself."""
    connection.execute(sa.delete(run_leases).where(run_leases.c.run_id == run_id, _IS_OPEN))


def is_ended(connection: sa.Connection, run_id: str) -> bool:
    """Whether the run was given up."""
    query = sa.select(run_leases.c.run_id).where(run_leases.c.run_id == run_id, sa.not_(_IS_OPEN))
    return connection.execute(query).first() is not None


def held(connection: sa.Connection) -> list[Lease]:
    """The leases of all runs that were not given up."""
    return _leases(connection, _IS_OPEN)


def unsettled(connection: sa.Connection) -> list[Lease]:
    """The leases of runs that were given up, and whose partitions nobody has seen to."""
    return _leases(connection, sa.and_(sa.not_(_IS_OPEN), run_leases.c.settled_at.is_(None)))


def _leases(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Lease]:
    columns = run_leases.c["run_id", "holder", "began_at", "renewed_at", "suspected_at"]
    query = sa.select(*columns).where(condition).order_by(run_leases.c.run_id)
    return [Lease(*row) for row in connection.execute(query)]


def suspect(connection: sa.Connection, lease: Lease) -> None:
    """Write down that the run is silent, unless it renewed its lease meanwhile."""
    connection.execute(sa.update(run_leases).where(_is_still(lease)).values(suspected_at=now(connection)))


def end(connection: sa.Connection, lease: Lease) -> None:
    """Give the run up, unless it renewed its lease meanwhile."""
    connection.execute(sa.update(run_leases).where(_is_still(lease)).values(ended_at=now(connection)))


def _is_still(lease: Lease) -> sa.ColumnElement[bool]:
    """Condition: nothing was heard of the run since the lease was read."""
    return sa.and_(
        run_leases.c.run_id == lease.run_id, _IS_OPEN, run_leases.c.renewed_at.is_not_distinct_from(lease.renewed_at)
    )


def settle(connection: sa.Connection, run_ids: Sequence[str]) -> None:
    """Write down that nothing is left to do for runs that were given up, and forget those of long ago."""
    moment = now(connection)
    connection.execute(
        sa.update(run_leases).where(run_leases.c.run_id.in_(run_ids), sa.not_(_IS_OPEN)).values(settled_at=moment)
    )
    long_ago = moment - timedelta(days=KEPT_DAYS)
    # Also runs that only another Dagster's history knows, and that nobody looks after.
    connection.execute(
        sa.delete(run_leases).where(sa.or_(run_leases.c.settled_at < long_ago, run_leases.c.renewed_at < long_ago))
    )
