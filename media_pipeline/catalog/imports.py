"""Import files and what came of reading them: the tables imports, import_files and import_faults."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa

from media_pipeline.catalog.file_facts import lacks_facts
from media_pipeline.catalog.media_due import is_due
from media_pipeline.catalog.selection import holds_import, is_decided_otherwise, is_wanted_by_now, pieces
from media_pipeline.catalog.storable import indexed_text
from media_pipeline.catalog.tables import (
    import_faults,
    import_files,
    imports,
    media_files,
    post_media,
    post_sightings,
    posts,
)
from media_pipeline.model import Fault, ImportPartition, Reason, Role, Status

FAULTS_KEPT = 1000
"""Faults recorded one by one for a file; past that they are only counted, so that a wrong file can't fill the disk."""


_ESCAPED_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")

UNEXPLAINED_KEPT = 100
"""Key paths recorded for a file: an export of a new format has a few."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """An import file as it was when it was read."""

    path: str
    """As :func:`path_text` gives it."""
    size: int
    modified_ns: int
    import_id: str


@dataclass(frozen=True, slots=True)
class MediaUrls:
    """How many media URLs an import holds, and those that nothing explains: rows of keys, count and example."""

    urls: int
    unexplained_urls: int
    unexplained: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Import:
    """The content of an import file, known by its SHA-256."""

    import_id: str
    path: str
    partition: ImportPartition
    status: str
    reader_version: int
    seen_at: datetime
    """When it was first read."""


def path_text(path: PurePath) -> str:
    r"""The path as the catalogue keeps it: with slashes, and with ``\xNN`` for a byte that is not UTF-8."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def path_key(path: str) -> str:
    """A path as :func:`seen_files` knows it."""
    return indexed_text(path)


def paths_of(text: str) -> tuple[str, ...]:
    """The paths that :func:`path_text` gives this text for: as it stands, or with bytes that are not UTF-8."""
    with_bytes = _ESCAPED_BYTE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), text)
    return (text,) if with_bytes == text else (text, with_bytes)


def seen_files(connection: sa.Connection) -> dict[str, SeenFile]:
    """Every file that was read, by path."""
    rows = connection.execute(sa.select(import_files))
    return {row.path: SeenFile(row.path, row.size, row.modified_ns, row.import_id) for row in rows}


def find(connection: sa.Connection, import_id: str) -> Import | None:
    """The import with this SHA-256, if it is known."""
    row = connection.execute(sa.select(imports).where(imports.c.import_id == import_id)).one_or_none()
    if row is None:
        return None
    partition = ImportPartition(row.import_date, row.platform)
    return Import(row.import_id, row.path, partition, row.status, row.reader_version, row.seen_at)


def begin(
    connection: sa.Connection, import_id: str, path: str, partition: ImportPartition, size: int, reader_version: int
) -> Import:
    """Record that reading begins, so that posts may point here. What was known of the import is begun anew."""
    values = {
        "path": path,
        "platform": partition.platform,
        "import_date": partition.import_date,
        "size": size,
        "posts": 0,
        "status": "reading",
        "error": None,
        "reader_version": reader_version,
    }
    # A file that changed while it was read, or after a kill, is read under its new digest and never under the old one.
    connection.execute(
        sa.update(imports)
        .where(imports.c.path == path, imports.c.status == "reading", imports.c.import_id != import_id)
        .values(status="faulty", error="its file changed before it was read to its end")
    )
    found = connection.execute(sa.update(imports).where(imports.c.import_id == import_id).values(values))
    if found.rowcount == 0:
        connection.execute(sa.insert(imports).values(import_id=import_id, media=0, seen_at=_now(), **values))
    connection.execute(sa.delete(import_faults).where(import_faults.c.import_id == import_id))
    seen_at = connection.execute(sa.select(imports.c.seen_at).where(imports.c.import_id == import_id)).scalar_one()
    return Import(import_id, path, partition, "reading", reader_version, seen_at)


def add_faults(connection: sa.Connection, import_id: str, first_number: int, faults: Sequence[Fault]) -> None:
    """Record faults, numbered from ``first_number``, until FAULTS_KEPT of the file are there."""
    rows = [
        {"import_id": import_id, "number": number, "locator": str(fault.locator), "reason": fault.reason}
        for number, fault in enumerate(faults, first_number)
        if number < FAULTS_KEPT
    ]
    if rows:
        connection.execute(sa.insert(import_faults), rows)


