"""Exports that came in several archives: which imports are parts of one.

What belongs here: finding them together. What does not: how their names tell it
(:mod:`media_pipeline.posts.readers.parts`).
"""

from __future__ import annotations

from collections.abc import Sequence

from media_pipeline.catalog import origins
from media_pipeline.catalog.database import Connection
from media_pipeline.posts.readers.parts import ENDINGS, family_of

ImportedFile = tuple[str, str]
"""An import's id, and where its file lay, below the import path."""


def with_other_parts(connection: Connection, exports: Sequence[ImportedFile]) -> list[list[ImportedFile]]:
    """Imports, each with the other parts of the export that it is a part of, from whatever day: a list an export."""
    families = {key for _, path in exports if (key := _family(path))}
    found: dict[tuple[str, str], list[ImportedFile]] = {key: [] for key in sorted(families)}
    for platform in sorted({platform for platform, _ in families}):
        for import_id, path in origins.exports_of_platform(connection, platform, ENDINGS):
            if (key := _family(path)) in families:
                found[key].append((import_id, path))
    return [*([one] for one in exports if not _family(one[1])), *found.values()]


def _family(path: str) -> tuple[str, str] | None:
    """The platform, and what the names of an export's archives have in common."""
    family = family_of(path)
    return (path.partition("/")[0], family) if family else None
