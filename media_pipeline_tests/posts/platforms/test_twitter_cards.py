"""Media of cards and articles of Twitter, and the X data archive of today."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaType, Post, Record, Role
from media_pipeline.posts.coverage import CoverageCounter
from media_pipeline.posts.platforms.twitter import Twitter
from media_pipeline.posts.readers.x_archive import with_notes
from media_pipeline_tests.posts import twitter_shapes as shapes
from media_pipeline_tests.posts.twitter_shapes import (
    CARD,
    HLS,
    LARGE_MP4,
    PHOTO_ORIGINAL,
    POSTER,
    VMAP,
    status,
    timeline,
)

TWITTER = Twitter()


def shown(raw: dict[str, Any]) -> list[tuple[MediaType, str | None, str | None]]:
    return [(ref.media_type, ref.url, ref.alt_text) for ref in TWITTER.media(raw)]


def test_the_video_of_a_unified_card_is_a_medium() -> None:
    (ref,) = TWITTER.media(shapes.unified_card())
    assert (ref.media_type, ref.url, ref.key) == (MediaType.VIDEO, LARGE_MP4, "id:9")


def test_each_choice_of_a_poll_has_its_picture_with_the_upload_first() -> None:
    assert shown(shapes.poll()) == [
        (MediaType.IMAGE, f"{CARD}1?format=jpg&name=orig", "A"),
        (MediaType.IMAGE, f"{CARD}2?format=jpg&name=orig", "a reef"),
    ]


def test_a_player_of_x_is_a_video_and_one_of_another_site_is_not() -> None:
    (ref,) = TWITTER.media(shapes.player())
    assert [(candidate.url, candidate.role) for candidate in ref.candidates] == [
        (HLS, Role.MEDIA),
        (VMAP, Role.MEDIA),
        (POSTER, Role.POSTER),
    ]
    assert ref.key == "id:1302"
    assert TWITTER.media(shapes.with_card("player", player_stream_url="https://elsewhere.test/a.mp4")) == ()


def test_the_picture_of_a_linked_page_is_a_preview_the_largest_first() -> None:
    small, large = ({"url": f"{CARD}?format=jpg&name={n}x{n}", "width": n, "height": n} for n in (144, 600))
    (ref,) = TWITTER.media(shapes.with_card("summary", thumbnail_image=small, summary_photo_image_large=large))
    assert (ref.role, [candidate.url for candidate in ref.candidates]) == (
        Role.LINK_PREVIEW,
        [large["url"], small["url"]],
    )


def test_an_article_shows_its_cover_once_and_its_media() -> None:
    assert [(kind, url) for kind, url, _ in shown(shapes.article())] == [
        (MediaType.IMAGE, PHOTO_ORIGINAL),
        (MediaType.VIDEO, LARGE_MP4),
    ]


def test_nothing_of_a_card_or_an_article_is_unexplained() -> None:
    counter = CoverageCounter(TWITTER)
    value = timeline(shapes.unified_card(), shapes.poll(), shapes.player(), shapes.article())
    posts = [post for post in TWITTER.posts(Record(value, Locator())) if isinstance(post, Post)]
    counter.add(value, [ref for post in posts for ref in TWITTER.media(post.raw)])
    assert (len(posts), counter.result().unexplained) == (4, ())


@pytest.mark.parametrize("document", ["", "[1]", "{", "[" * 100_000, '{"media_entities": [1]}', "x" * (2 << 20)])
def test_a_unified_card_that_can_not_be_read_costs_itself(document: str) -> None:
    assert TWITTER.media(shapes.with_card("unified_card", unified_card=document)) == ()


def of_archive(value: Any) -> Post:
    owner = {"accountId": "9", "username": "ida", "accountDisplayName": "Ida"}
    (post,) = TWITTER.posts(Record(value, Locator(), owner=owner))
    assert isinstance(post, Post)
    return post


def test_an_article_of_the_archive_is_a_post_of_its_author() -> None:
    post = of_archive(shapes.archived_article())
    assert (post.native_id, post.author_handle, post.text) == ("6001", "ida", "An article\nFirst words")
    assert (post.posted_at, post.url) == (datetime(2026, 1, 5, 8, tzinfo=UTC), "https://x.com/ida/article/6001")
    assert [url for _, url, _ in shown(dict(post.raw))] == [
        PHOTO_ORIGINAL,
        "https://pbs.twimg.com/media/Inside?format=png&name=orig",
    ]


def test_a_deleted_post_of_the_archive_says_when_it_was_deleted() -> None:
    post = of_archive({"tweet": status(1, user=None, deleted_at="2026-01-06T00:00:00.000Z")})
    assert post.deleted_at == datetime(2026, 1, 6, tzinfo=UTC)
    assert of_archive({"tweet": status(1, user=None)}).deleted_at is None


def noted(text: str, *notes: str, seconds: int = 41) -> str | None:
    post = {"tweet": status(1, user=None, full_text=text, created_at="Mon Jan 05 08:36:41 +0000 2026")}
    created_at = f"2026-01-05T08:36:{seconds}.000Z"
    records = [Record({"noteTweet": {"createdAt": created_at, "core": {"text": note}}}, Locator()) for note in notes]
    (found,) = with_notes(iter([Record(post, Locator())]), iter([*records, Fault(Locator(), "broken")]))
    assert isinstance(found, Record)
    return of_archive(found.value).text


@pytest.mark.parametrize(
    ("text", "notes", "whole"),
    [
        ("It began … https://t.co/x", ["It began and went on"], "It began and went on"),
        ("A &amp; B…", ["A & B and C"], "A & B and C"),
        ("It began", ["Another"], "It began"),
        ("It began", ["It began so", "It began otherwise"], "It began"),
        ("https://t.co/x", ["Of another post"], "https://t.co/x"),
        ("It began", [], "It began"),
    ],
)
def test_a_long_text_of_the_archive_is_joined_to_the_post_that_begins_with_it(
    text: str, notes: list[str], whole: str
) -> None:
    assert noted(text, *notes) == whole
    assert noted(text, *notes, seconds=42) == (text.replace("&amp;", "&"))


def test_the_json_of_a_post_keeps_its_own_text_beside_the_long_one() -> None:
    post = {"tweet": status(1, full_text="It…", created_at="Mon Jan 05 08:36:41 +0000 2026")}
    note = {"noteTweet": {"createdAt": "2026-01-05T08:36:41.000Z", "core": {"text": "It is long"}}}
    (found,) = with_notes(iter([Record(post, Locator())]), iter([Record(note, Locator())]))
    assert isinstance(found, Record)
    assert json.dumps(found.value["tweet"]["full_text"]) == '"It\\u2026"'
