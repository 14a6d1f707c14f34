"""Files whose removal was begun: the table removals.

A file and its row can't go at once. So the removal is written down in the transaction in which the row goes, the file
is removed, and then the removal is forgotten: a run that is killed in between leaves a note, never a file that nothing
leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

import sqlalchemy as sa

from media_pipeline.catalog.selection import pieces
from media_pipeline.catalog.tables import media_files, removals, renditions


def begin(connection: sa.Connection, places: Sequence[str]) -> None:
    """Write down that these files are to go. To be called in the transaction in which their rows go."""
    known = {
        place
        for piece in pieces(places)
        for place in connection.execute(sa.select(removals.c.place).where(removals.c.place.in_(piece))).scalars()
    }
    now = datetime.now(UTC)
    rows = [{"place": place, "asked_at": now} for place in dict.fromkeys(places) if place not in known]
    if rows:
        connection.execute(sa.insert(removals), rows)


def begun(connection: sa.Connection) -> list[str]:
    """The files that are still to go."""
    return list(connection.execute(sa.select(removals.c.place).order_by(removals.c.place)).scalars())


def named_again(connection: sa.Connection, places: Sequence[str]) -> set[str]:
    """Those of the places that a row names by now: what lies there came after the removal was asked for.

    Rows are found by the digest that a file's name begins with: an original's MD5, or a rendition's original.
    """
    named: set[str] = set()
    for table, column, digits in (
        (media_files, media_files.c.md5_sum, 32),
        (renditions, renditions.c.sha256, 64),
    ):
        for piece in pieces({PurePosixPath(place).name[:digits] for place in places}):
            query = sa.select(table.c.local_path).where(column.in_(piece), table.c.local_path.is_not(None))
            named.update(connection.execute(query).scalars())
    return named & set(places)


def end(connection: sa.Connection, places: Sequence[str]) -> None:
    """Forget removals that are done, or that are not wanted any more."""
    for piece in pieces(places):
        connection.execute(sa.delete(removals).where(removals.c.place.in_(piece)))
