"""What a post of Mastodon shows, as the REST API and ActivityPub export it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaRef, MediaType, Post, Record, Relation, Role
from media_pipeline.policy import media_keys
from media_pipeline.posts.platforms.mastodon import Mastodon
from media_pipeline_tests.posts.mastodon_shapes import (
    ACTOR,
    CARD_PICTURE,
    HERE,
    PEERTUBE_LINKS,
    PREVIEW,
    THERE,
    activity,
    attachment,
    card,
    document,
    note,
    outbox,
    status,
)

MASTODON = Mastodon()


def read(value: Any) -> list[Post | Fault]:
    return list(MASTODON.posts(Record(value, Locator(offset=0))))


def posts(value: Any) -> list[Post]:
    return [part for part in read(value) if isinstance(part, Post)]


def media(value: Any) -> tuple[MediaRef, ...]:
    return MASTODON.media(posts(value)[0].raw)


def outline(value: Any) -> list[tuple[str, str, Relation | None]]:
    return [(post.native_id, post.locator.pointer, post.relation) for post in posts(value)]


def test_a_picture_is_had_from_its_author_s_server_then_from_the_one_that_was_asked() -> None:
    (picture,) = media(status(1, attachment()))
    assert [(candidate.url, candidate.role) for candidate in picture.candidates] == [
        (THERE.format(1, "jpeg"), Role.MEDIA),
        (HERE.format(1, "jpeg"), Role.MEDIA),
        (PREVIEW.format(1), Role.POSTER),
    ]
    assert (picture.candidates[0].width, picture.candidates[0].height) == (640, 480)
    assert (picture.media_type, picture.alt_text) == (MediaType.IMAGE, "a cat")
    assert picture.key == "id:1", "as it was when the other copy stood first"


def test_an_attachment_without_a_key_is_known_again_by_either_copy() -> None:
    (picture,) = media(status(1, attachment(id=None)))
    urls = [candidate.url for candidate in picture.candidates]
    before = media_keys.identity(media_keys.of_url(HERE.format(1, "jpeg")), urls, 0)
    now = media_keys.identity(picture.key, urls, 0)
    assert media_keys.same_media([now], [before]) == [0]


@pytest.mark.parametrize(
    ("kind", "suffix", "expected"),
    [
        ("image", "png", MediaType.IMAGE),
        ("gifv", "mp4", MediaType.VIDEO),
        ("video", "mp4", MediaType.VIDEO),
        ("audio", "mp3", MediaType.AUDIO),
        ("unknown", "webm", MediaType.VIDEO),
        ("unknown", "pdf", MediaType.DOCUMENT),
        ("unknown", "bin", MediaType.IMAGE),
    ],
)
def test_every_kind_of_attachment_has_its_type(kind: str, suffix: str, expected: MediaType) -> None:
    assert media(status(1, attachment(kind, suffix)))[0].media_type is expected


def test_what_this_server_did_not_fetch_is_had_from_the_author_s() -> None:
    (picture,) = media(status(1, attachment("unknown", url=None)))
    assert picture.url == THERE.format(1, "jpeg")
    assert picture.media_type is MediaType.IMAGE


def test_an_attachment_without_a_url_is_named() -> None:
    (picture,) = media(status(1, attachment(url=None, remote_url=None)))
    assert picture.url is None
    assert picture.note


def test_the_card_of_a_link_has_a_role_of_its_own() -> None:
    picture, preview = media(status(1, attachment(), card=card()))
    assert picture.role is Role.MEDIA
    assert (preview.role, preview.url) == (Role.LINK_PREVIEW, CARD_PICTURE)
    assert media(status(1, card=card(image=None))) == ()


def test_a_repost_shows_the_inner_media_and_the_inner_post_is_its_own() -> None:
    outer = status(1, reblog=status(2, attachment()))
    assert outline(outer) == [("1", "", None), ("2", "/reblog", Relation.REPOSTED)]
    first, second = (MASTODON.media(post.raw) for post in posts(outer))
    assert [ref.url for ref in first] == [ref.url for ref in second] == [THERE.format(1, "jpeg")]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"quote": {"state": "accepted", "quoted_status": status(2, attachment())}}, "/quote/quoted_status"),
        ({"quote": status(2, attachment())}, "/quote"),
        ({"pleroma": {"quote": status(2, attachment())}}, "/pleroma/quote"),
    ],
)
def test_the_media_of_a_quoted_post_are_its_own_alone(more: dict[str, Any], pointer: str) -> None:
    value = status(1, **more)
    assert outline(value) == [("1", "", None), ("2", pointer, Relation.QUOTED)]
    first, second = (MASTODON.media(post.raw) for post in posts(value))
    assert (len(first), len(second)) == (0, 1)


def test_a_thread_s_ancestors_are_parents_and_its_descendants_are_posts() -> None:
    value = {"ancestors": [status(1)], "descendants": [status(3), None]}
    assert outline(value) == [("1", "/ancestors/0", Relation.REPLY_PARENT), ("3", "/descendants/0", None)]
    assert [part.locator.pointer for part in read(value) if isinstance(part, Fault)] == ["/descendants/1"]


def test_a_notification_leads_to_its_status() -> None:
    value = {"id": "5", "type": "mention", "created_at": "2022-12-06", "account": {"id": "7"}, "status": status(1)}
    assert outline(value) == [("1", "/status", None)]


def test_who_when_where_and_what_are_read() -> None:
    (post,) = posts(status(1))
    assert (post.author_id, post.author_handle, post.author_name) == ("7", "ann", "Ann")
    assert post.posted_at == datetime(2022, 12, 6, 7, 17, 26, 404000, tzinfo=UTC)
    assert post.url == "https://example.social/@ann/1"
    assert post.text == "status 1"
    assert (post.like_count, post.share_count) == (140, 96)


def test_accounts_are_no_posts() -> None:
    account = {"id": "7", "username": "ann", "acct": "ann", "created_at": "2022-12-06", "note": "<p>me</p>"}
    (fault,) = read(account)
    assert isinstance(fault, Fault)


def test_an_outbox_holds_notes_and_reposts() -> None:
    value = outbox(
        activity("Create", note(1, document())),
        activity("Announce", note(2, document("jpg")), 2),
        activity("Announce", "https://other.example/notes/3", 3),
        activity("Delete", "https://example.social/4", 4),
    )
    assert outline(value) == [
        (f"{ACTOR}/statuses/1", "/orderedItems/0/object", None),
        (f"{ACTOR}/statuses/2/activity", "/orderedItems/1", None),
        (f"{ACTOR}/statuses/2", "/orderedItems/1/object", Relation.REPOSTED),
    ]
    own, repost, reposted = (MASTODON.media(post.raw) for post in posts(value))
    assert [ref.url for ref in own] == [THERE.format(1, "png")]
    assert [ref.url for ref in repost] == [ref.url for ref in reposted] == [THERE.format(1, "jpg")]
    reasons = [part.reason for part in read(value) if isinstance(part, Fault)]
    assert "https://other.example/notes/3" in reasons[0]
    assert reasons[1] == "a post that was deleted: https://example.social/4"


def test_a_note_says_who_when_where_and_what() -> None:
    (post,) = posts(activity("Create", note(1)))
    assert (post.author_id, post.author_handle) == (ACTOR, "ann@example.social")
    assert post.posted_at == datetime(2022, 12, 6, 7, 17, 26, tzinfo=UTC)
    assert post.url == "https://example.social/@ann/1"
    assert post.text == "note 1"
    assert (post.like_count, post.share_count) == (3, 2)


def test_a_document_has_its_type_by_mime_type_its_alt_text_and_its_preview() -> None:
    (clip,) = media(note(1, document("bin", mediaType="video/mp4", icon={"type": "Image", "url": PREVIEW.format(1)})))
    assert (clip.media_type, clip.alt_text) == (MediaType.VIDEO, "a cat")
    assert [(c.url, c.role) for c in clip.candidates] == [
        (THERE.format(1, "bin"), Role.MEDIA),
        (PREVIEW.format(1), Role.POSTER),
    ]


def test_several_links_to_one_video_stand_largest_first() -> None:
    (clip,) = media(note(1, document(mediaType="video/mp4", url=PEERTUBE_LINKS)))
    assert [candidate.height for candidate in clip.candidates] == [1080, 480]


def test_a_file_inside_an_account_s_archive_is_named() -> None:
    (picture,) = media(note(1, document(url="/media_attachments/files/1/original/b.png")))
    assert picture.url is None
    assert picture.note == "it stands in the account's archive as media_attachments/files/1/original/b.png"


def test_pages_inside_a_collection_are_read() -> None:
    page = {"type": "OrderedCollectionPage", "orderedItems": [note(1)]}
    value = {"@context": "https://www.w3.org/ns/activitystreams", "type": "OrderedCollection", "first": page}
    assert outline(value) == [(f"{ACTOR}/statuses/1", "/first/orderedItems/0", None)]
