"""A page to look at: thumbnails of what a catalogue holds, with author, date, text, status and the way to each file.

What belongs here: rows of the catalogue as one static HTML page that needs no server. Whatever a post says is text,
never markup. What does not: queries (``catalog``) and when the page is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from media_pipeline.catalog import media_reports, renditions, stats
from media_pipeline.catalog.database import Database
from media_pipeline.model import Status
from media_pipeline.policy.foreign_text import for_html, link

MEDIA_AT_MOST = 2000
"""What a browser shows on one page without effort."""
_ROWS_TOGETHER = 200

Row = Mapping[str, Any]


def write_gallery(database: Database, storage_path: Path, page: Path, title: str, limit: int = MEDIA_AT_MOST) -> int:
    """Write the page and return how many media it shows: the first ``limit`` by the date of their posts.

    Links to local files are relative, so page and files can be moved together.
    """
    unfinished = page.with_name(f"{page.name}.part")
    shown = 0
    with database.read() as connection, unfinished.open("w", encoding="utf-8") as file:
        file.write(_head(title, stats.totals(connection)))
        rows = _with_thumbnails(connection, media_reports.listing(connection, limit=limit))
        for month, of_month in groupby(rows, lambda row: _month(row["posted_at"])):
            file.write(f"<h2>{for_html(month)}</h2>\n<div class=grid>\n")
            for row in of_month:
                file.write(_card(row, storage_path, page.parent))
                shown += 1
            file.write("</div>\n")
        file.write("</body>\n</html>\n")
    unfinished.replace(page)
    return shown


def _with_thumbnails(connection: Any, rows: Iterator[dict[str, Any]]) -> Iterator[Row]:
    while batch := list(islice(rows, _ROWS_TOGETHER)):
        thumbnails = renditions.local_paths(connection, {row["sha256"] for row in batch if row["sha256"]}, "thumbnail")
        for row in batch:
            yield {**row, "thumbnail": thumbnails.get(row["sha256"])}


def _head(title: str, totals: Mapping[str, Any]) -> str:
    style = Path(__file__).with_name("gallery.css").read_text(encoding="utf-8")
    numbers = {
        "posts": f"{totals['posts']:,}",
        "media": f"{totals['media']:,}",
        "stored": f"{totals['stored']:,}",
        "archived files": f"{totals['archived']:,}",
        "duplicates": f"{totals['duplicates']:,}",
        "saved by storing once": _size(totals["bytes_saved"]),
    }
    items = "".join(f"<li><b>{value}</b>{name}</li>" for name, value in numbers.items())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{for_html(title)}</title>
<style>
{style}</style>
</head>
<body>
<h1>{for_html(title)}</h1>
<ul class=totals>{items}</ul>
"""


def _card(row: Row, storage_path: Path, base: Path) -> str:
    original = _relative(storage_path, row["local_path"], base)
    return f"""<figure class="card {for_html(row["status"])}">
{_picture(row, original, _relative(storage_path, row["thumbnail"], base))}
<figcaption>
<p class=who>{_author(row)}</p>
<p class=when>{for_html(_when(row))}</p>
<p class=text>{for_html(row["text"] or "")}</p>
<p class=facts>{for_html(" · ".join(_facts(row)))}</p>
<p class=ends><span class=status>{for_html(_in_words(row["status"]))}</span>{_links(row, original)}</p>
</figcaption>
</figure>
"""


def _picture(row: Row, original: str | None, thumbnail: str | None) -> str:
    if thumbnail:
        inside = f'<img src="{for_html(thumbnail)}" alt="{for_html(row["alt_text"] or "")}" loading=lazy>'
    else:
        reason = row["error"] or f"no picture of this {row['media_type']}"
        inside = f"<span class=missing><b>{for_html(_in_words(row['status']))}</b>{for_html(reason)}</span>"
    marks = "".join(f"<span class=mark>{for_html(mark)}</span>" for mark in _marks(row))
    inside += f"<span class=marks>{marks}</span>"
    if original is None:
        return f"<div class=picture>{inside}</div>"
    return f'<a class=picture href="{for_html(original)}">{inside}</a>'


def _marks(row: Row) -> Iterator[str]:
    if row["duplicate_of"]:
        yield "duplicate"
    if row["duration"] and row["media_type"] in ("video", "audio"):
        yield f"{'▶' if row['media_type'] == 'video' else '♪'} {row['duration'] // 60:.0f}:{row['duration'] % 60:02.0f}"
    elif row["media_type"] == "document":
        yield "document"
    elif (row["frames"] or 1) > 1:
        yield "animated"


def _author(row: Row) -> str:
    name, handle = row["author_name"], row["author_handle"]
    shown = for_html(name or handle or "Unknown author")
    return f"{shown} <small>@{for_html(handle)}</small>" if name and handle else shown


def _when(row: Row) -> str:
    day = f"{row['posted_at']:%Y-%m-%d %H:%M} UTC" if row["posted_at"] else "no date"
    return " · ".join(part for part in (row["platform"], row["relation"], day) if part)


def _facts(row: Row) -> Iterator[str]:
    if row["width"] and row["height"]:
        yield f"{row['width']} × {row['height']}"
    if row["file_size"]:
        yield _size(row["file_size"])
    if row["mime_type"]:
        yield row["mime_type"].partition("/")[2]
    if row["camera_make"] or row["camera_model"]:
        yield " ".join(part for part in (row["camera_make"], row["camera_model"]) if part)
    if row["latitude"] is not None and row["longitude"] is not None:
        yield f"{row['latitude']:.4f}, {row['longitude']:.4f}"


def _links(row: Row, original: str | None) -> str:
    # The first two are our own, and may be of a file; the post's address comes from the export.
    links = {"original": original, "archive": row["archive_url"], "post": link(row["url"])}
    return "".join(f'<a href="{for_html(url)}">{name}</a>' for name, url in links.items() if url)


def _relative(storage_path: Path, local_path: str | None, base: Path) -> str | None:
    return quote(os.fsencode(os.path.relpath(storage_path / local_path, base))) if local_path else None


def _month(moment: datetime | None) -> str:
    return f"{moment:%B %Y}" if moment else "Without a date"


def _in_words(status: str) -> str:
    return Status(status).value.replace("_", " ")


def _size(count: float) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
