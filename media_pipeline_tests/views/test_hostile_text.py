"""Hostile text in every view: it is read as itself, it is no markup, and it leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from media_pipeline.model import MediaType, Status
from media_pipeline.policy.foreign_text import for_terminal
from media_pipeline.views.duplicates import AlikeFile, AlikeGroup, duplicates_page, duplicates_sheet
from media_pipeline.views.environment import local_link, shortened
from media_pipeline.views.pages import Page, PageLink, Totals, posts_page
from media_pipeline.views.placeholders import Placeholder, placeholder_table
from media_pipeline.views.posts import Medium, Post
from media_pipeline.views.sheets import Picture, contact_sheet, side_by_side
from media_pipeline_tests.hostile_text import CONTROLS, HOSTILE, URLS

HARMLESS = "harmless"
WEB = "https://a.example/x?y=1&z=(2)|*3*_4_"


def posts_page_of(text: str, url: str = WEB) -> str:
    lost = Medium(text, Status.FAILED, text, text, mime_type=f"image/{text}", camera=text, archive_key=text)
    away = Medium("image", Status.STORED, archive_key=text)
    shown = Medium("image", Status.STORED, alt_text=text, thumbnail=text or "x", file=text or "x")
    played = [replace(shown, player=player) for player in (MediaType.VIDEO, MediaType.AUDIO)]
    post = Post(text, text, text, datetime(2026, 1, 2, tzinfo=UTC), url, text, text, (lost, away, shown, *played), text)
    links = [PageLink.to(text or "x", [post])] * 2
    return posts_page(Page(text, 2, [post], text or "x", text or "x", Totals(1, 5, 4, 0), links))


def alike(text: str, url: str = WEB) -> AlikeGroup:
    post = Post(text, None, text, None, url, text)
    file = AlikeFile(text, 2, None, None, 1, 1, 1, f"image/{text}", text, b"webp", post)
    return AlikeGroup([file] * 9, 1, 1)


def duplicates_page_of(text: str, url: str = WEB) -> str:
    return duplicates_page(text, [alike(text, url)], 2, text or "x", 1_000_000)


PAGES: dict[str, Callable[..., str]] = {"posts": posts_page_of, "duplicates": duplicates_page_of}
SHEETS: dict[str, Callable[[str], str]] = {
    "contact sheet": lambda text: contact_sheet([Picture(b"webp", (text,))]),
    "side by side": lambda text: side_by_side([[Picture(b"webp", (text,))]]),
    "duplicates": lambda text: duplicates_sheet([alike(text)], 1, text, text),
    "placeholders": lambda text: placeholder_table([Placeholder(text, 4, 4, text)]),
}
"""By name, each from what it shows in every place that foreign text reaches."""

hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
not_linked = pytest.mark.parametrize("url", URLS.values(), ids=URLS)


class Elements(HTMLParser):
    """What a page consists of, what it says, and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.addresses: list[str] = []
        self.values: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update([tag, *(f"{tag} {name}" for name, _ in attrs)])
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        self.values += [value or "" for _, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.found.add(f"comment {data}")

    def handle_data(self, data: str) -> None:
        self.text += data


def leaves(sheet: str) -> list[Token]:
    tokens = MarkdownIt("commonmark").enable("table").parse(sheet)
    return [leaf for token in tokens for leaf in token.children or ()]


def words(text: str) -> str:
    """The text as one line, in which whatever does something is gone or shown as its escape."""
    return " ".join(for_terminal(" ".join(text.split())).split())


@hostile
@pytest.mark.parametrize("page_of", PAGES.values(), ids=PAGES)
def test_a_hostile_name_stays_text_on_a_page(page_of: Callable[..., str], text: str) -> None:
    page = page_of(text)
    hostile, harmless = Elements(page), Elements(page_of(HARMLESS))
    assert hostile.found <= harmless.found
    assert not CONTROLS.search(re.sub("[\u2066-\u2069\t]", "", page)), "isolates end with their paragraph"
    said = words(hostile.text)
    assert all(part in said for part in map(words, re.split("[\u2066-\u2069\\s]+", text)))
    allowed = re.compile(r"https?://|data:image/webp;base64,|[A-Za-z0-9._~/%-]*$")
    assert all(allowed.match(address) for address in hostile.addresses)


@hostile
@pytest.mark.parametrize("sheet_of", SHEETS.values(), ids=SHEETS)
def test_a_hostile_name_stays_text_on_a_sheet(sheet_of: Callable[[str], str], text: str) -> None:
    sheet = sheet_of(text)
    assert not CONTROLS.search(sheet)
    assert "<" not in sheet.replace("\\<", "").replace(f"`{words(text)}`", "")
    hostile, harmless = leaves(sheet), leaves(sheet_of(HARMLESS))
    kinds = {leaf.type for leaf in harmless} | {"text_special"}
    assert {leaf.type for leaf in hostile} <= kinds
    said = "".join(leaf.content for leaf in hostile)
    assert words(shortened(text, 24)).removesuffix("…") in said
    assert sheet.count("\n") == sheet_of(HARMLESS).count("\n")


@not_linked
@pytest.mark.parametrize("page_of", PAGES.values(), ids=PAGES)
def test_an_address_that_may_not_be_linked_to_leaves_its_name_as_text_on_a_page(
    page_of: Callable[..., str], url: str
) -> None:
    page = page_of(HARMLESS, url)
    assert not any(address.startswith(("javascript", "data:text", "file:///etc", "//")) for address in links_of(page))
    assert ("<span>post</span>" in page) is bool(url)
    assert ">post</a>" not in page


def links_of(page: str) -> list[str]:
    return [address.lower() for address in Elements(page).addresses]


@not_linked
def test_an_address_that_may_not_be_linked_to_is_text_in_a_table(url: str) -> None:
    found = leaves(placeholder_table([Placeholder("md5", 4, 4, url)]))
    assert {leaf.type for leaf in found} <= {"text", "text_special", "code_inline"}
    assert words(url) in "".join(leaf.content for leaf in found)


@pytest.mark.parametrize(
    "url", [WEB, "http://a.example/(a)[b]<c".replace("<", "%3C"), "https://a.example/a&copy;b\u00fc"]
)
def test_an_address_of_the_web_is_a_link_to_itself_that_shows_itself(url: str) -> None:
    (link,) = [leaf for leaf in leaves(placeholder_table([Placeholder("md5", 4, 4, url)])) if leaf.type == "link_open"]
    assert link.attrs["href"] == MarkdownIt().normalizeLink(url)
    table = leaves(placeholder_table([Placeholder("md5", 4, 4, url)]))
    assert url in "".join(leaf.content for leaf in table)
    for page_of in PAGES.values():
        assert url in Elements(page_of(HARMLESS, url)).addresses


def test_a_path_is_a_relative_address_whatever_it_is_called() -> None:
    assert local_link("../media/a b.jpg") == "../media/a%20b.jpg"
    assert local_link("javascript:alert(1)") == "javascript%3Aalert%281%29"
    assert local_link("name\udcff") == "name%FF"
    assert local_link("half \ud83d") is None, "no file can be called that"
    assert local_link("//evil.example/x") is local_link("/etc/passwd") is local_link("") is local_link(None) is None
