"""URLs that were asked for by themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_pipeline.model import Fault, Locator, MediaType, Post, Record
from media_pipeline.posts.extract import ExtractedPost, coverage, extract
from media_pipeline.posts.platforms import platform_named
from media_pipeline.posts.platforms.url import native_id_of, record_of
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts.twitter_shapes import photo, status

URL = platform_named("url")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://x.test/a.jpg?size=3", MediaType.IMAGE),
        ("https://x.test/a.MP4", MediaType.VIDEO),
        ("https://x.test/a.mp3#t=3", MediaType.AUDIO),
        ("https://x.test/a.pdf", MediaType.DOCUMENT),
        ("https://x.test/photo", MediaType.IMAGE),
        ("https://[", MediaType.IMAGE),
    ],
)
def test_a_url_is_a_post_with_one_medium_of_the_kind_that_its_path_ends_in(url: str, kind: MediaType) -> None:
    (post,) = URL.posts(Record(record_of(url), Locator(line=1)))
    assert isinstance(post, Post)
    assert (post.native_id, post.url, str(post.locator)) == (native_id_of(url), url, "line 1#")
    (reference,) = URL.media(post.raw)
    assert (reference.url, reference.media_type, reference.position) == (url, kind, 0)


def test_a_signed_url_that_is_asked_for_says_when_it_expires() -> None:
    signed = "https://x.test/a.jpg?X-Amz-Date=20261120T000000Z&X-Amz-Expires=3600"
    (reference,) = URL.media(record_of(signed))
    assert reference.expires_at
    assert reference.expires_at.isoformat() == "2026-11-20T01:00:00+00:00"


@pytest.mark.parametrize(
    "value", [{}, {"requested_url": 3}, {"requested_url": " "}, "https://x.test/a.jpg", [1]], ids=telling
)
def test_a_record_without_a_url_is_a_fault(value: object) -> None:
    (fault,) = URL.posts(Record(value, Locator(line=1)))
    assert isinstance(fault, Fault)


def test_another_platforms_post_that_holds_the_key_stays_that_platforms(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps(status(1, photo()) | record_of("https://x.test/a.jpg")))
    (read,) = extract(path)
    assert isinstance(read, ExtractedPost)
    assert read.post.platform == "twitter"


def test_urls_on_a_platforms_media_host_stay_urls_and_each_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    urls = ["https://pbs.twimg.com/media/A.jpg", "https://x.test/b.png", "https://x.com/ann/status/1"]
    path.write_text("".join(json.dumps(record_of(url)) + "\n" for url in urls))
    read = list(extract(path, URL))
    assert [part.post.url for part in read if isinstance(part, ExtractedPost)] == urls
    assert coverage(path, URL).unexplained == ()