def add_fault_of_post(connection: sa.Connection, post_id: str, reason: str) -> None:
    """Record what was found out about a post after its import was read to its end."""
    post = connection.execute(sa.select(posts.c.import_id, posts.c.locator).where(posts.c.post_id == post_id)).one()
    highest = sa.select(sa.func.max(import_faults.c.number)).where(import_faults.c.import_id == post.import_id)
    last = connection.execute(highest).scalar_one()
    number = 0 if last is None else int(last) + 1
    if number >= FAULTS_KEPT:
        return
    row = {"import_id": post.import_id, "number": number, "locator": post.locator, "reason": reason}
    connection.execute(sa.insert(import_faults), row)
    values = {"status": "faulty", "error": f"{number + 1} part(s) could not be read"}
    connection.execute(sa.update(imports).where(imports.c.import_id == post.import_id).values(values))


def of_files(connection: sa.Connection, paths: Iterable[str]) -> set[str]:
    """The ids of the imports that these import files hold."""
    return {
        import_id
        for piece in pieces(map(path_key, paths))
        for import_id in connection.execute(
            sa.select(import_files.c.import_id).where(import_files.c.path.in_(piece))
        ).scalars()
    }


def have_posts(connection: sa.Connection, paths: Sequence[str]) -> bool:
    """Whether a post was read from any of these import files, or that a post is no longer shown."""
    return any(_have_posts(connection, piece) for piece in pieces(map(path_key, paths)))


def _have_posts(connection: sa.Connection, keys: Sequence[str]) -> bool:
    read = sa.select(import_files.c.import_id).where(import_files.c.path.in_(keys))
    of_posts = sa.select(imports.c.import_id).where(imports.c.import_id.in_(read), imports.c.posts > 0)
    of_stubs = sa.select(post_sightings.c.import_id).where(post_sightings.c.import_id.in_(read))
    return connection.execute(of_posts.union_all(of_stubs).limit(1)).first() is not None


def finish(
    connection: sa.Connection, import_id: str, posts: int, faults: int, coverage: MediaUrls | None = None
) -> None:
    """Record that the file was read to its end, and how that went."""
    coverage = coverage or MediaUrls(0, 0, ())
    values = {
        "posts": posts,
        "status": "read" if not faults else "faulty" if posts else "failed",
        "error": f"{faults} part(s) could not be read" if faults else None,
        "media_urls": coverage.urls,
        "unexplained_urls": coverage.unexplained_urls,
        "unexplained": [dict(row) for row in coverage.unexplained[:UNEXPLAINED_KEPT]],
    }
    connection.execute(sa.update(imports).where(imports.c.import_id == import_id).values(values))


def record_file(connection: sa.Connection, file: SeenFile) -> None:
    """Record that this file, as it is now, needs no reading."""
    values = {"size": file.size, "modified_ns": file.modified_ns, "import_id": file.import_id, "seen_at": _now()}
    found = connection.execute(sa.update(import_files).where(import_files.c.path == file.path).values(values))
    if found.rowcount == 0:
        connection.execute(sa.insert(import_files).values(path=file.path, **values))


