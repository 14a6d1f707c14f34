"""Pages of archived posts, which need no server: posts with text and media, to be searched and filtered.

What belongs here: a page's rows, its policy, and what its links are called. What does not: which posts are shown and
where the files lie (``stages.pages``). Links are relative to the page, so that its folder can be moved. Without
JavaScript a page shows everything; its only script and style are those of ``templates/``, which its policy names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from media_pipeline.model import Status
from media_pipeline.views.environment import inline, policy_source, render
from media_pipeline.views.posts import Post


@dataclass(frozen=True, slots=True)
class Totals:
    """What all pages together show."""

    posts: int = 0
    media: int = 0
    stored: int = 0
    duplicates: int = 0
    lost: int = 0
    """Stored, and neither in the store nor in the archive."""

    def with_posts(self, posts: Sequence[Post]) -> Totals:
        """These, and those of some more posts."""
        media = [medium for post in posts for medium in post.media]
        return Totals(
            self.posts + len(posts),
            self.media + len(media),
            self.stored + sum(medium.status is Status.STORED for medium in media),
            self.duplicates + sum(medium.is_duplicate for medium in media),
            self.lost + sum(medium.is_lost for medium in media),
        )

    @property
    def in_words(self) -> list[tuple[str, str]]:
        numbers = [
            ("posts", self.posts),
            ("media", self.media),
            ("stored", self.stored),
            ("duplicates", self.duplicates),
        ]
        return [(name, f"{number:,}") for name, number in numbers + ([("lost", self.lost)] if self.lost else [])]


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page in the list of all pages."""

    name: str
    """Of its file."""
    span: str
    """``3 May 2026 – 14 June 2026``"""

    @classmethod
    def to(cls, name: str, posts: Sequence[Post]) -> PageLink:
        """The link to a page of these posts, at least one."""
        ends = dict.fromkeys(post.day for post in (posts[0], posts[-1]))
        return cls(name, " – ".join(ends))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of several. The first has the totals and the list of all."""

    title: str
    number: int
    posts: Sequence[Post]
    previous: str | None = None
    """The names of the pages before and after it."""
    following: str | None = None
    totals: Totals | None = None
    pages: Sequence[PageLink] = ()


def posts_page(page: Page) -> str:
    """The page as HTML; posts stand below the month of each, in their order."""
    months = [(month, list(of_month)) for month, of_month in groupby(page.posts, lambda post: post.month)]
    style, script = inline("posts.css"), inline("posts.js")
    policy = (
        f"default-src 'none'; img-src 'self'; media-src 'self'; style-src {policy_source(style)}; "
        f"script-src {policy_source(script)}; base-uri 'none'; form-action 'none'"
    )
    shown = {"title": page.title, "page": page, "months": months}
    return str(render("posts.html.j2", **shown, style=style, script=script, policy=policy))
