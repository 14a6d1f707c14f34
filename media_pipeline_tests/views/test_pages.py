"""A page of archived posts: in order, below their months, with links to what is before and after it."""

from __future__ import annotations

from datetime import UTC, datetime

from media_pipeline.views.pages import Page, PageLink, Totals, posts_page
from media_pipeline.views.posts import Post


def post(text: str, *day: int, url: str | None = None) -> Post:
    return Post("twitter", "Ann", "ann", datetime(*day, tzinfo=UTC) if day else None, url, text)


def test_posts_stand_by_month_and_those_without_a_date_are_shown_too() -> None:
    page = posts_page(Page("Pictures & <posts>", 1, [post("one", 2026, 5, 1), post("two", 2026, 5, 9), post("three")]))
    assert page.count("<h2>May 2026</h2>") == 1
    assert page.count("<h2>Without a date</h2>") == 1
    assert "<title>Pictures &amp; &lt;posts&gt;</title>" in page


def test_an_address_of_the_web_is_a_link_to_the_post() -> None:
    page = posts_page(Page("Posts", 1, [post("one", url="https://x.com/i/status/2")]))
    assert '<a href="https://x.com/i/status/2" rel="noreferrer noopener">post</a>' in page


def test_a_library_without_posts_gives_a_page_too() -> None:
    assert "<b>0</b>posts" in posts_page(Page("Posts", 1, [], totals=Totals()))


def test_a_page_of_several_leads_to_its_neighbours_and_the_first_one_to_all_by_date() -> None:
    posts = [post("one", 2026, 5, 1), post("two", 2026, 6, 9)]
    links = [PageLink.to("index.html", posts), PageLink.to("page-2.html", posts[:1])]
    first = posts_page(Page("Posts", 1, posts, following="page-2.html", pages=links))
    assert '<a href="index.html">1 May 2026 – 9 June 2026</a>' in first
    assert '<a href="page-2.html">1 May 2026</a>' in first
    assert "Earlier posts" not in first
    second = posts_page(Page("Posts", 2, posts, previous="index.html"))
    assert '<a rel=prev href="index.html">' in second
    assert "Later posts" not in second
