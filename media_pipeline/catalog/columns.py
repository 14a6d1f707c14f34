"""How the catalogue's columns are written: a key, one that is always there, one that may be empty; each with a comment.

What belongs here: these short forms. What does not: the tables (:mod:`media_pipeline.catalog.tables`), and what a type
makes of a value (:mod:`media_pipeline.catalog.storable`).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.storable import String

Digest = String(64)
Id = String(21)


def optional(name: str, kind: Any, *args: Any, comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, nullable=True, comment=comment)


def required(name: str, kind: Any, *args: Any, comment: str, default: Any = None) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, nullable=False, comment=comment, default=default)


def key(name: str, kind: Any, *args: Any, comment: str, autoincrement: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, primary_key=True, comment=comment, autoincrement=autoincrement)
