"""Whatever a text holds, it reads as itself where it is shown, and does nothing."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from media_pipeline.policy.foreign_text import (
    LOG_CHARACTERS,
    LogLines,
    for_csv,
    for_html,
    for_json,
    for_log,
    for_markdown,
    for_terminal,
    link,
    with_lines,
)
from media_pipeline_tests.hostile_text import CONTROLS, HOSTILE, URLS

hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


@hostile
def test_a_text_in_a_terminal_or_a_log_is_one_line_without_effect_that_keeps_its_letters(text: str) -> None:
    for shown in (for_terminal(text), for_log(text)):
        assert not CONTROLS.search(shown)
        assert "\n" not in shown
        assert shown.encode().decode() == shown
    escapes = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|[nrt])")
    assert escapes.sub("", for_terminal(text)) == CONTROLS.sub("", text).replace("\n", "")


def test_a_text_without_controls_is_shown_as_it_is() -> None:
    for text in ("Zoë 漢字 🧑‍🚀 C:\\Users\\ann", "שלום\u200f", "می‌خواهم"):
        assert for_terminal(text) == text


def test_a_log_message_is_cut_at_its_longest_and_says_how_long_it_was() -> None:
    assert for_log("x" * (LOG_CHARACTERS + 1)) == f"{'x' * LOG_CHARACTERS}… ({LOG_CHARACTERS + 1:,} characters)"


@hostile
def test_a_text_in_markdown_reads_as_itself_in_a_paragraph_and_in_a_table(text: str) -> None:
    markdown = MarkdownIt("commonmark").enable("table")
    expected = " ".join(for_terminal(" ".join(text.split())).split())
    shown = for_markdown(text)
    for page, places in ((f"a {shown} b", 1), (f"| | |\n|-|-|\n| a {shown} b | c |\n", 2)):
        leaves = [leaf for token in markdown.parse(page) for leaf in token.children or ()]
        assert {leaf.type for leaf in leaves} <= {"text", "text_special"}
        found = "".join(leaf.content for leaf in leaves)
        assert found.startswith(" ".join(f"a {expected} b".split()) if expected else "a")
        assert sum(token.type == "inline" and bool(token.content) for token in markdown.parse(page)) == places


class _Everything(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", {"data": data}))


@hostile
def test_a_text_in_html_is_no_element_and_leaves_no_attribute(text: str) -> None:
    shown = for_html(text)
    page = _Everything(f'<p title="{shown}">{shown}</p>')
    assert page.tags == [("p", {"title": page.text})]
    assert "\u202e" not in shown
    assert "\x00" not in shown
    assert shown.encode().decode() == shown


@hostile
def test_a_text_in_csv_is_no_formula_and_is_read_back(text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow([for_csv(text), "next"])
    ((field, after),) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert after == "next"
    assert not field.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert field.removeprefix("'") == text


@hostile
def test_json_holds_the_exact_text_and_has_no_effect_where_it_is_printed(text: str) -> None:
    for ascii_only in (True, False):
        printed = for_json(json.dumps({"name": text}, ensure_ascii=ascii_only))
        assert json.loads(printed) == {"name": text}
        assert not CONTROLS.search(printed.encode("utf-8", "replace").decode())


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_an_address_that_is_not_http_with_a_host_is_not_linked_to(url: str) -> None:
    assert link(url) is None


def test_an_address_of_http_is_linked_to_as_it_is() -> None:
    for url in ("https://a.example/x?y=1&z=[2]#f", "http://a.example", "HTTPS://a.example:8443/ü"):
        assert link(url) == url


@hostile
def test_no_message_of_a_log_forges_a_line_nor_does_an_error_in_it(text: str) -> None:
    out = io.StringIO()
    log = with_lines(logging.Logger("test"))
    handler = logging.StreamHandler(out)
    handler.setFormatter(LogLines("%(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        raise ValueError(text)
    except ValueError as error:
        log.warning(f"{text} can't be read: {error}", exc_info=True)
    first, *rest = out.getvalue().splitlines()
    assert first.startswith("WARNING ")
    assert all(line.startswith("    ") for line in rest)
    assert not CONTROLS.search(out.getvalue())
