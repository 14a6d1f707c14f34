"""Sightings of posts: the table post_sightings, one row for each import that holds a post.

What belongs here: reading and writing these rows. What does not: which of them is believed
(:mod:`media_pipeline.policy.sightings`), and what that does to a post (``posts``) and to its media (``manifests``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.selection import in_partitions, pieces
from media_pipeline.catalog.tables import import_files, imports, post_sightings
from media_pipeline.model import ImportPartition, KnownBy, Observation, Relation, Sighting
from media_pipeline.policy.sightings import rank

_KEYS = ("post_id", "import_id")


def of_posts(connection: sa.Connection, post_ids: Iterable[str]) -> dict[str, dict[str, Sighting]]:
    """The sightings of these posts by post and import; posts without any are left out."""
    query = sa.select(post_sightings, imports.c.import_date, imports.c.seen_at).join(
        imports, imports.c.import_id == post_sightings.c.import_id
    )
    found: dict[str, dict[str, Sighting]] = {}
    for piece in pieces(post_ids):
        for row in connection.execute(query.where(post_sightings.c.post_id.in_(piece))):
            found.setdefault(row.post_id, {})[row.import_id] = _sighting(row)
    return found


@dataclass(frozen=True, slots=True)
class Source:
    """An import that sightings stand in."""

    platform: str
    path: str
    """Where it was read when it was last begun, below the import path."""
    paths: tuple[str, ...]
    """Where its bytes lay, below the import path."""


def sources(connection: sa.Connection, import_ids: Iterable[str]) -> dict[str, Source]:
    """The imports of sightings, by id."""
    query = (
        sa.select(*imports.c["import_id", "platform", "path"], import_files.c.path.label("lay_at"))
        .outerjoin(import_files, import_files.c.import_id == imports.c.import_id)
        .order_by(import_files.c.path)
    )
    found: dict[str, Source] = {}
    for piece in pieces(import_ids):
        for row in connection.execute(query.where(imports.c.import_id.in_(piece))):
            before = found.get(row.import_id)
            lay_at = (row.lay_at,) if row.lay_at is not None else ()
            found[row.import_id] = Source(row.platform, row.path, (before.paths if before else ()) + lay_at)
    return found


def is_better(sighting: Sighting, before: Sighting | None, now: datetime) -> bool:
    """Whether a sighting takes the place of one that its import had already; the later in the file, of two alike.

    What an older platform module has read gives way whatever it said.
    """
    return (
        before is None or before.reader_version != sighting.reader_version or rank(sighting, now) >= rank(before, now)
    )


def write(connection: sa.Connection, rows: Sequence[tuple[str, Sighting]], known: Collection[tuple[str, str]]) -> None:
    """Write sightings, each with its post's id. ``known``: ids of post and import of those that have a row."""
    values = [_row(post_id, sighting) for post_id, sighting in rows]
    new = [row for row in values if (row["post_id"], row["import_id"]) not in known]
    old = [row for row in values if (row["post_id"], row["import_id"]) in known]
    if new:
        connection.execute(sa.insert(post_sightings), new)
    if old:
        is_the_row = [post_sightings.c[name] == sa.bindparam(f"old_{name}") for name in _KEYS]
        changes = sa.update(post_sightings).where(*is_the_row)
        connection.execute(
            changes.values({name: sa.bindparam(name) for name in old[0].keys() - set(_KEYS)}),
            [{f"old_{name}" if name in _KEYS else name: value for name, value in row.items()} for row in old],
        )


def add_stubs(connection: sa.Connection, stubs: Sequence[tuple[str, Sighting]]) -> None:
    """Write sightings of posts that their import only names. One that shows the post in the same import stays."""
    known, now = of_posts(connection, {post_id for post_id, _ in stubs}), datetime.now(UTC)
    last = {
        (post_id, stub.import_id): (post_id, stub)
        for post_id, stub in stubs
        if is_better(stub, known.get(post_id, {}).get(stub.import_id), now)
    }
    write(connection, list(last.values()), {(post_id, one) for post_id, some in known.items() for one in some})


def stubs(connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int) -> list[dict[str, Any]]:
    """Posts that imports of the partitions name as blocked, deleted or unavailable: where, and the reason."""
    query = (
        sa.select(
            imports.c.path.label("file"),
            post_sightings.c.locator,
            post_sightings.c.post_id,
            post_sightings.c.stub.label("reason"),
        )
        .join(imports, imports.c.import_id == post_sightings.c.import_id)
        .where(post_sightings.c.stub.is_not(None), in_partitions(post_sightings.c.import_id, partitions))
        .order_by(imports.c.path, post_sightings.c.locator)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def count_stubs(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> int:
    """How many posts imports of the partitions name as blocked, deleted or unavailable."""
    query = sa.select(sa.func.count(post_sightings.c.post_id.distinct())).where(
        post_sightings.c.stub.is_not(None), in_partitions(post_sightings.c.import_id, partitions)
    )
    return connection.execute(query).scalar_one()


def _row(post_id: str, sighting: Sighting) -> dict[str, Any]:
    return {
        "post_id": post_id,
        "import_id": sighting.import_id,
        "locator": sighting.locator,
        "raw_sha256": sighting.raw_sha256,
        "relation": sighting.relation,
        "stub": sighting.stub,
        "observed_at": sighting.observed.at,
        "observed_by": sighting.observed.known_by,
        "edited_at": sighting.edited_at,
        "urls_end_at": sighting.urls_end_at,
        "media": sighting.media,
        "reader_version": sighting.reader_version,
    }


def _sighting(row: Any) -> Sighting:
    return Sighting(
        import_id=row.import_id,
        import_date=row.import_date,
        first_read_at=row.seen_at,
        locator=row.locator,
        raw_sha256=row.raw_sha256,
        relation=Relation(row.relation) if row.relation else None,
        stub=row.stub,
        observed=Observation(row.observed_at, KnownBy(row.observed_by)),
        edited_at=row.edited_at,
        urls_end_at=row.urls_end_at,
        media=row.media,
        reader_version=row.reader_version,
    )
