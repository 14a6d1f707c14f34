"""Which library this is, and the folders and buckets that belong to it: the tables library and places."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from media_pipeline.catalog.tables import import_files, imports, library, media_files, places
from media_pipeline.model import Place, PlaceKind


def new_id() -> str:
    """An id that no other library or place has."""
    return secrets.token_hex(16)


def library_id(connection: sa.Connection) -> str | None:
    """The library's id; None before it has one."""
    return connection.execute(sa.select(library.c.library_id)).scalars().first()


def make_library(connection: sa.Connection) -> str:
    """Give the library its id, unless it has one, and return that."""
    known = library_id(connection)
    if known is not None:
        return known
    made = new_id()
    connection.execute(sa.insert(library).values(library_id=made, created_at=datetime.now(UTC)))
    return made


def all_of(connection: sa.Connection, kind: PlaceKind | None = None) -> list[Place]:
    """Every place that the library has or had, of one kind or of all; the latest last."""
    query = sa.select(places).order_by(places.c.registered_at)
    if kind is not None:
        query = query.where(places.c.kind == kind)
    return [Place(row.place_id, PlaceKind(row.kind), row.address, row.is_current) for row in connection.execute(query)]


def current(connection: sa.Connection, kind: PlaceKind) -> Place | None:
    """The library's present place of a kind."""
    return next((place for place in all_of(connection, kind) if place.is_current), None)


def make_current(connection: sa.Connection, place_id: str, kind: PlaceKind, address: str) -> None:
    """Let a place, new or known, be the library's only present one of its kind."""
    connection.execute(sa.update(places).where(places.c.kind == kind).values(is_current=False))
    found = connection.execute(
        sa.update(places).where(places.c.place_id == place_id).values(is_current=True, address=address)
    )
    if found.rowcount == 0:
        connection.execute(
            sa.insert(places).values(
                place_id=place_id, kind=kind, address=address, is_current=True, registered_at=datetime.now(UTC)
            )
        )


def set_address(connection: sa.Connection, place_id: str, address: str) -> None:
    """Record where a place is now."""
    connection.execute(sa.update(places).where(places.c.place_id == place_id).values(address=address))


def has_imports(connection: sa.Connection) -> bool:
    """Whether anything was ever imported: a catalogue without is new, or was deleted."""
    return connection.execute(sa.select(imports.c.import_id).limit(1)).first() is not None


def has_files(connection: sa.Connection) -> bool:
    """Whether any file was ever stored."""
    return connection.execute(sa.select(media_files.c.sha256).limit(1)).first() is not None


def import_sample(connection: sa.Connection, limit: int) -> Sequence[str]:
    """Where some exports lay, below the import path."""
    query = sa.select(import_files.c.path).order_by(sa.func.random()).limit(limit)
    return list(connection.execute(query).scalars())
