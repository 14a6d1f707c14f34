"""Archived posts as pages: the first is ``index.html``, the others ``page-2.html`` and so on.

What belongs here: which posts come to which page, and the order in which things are written. What does not: what is
shown of a post (:mod:`media_pipeline.stages.pages.showing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from media_pipeline.catalog.pages import ArchivedPost, posts_after
from media_pipeline.catalog.selection import EVERYTHING, Selection
from media_pipeline.stages.context import StageContext
from media_pipeline.stages.integrity.places import refuse_within
from media_pipeline.stages.pages.folder import PageFolder, opened_folder
from media_pipeline.stages.pages.showing import Shown
from media_pipeline.views.pages import Page, PageLink, Totals, posts_page
from media_pipeline.views.posts import Post

POSTS_TOGETHER = 500
"""Posts of a page: what a browser shows and searches without effort."""
INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Written:
    """What the pages show, and what this run has done for it."""

    index: Path
    totals: Totals
    pages: int
    copied: int
    copied_bytes: int
    removed: int
    """Pages and files that nothing shows any more."""


def write_pages(
    context: StageContext,
    to: Path,
    selection: Selection = EVERYTHING,
    posts_together: int = POSTS_TOGETHER,
    heals: bool = True,
) -> Written:
    """Write the pages of the selected posts and the files that they show into a folder of their own.

    Killed at any moment, it leaves whole pages, of which ``index.html`` is the last; run again, it does what is left.
    ``heals`` is that of :class:`Shown`. Raises PageFolderError, StorageError, and WithinLibrary for a folder in one of
    the library's own.
    """
    refuse_within(context.settings, to)
    title = _title(selection)
    totals = Totals()
    links: list[PageLink] = []
    first: list[Post] = []
    with opened_folder(to) as folder, context.progress.of("posts") as progress:
        shown = Shown(context, folder, heals)
        for archived, is_last in _with_last(_pages(context, selection, posts_together)):
            posts = shown.posts(archived)
            totals = totals.with_posts(posts)
            links.append(PageLink.to(_name(len(links) + 1), posts))
            if len(links) == 1:
                first = posts
            else:
                _write(folder, title, len(links), posts, is_last)
            progress.advance(len(posts))
        page = Page(title, 1, first, following=_name(2) if len(links) > 1 else None, totals=totals, pages=links)
        folder.write(INDEX, posts_page(page))
        removed = folder.remove_unused()
    return Written(folder.path / INDEX, totals, max(1, len(links)), folder.copied, folder.copied_bytes, removed)


def _pages(context: StageContext, selection: Selection, posts_together: int) -> Iterator[list[ArchivedPost]]:
    last: ArchivedPost | None = None
    while True:
        with context.database.read() as connection:
            page = posts_after(connection, selection, last, posts_together)
        if not page:
            return
        yield page
        last = page[-1]


def _with_last(pages: Iterator[list[ArchivedPost]]) -> Iterator[tuple[list[ArchivedPost], bool]]:
    """Each page, and whether none comes after it."""
    page = next(pages, None)
    while page is not None:
        following = next(pages, None)
        yield page, following is None
        page = following


def _write(folder: PageFolder, title: str, number: int, posts: list[Post], is_last: bool) -> None:
    following = None if is_last else _name(number + 1)
    folder.write(_name(number), posts_page(Page(title, number, posts, _name(number - 1), following)))


def _name(number: int) -> str:
    return INDEX if number == 1 else f"page-{number}.html"


def _title(selection: Selection) -> str:
    parts = (
        "Archived posts",
        f"by {selection.user}" if selection.user else "",
        f"on {selection.platform}" if selection.platform else "",
        f"since {selection.since}" if selection.since else "",
    )
    return " ".join(part for part in parts if part)
