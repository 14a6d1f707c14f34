"""A real browser opens a page from its file: it shows, searches, filters and plays, and does nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_pipeline.stages.pages.writing import write_pages
from media_pipeline_tests import browser
from media_pipeline_tests.browser import Tab, opened_tab
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import Library
from media_pipeline_tests.stages import posted

pytestmark = pytest.mark.skipif(browser.MISSING is not None, reason=str(browser.MISSING))

SHOWN = "document.querySelectorAll('article:not([hidden])').length"
WORDS = "Array.from(document.querySelectorAll('article:not([hidden]) .text'), (text) => text.textContent)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("pages")
    with FaultyHost() as host:
        library = Library(folder / "library", media_allowed_hosts=(host.address,))
        posted.fill(library, host)
    with library.open() as stage:
        yield write_pages(stage, folder / "page").index


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with opened_tab(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def tab(chromium: Tab, page: Path) -> Tab:
    chromium.open(page)
    return chromium


def choose(tab: Tab, name: str, value: str) -> None:
    """Type or choose it as a person does."""
    tab.value(f"""(() => {{
        const field = document.querySelector(".filter").elements[{name!r}];
        field.value = {value!r};
        field.dispatchEvent(new Event("input", {{ bubbles: true }}));
    }})()""")


def test_every_picture_is_shown_and_every_video_and_sound_can_be_played(tab: Tab) -> None:
    pictures = """Promise.all(Array.from(document.images, async (image) => {
        image.loading = "eager";
        await image.decode();
        return image.naturalWidth;
    }))"""
    assert tab.value(pictures) == [600, 300, 600], "a post's only picture is shown whole"
    seconds = """Promise.all(Array.from(document.querySelectorAll("video, audio"), (player) =>
        new Promise((loaded, failed) => {
            player.onloadedmetadata = () => loaded(player.duration);
            player.onerror = () => failed(new Error(player.error.message));
            player.preload = "metadata";
            player.load();
        })))"""
    durations = tab.value(seconds)
    assert len(durations) == 3
    assert min(durations) > 0
    posters = "Array.from(document.querySelectorAll('video'), (video) => video.controls && video.poster !== '')"
    assert tab.value(posters) == [True, True]


def test_a_search_leaves_the_posts_that_have_all_its_words_in_text_or_author(tab: Tab) -> None:
    choose(tab, "words", "harbour")
    assert tab.value(SHOWN) == 2
    assert tab.value("document.querySelector('output').value") == "2 of 8 posts"
    choose(tab, "words", "ONCE harbour")
    assert tab.value(WORDS) == ["The harbour once more"]
    choose(tab, "words", "bob report")
    assert tab.value(WORDS) == ["The report"]
    choose(tab, "words", "straße münchen")
    assert tab.value(SHOWN) == 1
    choose(tab, "words", "nowhere to be found")
    assert tab.value(SHOWN) == 0
    assert tab.value("document.querySelectorAll('section:not([hidden])').length") == 0
    choose(tab, "words", "")
    assert tab.value(SHOWN) == posted.POSTS


def test_filters_leave_the_posts_with_a_medium_of_that_type_and_status(tab: Tab) -> None:
    for name, value, shown in [
        ("platform", "twitter", 8),
        ("type", "document", 1),
        ("status", "gone", 0),
        ("type", "", 1),
        ("status", "stored", 6),
    ]:
        choose(tab, name, value)
        assert tab.value(SHOWN) == shown, (name, value)
    offered = "Array.from(document.querySelector('.filter').elements.status.options, (option) => option.value)"
    assert tab.value(offered) == ["", "gone", "stored"]


def test_without_javascript_everything_is_shown_and_no_filter(chromium: Tab, page: Path) -> None:
    chromium.open(page, scripts=False)
    assert chromium.value(SHOWN) == posted.POSTS
    assert chromium.value("getComputedStyle(document.querySelector('.filter')).display") == "none"


def test_the_policy_lets_no_other_script_style_or_address_do_anything(tab: Tab) -> None:
    violated = """(async () => {
        const found = new Set();
        document.addEventListener("securitypolicyviolation", (event) => found.add(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        const style = document.createElement("style");
        style.textContent = "body { display: none }";
        const image = document.createElement("img");
        image.src = "http://127.0.0.1:9/x.png";
        document.body.append(script, style, image);
        await fetch("http://127.0.0.1:9/").catch(() => null);
        while (found.size < 4) await new Promise((done) => setTimeout(done, 10));
        return [window.ran === undefined, getComputedStyle(document.body).display, ...Array.from(found).sort()];
    })()"""
    assert tab.value(violated) == [True, "block", "connect-src", "img-src", "script-src-elem", "style-src-elem"]
