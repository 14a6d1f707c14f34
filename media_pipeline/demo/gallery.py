"""A page of what a catalogue holds.

What belongs here: the catalogue's rows as the rows of a page. What does not: queries (``catalog``), markup (``views``),
and when the page is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from media_pipeline.catalog import media_reports, renditions, stats
from media_pipeline.catalog.database import Database
from media_pipeline.model import Status
from media_pipeline.views.gallery import Totals, gallery
from media_pipeline.views.posts import Medium, Post

MEDIA_AT_MOST = 2000
"""What a browser shows on one page without effort."""
_ROWS_TOGETHER = 200

Row = Mapping[str, Any]


def write_gallery(database: Database, storage_path: Path, page: Path, title: str, limit: int = MEDIA_AT_MOST) -> None:
    """Write the page of the first ``limit`` media by the date of their posts."""
    unfinished = page.with_name(f"{page.name}.part")
    with database.read() as connection:
        totals = _totals(stats.totals(connection))
        rows = _with_thumbnails(connection, media_reports.listing(connection, limit=limit))
        below = os.path.relpath(storage_path, page.parent)
        posts = [_post(list(of_post), below) for _, of_post in groupby(rows, lambda row: row["post_id"])]
    unfinished.write_text(gallery(title, totals, posts), encoding="utf-8")
    unfinished.replace(page)


def _with_thumbnails(connection: Any, rows: Iterator[dict[str, Any]]) -> Iterator[Row]:
    while batch := list(islice(rows, _ROWS_TOGETHER)):
        thumbnails = renditions.local_paths(connection, {row["sha256"] for row in batch if row["sha256"]}, "thumbnail")
        for row in batch:
            yield {**row, "thumbnail": thumbnails.get(row["sha256"])}


def _totals(totals: Mapping[str, Any]) -> Totals:
    return Totals(
        posts=totals["posts"],
        media=totals["media"],
        stored=totals["stored"],
        archived_files=totals["archived"],
        duplicates=totals["duplicates"],
        bytes_saved=totals["bytes_saved"],
    )


def _post(rows: list[Row], below: str) -> Post:
    """A post of its media's rows, of which each names it; ``below`` is the store's path from the page."""
    first = rows[0]
    return Post(
        platform=first["platform"],
        author_name=first["author_name"],
        author_handle=first["author_handle"],
        posted_at=first["posted_at"],
        url=first["url"],
        text=first["text"],
        relation=first["relation"],
        media=tuple(_medium(row, below) for row in rows),
    )


def _medium(row: Row, below: str) -> Medium:
    latitude, longitude = row["latitude"], row["longitude"]
    return Medium(
        media_type=row["media_type"],
        status=Status(row["status"]),
        reason=row["error"],
        alt_text=row["alt_text"],
        is_duplicate=row["duplicate_of"] is not None,
        width=row["width"],
        height=row["height"],
        file_size=row["file_size"],
        mime_type=row["mime_type"],
        duration=row["duration"],
        frames=row["frames"],
        camera=" ".join(part for part in (row["camera_make"], row["camera_model"]) if part) or None,
        coordinates=None if latitude is None or longitude is None else (latitude, longitude),
        thumbnail=_place(row["thumbnail"], below),
        original=_place(row["local_path"], below),
        archive_url=row["archive_url"],
    )


def _place(local_path: str | None, below: str) -> str | None:
    return os.path.normpath(f"{below}/{local_path}") if local_path else None
