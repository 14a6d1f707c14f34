"""Groups of duplicates: as an HTML page that needs nothing beside it, and as a sheet for Dagster's metadata.

What does not belong here: which groups are worth showing, and where the page lies (``stages.duplicates``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media_pipeline.views.environment import fitting, render
from media_pipeline.views.posts import Post, bytes_text, file_facts
from media_pipeline.views.sheets import Picture, side_by_side

FILES_SHOWN = 8
"""Of a group, on a page."""


@dataclass(frozen=True, slots=True)
class AlikeFile:
    """A file of a group."""

    media_id: str
    """Of the oldest reference to it."""
    references: int
    tier: str | None
    """What it is to the one to keep, ``same_pixels`` or ``near``; None: it is that one."""
    distance: int | None
    """Bits between the two fingerprints; None: they are not compared, or that says nothing."""
    width: int | None
    height: int | None
    file_size: int
    mime_type: str
    original: str | None
    """Path relative to the page."""
    webp: bytes | None
    """A picture of it; None: there is none, or it is not shown."""
    post: Post | None
    """Of the oldest reference."""

    @property
    def mark(self) -> str:
        return self.tier or "keep"

    @property
    def verdict(self) -> str:
        """What it is to the one to keep: ``near, 7 bits``."""
        name = self.mark.replace("_", " ")
        return name if self.distance is None else f"{name}, {self.distance} bit{'' if self.distance == 1 else 's'}"

    @property
    def facts(self) -> str:
        """Size in pixels and bytes, and kind: ``1440 × 1800 · 312 kB · jpeg``."""
        return " · ".join(file_facts(self.width, self.height, self.file_size, self.mime_type))


@dataclass(frozen=True, slots=True)
class AlikeGroup:
    """Files that show the same, or one that several references hold; the one to keep first."""

    files: Sequence[AlikeFile]
    saved_already: int
    """Bytes, by storing the same ones once."""
    saved_if_pruned: int
    """Bytes, if nothing but the first were kept."""

    @property
    def headline(self) -> str:
        files = f"{len(self.files):,} files" if len(self.files) > 1 else ""
        references = f"{sum(file.references for file in self.files):,} references"
        once = f"{bytes_text(self.saved_already)} saved by storing once" if self.saved_already else ""
        pruned = f"{bytes_text(self.saved_if_pruned)} to be saved by keeping only the first"
        return " · ".join(part for part in (files, references, once, pruned if self.saved_if_pruned else "") if part)


def duplicates_page(title: str, groups: Iterable[AlikeGroup], count: int, table: str, limit_bytes: int) -> str:
    """The page as HTML: the first groups, as many as fit with their pictures, but one at least.

    ``count`` is how many groups there are, and ``table`` the name of the file beside the page that lists all pairs.
    """
    shown = fitting(
        (render("duplicates_group.html.j2", group=group, most=FILES_SHOWN) for group in groups), limit_bytes, 1
    )
    return str(render("duplicates.html.j2", title=title, groups=shown, hidden=count - len(shown), table=table))


def duplicates_sheet(groups: Sequence[AlikeGroup], count: int, page: str, table: str) -> str:
    """The first groups as Markdown; of ``count`` groups there are, ``page`` shows more, and ``table`` every pair."""
    sheet = side_by_side([[_picture(file) for file in group.files] for group in groups], count - len(groups))
    return f"{sheet}\n\n{render('duplicates_sheet.md.j2', page=page, table=table)}"


def _picture(file: AlikeFile) -> Picture:
    held = f"{file.references:,} references" if file.references > 1 else ""
    size, _, rest = file.facts.partition(" · ")
    return Picture(file.webp, (file.verdict, size, rest, held))
