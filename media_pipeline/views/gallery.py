"""A page of posts with their media: thumbnails with author, date, text, status and the way to each file.

The page needs no server. Its links to local files are relative, so page and files can be moved together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from media_pipeline.policy.quantities import bytes_text
from media_pipeline.views.environment import render
from media_pipeline.views.posts import Post


@dataclass(frozen=True, slots=True)
class Totals:
    """What a whole library holds, however much of it a page shows."""

    posts: int
    media: int
    stored: int
    archived_files: int
    duplicates: int
    bytes_saved: int


def gallery(title: str, totals: Totals, posts: Iterable[Post]) -> str:
    """The page as HTML; posts stand below the month of each, in their order."""
    months = [(month, list(of_month)) for month, of_month in groupby(posts, lambda post: post.month)]
    return str(render("gallery.html.j2", title=title, totals=_in_words(totals), months=months))


def _in_words(totals: Totals) -> list[tuple[str, str]]:
    return [
        ("posts", f"{totals.posts:,}"),
        ("media", f"{totals.media:,}"),
        ("stored", f"{totals.stored:,}"),
        ("archived files", f"{totals.archived_files:,}"),
        ("duplicates", f"{totals.duplicates:,}"),
        ("saved by storing once", bytes_text(totals.bytes_saved)),
    ]
