"""What a post of LinkedIn shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaType, Post, Record, Relation, Role
from media_pipeline.posts.platforms.linkedin import LinkedIn
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts import linkedin_shapes as shapes
from media_pipeline_tests.posts.linkedin_shapes import LICDN, linkedin
from media_pipeline_tests.posts.twitter_shapes import status

LINKEDIN = LinkedIn()
CLIP = "https://dms.licdn.com/playlist/vid/v2/X/mp4-720p?e=1765569600"
PAPER = "https://media.licdn.com/dms/document/X/paper.pdf?e=1765569600"


def read(value: Any) -> list[Post | Fault]:
    return list(LINKEDIN.posts(Record(value, Locator(offset=0))))


def shown(raw: dict[str, Any]) -> list[tuple[MediaType, str | None]]:
    return [(reference.media_type, reference.url) for reference in LINKEDIN.media(raw)]


def test_who_when_where_and_what_are_read() -> None:
    (post,) = read(linkedin())
    assert isinstance(post, Post)
    assert post.native_id == "7402746946853253120"
    assert (post.author_name, post.author_handle) == ("Acme", "acme")
    assert post.posted_at == datetime(2025, 12, 5, 16, 33, 28, 517000, tzinfo=UTC)
    assert post.url == "https://www.linkedin.com/posts/acme-activity-7402746946853253120"
    assert post.text == "hello"


def test_pictures_come_in_order_with_their_size_and_expiry() -> None:
    first, second = LINKEDIN.media(linkedin())
    assert (first.position, second.position) == (0, 1)
    assert (first.url, second.url) == (LICDN.format(1), LICDN.format(2))
    assert (first.candidates[0].width, first.candidates[0].height) == (1179, 1453)
    assert first.expires_at == datetime(2025, 12, 12, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"type": "images", "images": [{"url": LICDN.format(1)}]}, [(MediaType.IMAGE, LICDN.format(1))]),
        ({"type": "images", "images": [LICDN.format(1)]}, [(MediaType.IMAGE, LICDN.format(1))]),
        ({"type": "image", "url": LICDN.format(1)}, [(MediaType.IMAGE, LICDN.format(1))]),
        ({"type": "video", "url": CLIP}, [(MediaType.VIDEO, CLIP)]),
        ({"type": "document", "url": PAPER}, [(MediaType.DOCUMENT, PAPER)]),
        ({"type": "article", "url": "https://example.org/"}, []),
        (
            [{"type": "video", "url": CLIP}, {"type": "image", "url": LICDN.format(1)}],
            [(MediaType.VIDEO, CLIP), (MediaType.IMAGE, LICDN.format(1))],
        ),
        (None, []),
        ("none", []),
    ],
    ids=telling,
)
def test_every_way_to_write_media_is_read(media: Any, expected: list[Any]) -> None:
    assert shown(linkedin(media=media)) == expected


def test_the_document_beside_the_media_is_a_medium_once() -> None:
    document = {"url": PAPER, "title": "Paper"}
    assert shown(linkedin(media=None, document=document)) == [(MediaType.DOCUMENT, PAPER)]
    assert shown(linkedin(media={"type": "document", "url": PAPER}, document=document)) == [(MediaType.DOCUMENT, PAPER)]
    assert shown(linkedin(media={"type": "document"}, document=document)) == [(MediaType.DOCUMENT, PAPER)]


def test_a_thumbnail_is_a_poster_and_a_medium_without_url_says_why() -> None:
    (reference,) = LINKEDIN.media(linkedin(media={"type": "video", "thumbnail": LICDN.format(1)}))
    assert reference.url is None
    assert reference.note
    assert [(candidate.url, candidate.role) for candidate in reference.candidates] == [(LICDN.format(1), Role.POSTER)]


@pytest.mark.parametrize(
    "ids",
    [
        {"activity_urn": "urn:li:activity:5"},
        {"urn": "urn:li:ugcPost:5"},
        {"urn": {"activity_urn": "5", "ugcPost_urn": "6"}},
        {"id": 5},
        {"post_id": "5"},
        {"full_urn": "urn:li:share:5"},
    ],
)
def test_the_id_may_have_other_names(ids: dict[str, Any]) -> None:
    (post,) = read({**linkedin(activity_urn=None, full_urn=None), **ids})
    assert isinstance(post, Post)
    assert post.native_id == "5"


def test_a_repost_shows_the_inner_media_and_a_quote_does_not() -> None:
    inner = linkedin(activity_urn="6")
    repost = linkedin(text="", media=None, reshared_post=inner)
    quote = linkedin(text="look", media=None, reshared_post=inner)
    assert [(part.locator.pointer, part.relation) for part in read(repost) if isinstance(part, Post)] == [
        ("", None),
        ("/reshared_post", Relation.REPOSTED),
    ]
    assert len(shown(repost)) == 2
    assert shown(quote) == []
    assert [part.relation for part in read(quote) if isinstance(part, Post)] == [None, Relation.QUOTED]


@pytest.mark.parametrize(
    ("value", "at"),
    [([linkedin()], "/0"), ({"posts": [linkedin()]}, "/posts/0"), ({"data": {"posts": [linkedin()]}}, "/data/posts/0")],
    ids=telling,
)
def test_lists_of_posts_are_opened(value: Any, at: str) -> None:
    assert [part.locator.pointer for part in read(value)] == [at]


@pytest.mark.parametrize("value", [{"message": "x"}, [], None, {"text": "no id"}, status(1)], ids=telling)
def test_a_record_without_a_post_is_a_fault_that_says_what_was_expected(value: Any) -> None:
    (fault,) = read(value)
    assert isinstance(fault, Fault)
    assert "no post of linkedin found in this record; expected" in fault.reason


def test_a_recommended_post_is_another_persons_and_its_pictures_are_its_own() -> None:
    own, other = LINKEDIN.posts(Record(shapes.with_recommended(), Locator()))
    assert isinstance(own, Post)
    assert isinstance(other, Post)
    assert (own.relation, own.native_id, LINKEDIN.media(own.raw)) == (None, "7242811448094052353", ())
    assert (other.relation, other.native_id) == (Relation.RECOMMENDED, "7242811448094052354")
    assert other.locator.pointer == "/more_relevant_posts/0"
    assert len(LINKEDIN.media(other.raw)) == 1


def test_an_article_is_known_by_the_words_of_its_address() -> None:
    (post,) = LINKEDIN.posts(Record(shapes.article_by_slug(), Locator()))
    assert isinstance(post, Post)
    assert (post.native_id, post.posted_at) == (
        "a-title-of-an-article-author",
        datetime(2020, 5, 11, 9, 55, 45, tzinfo=UTC),
    )


def test_a_page_that_shows_a_document_is_no_picture_of_the_repost() -> None:
    _, repost = LINKEDIN.posts(Record(shapes.with_embedded_document(), Locator()))
    assert isinstance(repost, Post)
    (document,) = LINKEDIN.media(repost.raw)
    assert (document.media_type, document.url) == (MediaType.DOCUMENT, None)
