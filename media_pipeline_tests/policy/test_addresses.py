"""Which addresses people mean the same page by."""

from __future__ import annotations

import pytest

from media_pipeline.policy.addresses import constant_part, decoded, is_page, page_of
from media_pipeline_tests.ids import telling

TWEET = "https://x.com/ann/status/12345"
REEL = "https://www.instagram.com/p/C1111_a/"
STORY = "https://www.facebook.com/story.php?story_fbid=1&id=2"
THREAD = "https://www.reddit.com/r/pics/comments/abc/a_title/"


def means(name: str, address: str) -> bool:
    page = page_of(name)
    return page is not None and is_page(page, address)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (TWEET, TWEET),
        ("http://WWW.X.com/ann/status/12345/", TWEET),
        ("https://mobile.twitter.com/ann/status/12345?s=20#m", TWEET),
        ("https://twitter.com/ann_renamed/status/12345/photo/2", TWEET),
        ("https://x.com/i/web/status/12345", TWEET),
        ("x.com/ann/status/12345", TWEET),
        ("ann/status/12345", TWEET),
        ("12345", TWEET),
        ("C1111_a", REEL),
        ("https://instagram.com/reel/C1111_a/?igsh=x", REEL),
        ("https://www.instagram.com/ann.b/p/C1111_a", REEL),
        (f"{STORY}&m_entstream_source=timeline", STORY.replace("www", "m")),
        ("https://old.reddit.com/r/pics/comments/abc/a_title", THREAD),
        ("https://www.tiktok.com/@ann/video/77777", "https://www.tiktok.com/@_/photo/77777"),
    ],
    ids=telling,
)
def test_a_page_is_known_by_each_form_of_its_address(name: str, address: str) -> None:
    assert means(name, address)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("c1111_a", REEL),
        ("https://www.instagram.com/p/c1111_a/", REEL),
        ("https://www.instagram.com/p/C1111/", REEL),
        ("1111_a", REEL),
        ("https://x.com/ann/status/1234", TWEET),
        ("https://x.com/ann/status/12345/likes", TWEET),
        ("https://x.org/ann/status/12345", TWEET),
        ("https://x.com.test/ann/status/12345", TWEET),
        ("https://www.facebook.com/story.php?story_fbid=1", STORY),
        ("https://www.facebook.com/story.php", STORY),
        ("https://x.com", "https://x.com/"),
        ("", TWEET),
        ("%", TWEET),
        ("http://[", TWEET),
        ("abc", "https://x.com/abc"),
        ("12345", "https://[/12345x"),
        (TWEET, "https://[/12345"),
    ],
    ids=telling,
)
def test_another_page_is_not_meant(name: str, address: str) -> None:
    assert not means(name, address)


def test_each_form_of_a_url_has_its_constant_part() -> None:
    url = "https://host.test/caf%C3%A9%20picture/a b.jpg"
    assert constant_part(url) == "picture"
    assert "picture" in decoded(url) == "https://host.test/café picture/a b.jpg"
    assert constant_part("https://host.test") == constant_part("") == ""
