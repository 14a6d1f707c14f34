"""HTML as a reader reads it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.posts.markup import plain_text, unescaped

LONG_LINK = (
    '<a href="https://x.test/a/b" rel="nofollow"><span class="invisible">https://</span>'
    '<span class="ellipsis">x.test/a</span><span class="invisible">/b</span></a>'
)
MENTION = '<span class="h-card"><a href="https://m.test/@bob" class="u-url mention">@<span>bob</span></a></span>'
TAG = '<a href="https://m.test/tags/cats" class="mention hashtag" rel="tag">#<span>cats</span></a>'


@pytest.mark.parametrize(
    ("markup", "read"),
    [
        ("words\n  as they are", "words\n  as they are"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<p>one</p><p>two<br>lines<br/>and a third</p>", "one\n\ntwo\nlines\nand a third"),
        ("<p>he&#39;s &amp; &lt;3</p>", "he's & <3"),
        ("&amp;amp; once", "&amp; once"),
        (f"<p>see {LONG_LINK}</p>", "see https://x.test/a/b"),
        (
            '<p><a href="https://x.test/">x.test</a> and <a href="https://y.test">here</a></p>',
            "x.test and here (https://y.test)",
        ),
        (f"<p>{MENTION} {TAG}</p>", "@bob #cats"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
        ("<blockquote><p>said</p></blockquote><p>mine</p>", "said\n\nmine"),
        ("<pre><code>def f():\n    return 1</code></pre>", "def f():\n    return 1"),
        ('<p>a <img src="/e.png" alt=":cat:"> b</p>', "a :cat: b"),
        ("<script>alert(1)</script><p>words</p><style>p{}</style>", "words"),
        ("<p>never closed <b>at all", "never closed at all"),
    ],
)
def test_markup_reads_as_people_read_it(markup: str, read: str) -> None:
    assert plain_text(markup) == read


@pytest.mark.parametrize(
    "piece",
    [
        "<a",
        "</",
        "<!",
        "<!--",
        "<?",
        "<![CDATA[",
        "<title>",
        "<textarea>",
        "<script>",
        '<a href="https://x.test">x',
        "&",
    ],
)
def test_a_megabyte_of_unfinished_markup_takes_no_longer_than_its_length(piece: str) -> None:
    began = time.process_time()
    plain_text(piece * (1_000_000 // len(piece)))
    # Of the processor's time, so that a busy machine makes no difference; it took minutes.
    assert time.process_time() - began < 20


def test_a_number_that_no_character_has_leaves_the_text_as_it_is() -> None:
    odd = f"<p>&#{'1' * 5000};</p>"
    assert plain_text(odd) == odd
    assert unescaped(odd) == odd


@given(st.text() | st.text(alphabet="<>/&;#ap brlix\"'= \n"))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    assert isinstance(plain_text(text), str)


@given(st.text(alphabet=st.characters(exclude_characters="<&")))
def test_text_without_markup_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text


def test_what_an_api_has_escaped_is_unescaped_once() -> None:
    assert unescaped("Q&amp;A &lt;live&gt; &amp;amp;") == "Q&A <live> &amp;"
    assert unescaped("https://x.test/?a=1&copy=2 &eacute;") == "https://x.test/?a=1&copy=2 &eacute;"
