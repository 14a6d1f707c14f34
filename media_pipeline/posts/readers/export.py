"""The records of an export file, of whatever format: of its text, or of each export in an archive. The way in to this
folder.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from media_pipeline.model import Fault, Locator, Record, unforeseen
from media_pipeline.posts.readers.archive import Archive, is_of_the_disk
from media_pipeline.posts.readers.archives import exports_in, open_archive, text_in
from media_pipeline.posts.readers.compression import DamagedExport
from media_pipeline.posts.readers.csv_rows import SUFFIXES as ROW_SUFFIXES
from media_pipeline.posts.readers.linkedin_archive import joined, table_named
from media_pipeline.posts.readers.official import beside, is_post_file, owner_file
from media_pipeline.posts.readers.opener import chunks_of
from media_pipeline.posts.readers.other_variants import said_of_paths
from media_pipeline.posts.readers.parts import holds_media_alone
from media_pipeline.posts.readers.text_format import LINE_SUFFIXES, plain_name, records_of
from media_pipeline.posts.readers.x_archive import ACCOUNT, owner_in
from media_pipeline.posts.readers.zeeschuimer import unwrap

_TEXT_SUFFIXES = (".json", *LINE_SUFFIXES, ".js", *ROW_SUFFIXES)
_ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".txz")
SUPPORTED_SUFFIXES = (*_TEXT_SUFFIXES, *_ARCHIVE_SUFFIXES)
"""All but ``.zip``, ``.tgz`` and ``.txz`` also with ``.gz`` or ``.xz`` behind them."""

_OWNER_ROWS = 100
Exports = Iterator[tuple[str | None, Iterator[Record | Fault]]]


def is_export_file(path: Path) -> bool:
    """Whether the name is one under which exports are looked for. What such a file is, its bytes tell."""
    name = plain_name(path.name)
    return name.endswith((*_TEXT_SUFFIXES, ".tar")) or path.name.lower().endswith(_ARCHIVE_SUFFIXES)


def read_export(path: Path) -> Iterator[Record | Fault]:
    """Yield every record of an export, in order, and a fault for each part that can't be used.

    Locators: a line from 1 for NDJSON and CSV; for an array its offset and the pointer ``/<index>``; offset 0 for an
    object; for files in an archive their label too. Offsets and lines count in the text as UTF-8, decompressed.
    Nothing in the file makes this raise; a file that can't be opened or read raises OSError.
    """
    for _, parts in read_each(path):
        yield from parts


def read_each(path: Path) -> Exports:
    """Yield the exports in a file: of an archive each with its label, else one without. Their records stand open until
    the next is asked for. Raises as :func:`read_export` does.
    """
    try:
        with open_archive(path) as archive:
            yield from _in_archive(archive) if archive else ((None, part) for part in [_in_file(path)])
    except Exception as error:  # noqa: BLE001
        yield None, iter([_fault_of(error)])


def is_part_without_posts(path: Path) -> bool:
    """Whether a file is an archive of media alone, as the later parts of an export may be. Raises OSError."""
    try:
        with open_archive(path) as archive:
            return archive is not None and not archive.damage and holds_media_alone(archive)
    except DamagedExport:
        return False


def _in_file(path: Path) -> Iterator[Record | Fault]:
    account = path.with_name(ACCOUNT)
    owner = owner_in(chunks_of(account)) if path.suffix == ".js" and account.is_file() else None
    return _read_text(path.as_posix(), chunks_of(path), owner)


def _in_archive(archive: Archive) -> Exports:
    exports = exports_in(archive, lambda name: plain_name(name).endswith(_TEXT_SUFFIXES))
    damage = [Fault(Locator(), archive.damage)] if archive.damage else []
    if not any(is_post_file(file.name) for file in exports) and (said := said_of_paths(archive.files)):
        damage = [Fault(Locator(offset=0), said), *damage]
    if not exports and (damage or not holds_media_alone(archive)):
        found = Fault(Locator(offset=0), f"the {archive.kind} holds no export: {', '.join(_TEXT_SUFFIXES)} are read")
        yield None, iter(damage or [found])
    owners: dict[str, Mapping[str, Any] | None] = {}
    for number, file in enumerate(exports, start=1):
        parts = _in_member(archive, file.name, file.label, owners)
        yield file.label, itertools.chain(parts, damage if number == len(exports) else ())


def _in_member(
    archive: Archive, name: str, label: str, owners: dict[str, Mapping[str, Any] | None]
) -> Iterator[Record | Fault]:
    account = owner_file(name, [file.name for file in archive.files.values()]) if is_post_file(name) else None
    if account and account not in owners:
        owners[account] = _owner_in(account, text_in(archive, account))
    owner = owners[account] if account else None
    parts = _read_text(name, text_in(archive, label), owner)
    if table := table_named(name):
        paths = [file.name for file in archive.files.values()]

        def read_beside(other: str) -> Iterator[Record | Fault]:
            found = beside(name, other, paths)
            return _read_text(found, text_in(archive, found)) if found else iter(())

        parts = joined(table, parts, read_beside)
    for part in parts:
        yield replace(part, locator=replace(part.locator, member=label))


def _owner_in(name: str, chunks: Iterator[bytes]) -> Mapping[str, Any] | None:
    """The account that a file is about: a script or JSON document as it is, of a table its first ``rows``."""
    if not plain_name(name).endswith(ROW_SUFFIXES):
        return owner_in(chunks)
    rows = itertools.islice(_read_text(name, chunks), _OWNER_ROWS)
    return {"rows": [row.value for row in rows if isinstance(row, Record)]}


def _read_text(name: str, chunks: Iterator[bytes], owner: Mapping[str, Any] | None = None) -> Iterator[Record | Fault]:
    """The records of one text, each out of the wrapping that a tool put around it."""
    try:
        for part in records_of(name, chunks):
            if isinstance(part, Fault):
                yield part
            else:
                yield replace(unwrap(part), owner=owner) if owner else unwrap(part)
    except Exception as error:  # noqa: BLE001
        yield _fault_of(error)


def _fault_of(error: Exception) -> Fault:
    """What is said of a file that breaks off. Raises the error where disk or memory are to blame."""
    if isinstance(error, DamagedExport):
        return Fault(Locator(offset=error.offset), str(error))
    if is_of_the_disk(error):
        raise error
    return Fault(Locator(), f"what follows can't be read: {unforeseen(error)}")