def count_media(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> None:
    """Write the number of media references into each import of the partitions, where it changed."""
    counted = (
        sa.select(sa.func.count())
        .select_from(post_media)
        .where(post_media.c.import_id == imports.c.import_id)
        .scalar_subquery()
    )
    connection.execute(
        sa.update(imports).where(holds_import(partitions), imports.c.media != counted).values(media=counted)
    )


def known_partitions(connection: sa.Connection, platform: str | None = None) -> list[ImportPartition]:
    """The partitions that hold an import, of one platform or of all, in order."""
    query = sa.select(imports.c.import_date, imports.c.platform).distinct()
    if platform:
        query = query.where(imports.c.platform == platform)
    return sorted(ImportPartition(row.import_date, row.platform) for row in connection.execute(query))


def partition_by_import(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[str, ImportPartition]:
    """The partitions' imports, each with its partition."""
    columns = imports.c["import_id", "import_date", "platform"]
    return {
        row.import_id: ImportPartition(row.import_date, row.platform)
        for row in connection.execute(sa.select(*columns).where(holds_import(partitions)))
    }


def unfinished_partitions(
    connection: sa.Connection,
    downloads: bool = True,
    facts_version: int = 0,
    decided_under: Mapping[Reason, str] | None = None,
    roles: Collection[Role] = (),
) -> list[ImportPartition]:
    """The partitions in which a step has work left: reading, manifests, facts, archiving, and downloads that are due.

    ``downloads`` is false for a library that fetches nothing. ``decided_under``: verdicts under other settings than
    these are due, too, and so is what was skipped for one of these ``roles``. Facts of an older version than
    ``facts_version`` are work left; 0 leaves them alone. To find them all files are looked through (95 ms for 200,000).
    """
    no_manifest = sa.select(posts.c.import_id).where(posts.c.manifest_version.is_(None))
    no_facts = media_files.c.facts_at.is_(None)
    not_archived = sa.and_(media_files.c.archived_at.is_(None), media_files.c.facts_error.is_(None))
    not_delivered = (
        sa.select(post_media.c.import_id)
        .join(media_files, media_files.c.sha256 == post_media.c.sha256)
        .where(
            post_media.c.status == Status.STORED,
            media_files.c.local_path.is_not(None),
            sa.or_(no_facts, not_archived),
        )
    )
    due = sa.or_(is_due(), is_decided_otherwise(decided_under or {}), is_wanted_by_now(roles))
    unfinished = sa.or_(
        imports.c.status == "reading",
        imports.c.import_id.in_(no_manifest),
        imports.c.import_id.in_(not_delivered),
        imports.c.import_id.in_(_with_older_facts(facts_version)) if facts_version else sa.false(),
        sa.exists().where(post_media.c.import_id == imports.c.import_id, due) if downloads else sa.false(),
    )
    query = sa.select(imports.c.import_date, imports.c.platform).distinct().where(unfinished)
    return sorted(ImportPartition(row.import_date, row.platform) for row in connection.execute(query))


def _with_older_facts(version: int) -> sa.Select[tuple[str]]:
    older = sa.select(media_files.c.sha256).where(media_files.c.local_path.is_not(None), lacks_facts(version))
    return sa.select(post_media.c.import_id).where(post_media.c.status == Status.STORED, post_media.c.sha256.in_(older))


def totals(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, dict[str, int]]:
    """For each partition: files, posts and faulty files."""
    query = (
        sa.select(
            imports.c.import_date,
            imports.c.platform,
            sa.func.count().label("files"),
            sa.func.coalesce(sa.func.sum(imports.c.posts), 0).label("posts"),
            sa.func.count().filter(imports.c.status.in_(["faulty", "failed"])).label("faulty_files"),
        )
        .where(holds_import(partitions))
        .group_by(imports.c.import_date, imports.c.platform)
    )
    return {
        ImportPartition(row.import_date, row.platform): {
            "files": row.files,
            "posts": int(row.posts),
            "faulty_files": row.faulty_files,
        }
        for row in connection.execute(query)
    }


def faults(connection: sa.Connection, partitions: Sequence[ImportPartition], limit: int) -> list[Mapping[str, Any]]:
    """What could not be read: file, where, why."""
    query = (
        sa.select(imports.c.path.label("file"), import_faults.c.locator, import_faults.c.reason)
        .join(imports)
        .where(holds_import(partitions))
        .order_by(imports.c.path, import_faults.c.number)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def media_urls(connection: sa.Connection, partitions: Sequence[ImportPartition]) -> dict[ImportPartition, MediaUrls]:
    """For each partition: its imports' media URLs, and what is unexplained, the most frequent first."""
    columns = imports.c["path", "import_date", "platform", "media_urls", "unexplained_urls", "unexplained"]
    found: dict[ImportPartition, list[sa.Row[Any]]] = {}
    for row in connection.execute(sa.select(*columns).where(holds_import(partitions)).order_by(imports.c.path)):
        found.setdefault(ImportPartition(row.import_date, row.platform), []).append(row)
    return {
        partition: MediaUrls(
            sum(row.media_urls or 0 for row in rows),
            sum(row.unexplained_urls or 0 for row in rows),
            sorted(
                ({"file": row.path, **unexplained} for row in rows for unexplained in row.unexplained or ()),
                key=lambda unexplained: -unexplained["count"],
            ),
        )
        for partition, rows in found.items()
    }


def paths_read(connection: sa.Connection, paths: Iterable[str]) -> Iterator[SeenFile]:
    """Those of the paths that were read, as they were then."""
    for piece in pieces(paths):
        for row in connection.execute(sa.select(import_files).where(import_files.c.path.in_(piece))):
            yield SeenFile(row.path, row.size, row.modified_ns, row.import_id)


def _now() -> datetime:
    return datetime.now(UTC)
