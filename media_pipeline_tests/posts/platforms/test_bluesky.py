"""What a post of Bluesky shows, in views of the app and in raw records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaRef, MediaType, Post, Record, Relation, Role
from media_pipeline.policy import media_keys
from media_pipeline.posts.platforms.bluesky import Bluesky
from media_pipeline_tests.posts.bluesky_shapes import (
    CDN,
    CIDS,
    DID,
    LINKED_GIF,
    NOT_FOUND,
    OTHER_DID,
    PLAYLIST,
    POSTER,
    RAW_BOTH,
    RAW_GALLERY,
    RAW_IMAGES,
    RAW_LINK,
    RAW_VIDEO,
    address,
    blob_url,
    event,
    external_view,
    flat_thread,
    full,
    gallery_view,
    images_view,
    post,
    quote_view,
    quote_with_media_view,
    raw_record,
    record,
    thread,
    thumb,
    video_view,
    view_record,
)

BLUESKY = Bluesky()


def read(value: Any) -> list[Post | Fault]:
    return list(BLUESKY.posts(Record(value, Locator(offset=0))))


def posts(value: Any) -> list[Post]:
    return [part for part in read(value) if isinstance(part, Post)]


def media(value: Any) -> tuple[MediaRef, ...]:
    return BLUESKY.media(posts(value)[0].raw)


def candidates(reference: MediaRef) -> list[tuple[str, Role]]:
    return [(candidate.url, candidate.role) for candidate in reference.candidates]


def outline(value: Any) -> list[tuple[str, str, Relation | None]]:
    return [(part.native_id, part.locator.pointer, part.relation) for part in posts(value)]


@pytest.mark.parametrize("view", [images_view, gallery_view])
def test_pictures_are_had_as_uploaded_then_in_full_size(view: Any) -> None:
    first, second = media(post("1", view(0, 1)))
    assert candidates(first) == [(blob_url(0), Role.MEDIA), (full(0), Role.MEDIA), (thumb(0), Role.POSTER)]
    assert (first.media_type, first.alt_text) == (MediaType.IMAGE, "alt 0")
    assert second.url == blob_url(1)


def test_a_ratio_is_not_taken_for_pixels() -> None:
    (picture,) = media(post("1", images_view(0)))
    assert picture.candidates[0].width is None


def test_a_video_is_had_as_uploaded_then_as_a_stream() -> None:
    (clip,) = media(post("1", video_view()))
    assert (clip.media_type, clip.alt_text) == (MediaType.VIDEO, "a clip")
    assert candidates(clip) == [(blob_url(3), Role.MEDIA), (PLAYLIST, Role.MEDIA), (POSTER, Role.POSTER)]


def test_a_link_s_picture_has_a_role_of_its_own() -> None:
    (preview,) = media(post("1", external_view()))
    assert (preview.role, preview.url) == (Role.LINK_PREVIEW, blob_url())
    assert media(post("1", external_view(thumb=None))) == ()


def test_a_medium_has_the_key_that_it_had_when_the_cdns_copy_stood_first() -> None:
    """References of a library are known by it."""
    (picture,) = media(post("1", images_view(0)))
    (clip,) = media(post("1", video_view()))
    (preview,) = media(post("1", external_view()))
    assert [picture.key, clip.key] == [f"id:{CIDS[0]}", f"id:{CIDS[3]}"]
    assert preview.key == media_keys.of_url(thumb()) == media_keys.of_url(blob_url())


def test_a_linked_gif_is_the_link_s_preview_itself() -> None:
    (preview,) = media(post("1", external_view(LINKED_GIF)))
    assert (preview.role, preview.url) == (Role.LINK_PREVIEW, LINKED_GIF)


def test_the_media_of_a_quoted_post_are_its_own_alone() -> None:
    value = post("1", quote_with_media_view(view_record("9", images_view(2)), images_view(0)))
    assert outline(value) == [
        (address("1"), "", None),
        (address("9", OTHER_DID), "/embed/record/record", Relation.QUOTED),
    ]
    outer, quoted = (BLUESKY.media(part.raw) for part in posts(value))
    assert [ref.url for ref in outer] == [blob_url(0)]
    assert [ref.url for ref in quoted] == [blob_url(2, OTHER_DID)]


def test_a_quote_in_a_quote_is_found() -> None:
    value = post("1", quote_view(view_record("9", quote_view(view_record("10", video_view())))))
    assert [pointer for _, pointer, _ in outline(value)] == ["", "/embed/record", "/embed/record/embeds/0/record"]


def test_a_quoted_post_that_is_gone_is_a_fault_and_a_quoted_list_is_nothing() -> None:
    gone = {"$type": "app.bsky.embed.record#viewNotFound", "uri": address("9"), "notFound": True}
    (fault,) = [part for part in read(post("1", quote_view(gone))) if isinstance(part, Fault)]
    assert "notFound" in fault.reason
    feed = {"$type": "app.bsky.feed.defs#generatorView", "uri": f"at://{DID}/app.bsky.feed.generator/x"}
    assert len(read(post("1", quote_view(feed)))) == 1


def test_a_feed_holds_posts_their_parents_and_roots() -> None:
    entry = {"post": post("3"), "reply": {"parent": post("2"), "root": post("1", images_view(0))}}
    assert outline({"feed": [entry]}) == [
        (address("3"), "/feed/0/post", None),
        (address("2"), "/feed/0/reply/parent", Relation.REPLY_PARENT),
        (address("1"), "/feed/0/reply/root", Relation.REPLY_PARENT),
    ]
    short = {"post": post("2"), "reply": {"parent": post("1"), "root": post("1")}}
    assert [pointer for _, pointer, _ in outline(short)] == ["/post", "/reply/parent"]


def test_a_thread_is_read_upwards_and_downwards() -> None:
    assert outline(thread()) == [
        (address("1"), "/thread/post", None),
        (address("parent"), "/thread/parent/post", Relation.REPLY_PARENT),
        (address("root"), "/thread/parent/parent/post", Relation.REPLY_PARENT),
        (address("reply"), "/thread/replies/0/post", None),
        (address("deeper"), "/thread/replies/0/replies/0/post", None),
    ]


def test_a_thread_may_be_deeper_than_the_stack() -> None:
    deep: dict[str, Any] = {"post": post("0")}
    for number in range(1, 5000):
        deep = {"post": post(str(number)), "parent": deep}
    assert len(posts({"thread": deep})) == 5000


def test_a_flat_thread_is_read() -> None:
    assert outline(flat_thread()) == [
        (address("parent"), "/thread/1/value/post", Relation.REPLY_PARENT),
        (address("1"), "/thread/2/value/post", None),
        (address("reply"), "/thread/3/value/post", None),
    ]
    (fault,) = [part for part in read(flat_thread()) if isinstance(part, Fault)]
    assert fault.locator.pointer == "/thread/0"


def test_a_post_that_is_gone_is_a_fault() -> None:
    (fault,) = read({"thread": NOT_FOUND})
    assert isinstance(fault, Fault)
    assert address("404") in fault.reason


@pytest.mark.parametrize("embed", [RAW_IMAGES, RAW_GALLERY, RAW_BOTH])
def test_a_raw_record_s_blob_is_had_from_the_account_s_server_then_from_the_cdn(embed: Any) -> None:
    (picture,) = media(raw_record(embed))
    assert [candidate.url for candidate in picture.candidates] == [blob_url(0), full(0)]
    assert picture.alt_text == "alt 0"


def test_a_raw_video_and_a_raw_link_are_blobs_too() -> None:
    (clip,) = media(raw_record(RAW_VIDEO))
    assert (clip.media_type, clip.url) == (MediaType.VIDEO, blob_url(3))
    (preview,) = media(raw_record(RAW_LINK))
    assert (preview.role, preview.url) == (Role.LINK_PREVIEW, blob_url(1))


def test_a_view_without_its_embed_shows_what_the_record_embeds() -> None:
    (picture,) = media(post("1", record=record("1", RAW_IMAGES)))
    assert picture.url == blob_url(0)


def test_a_picture_without_anything_to_get_it_from_is_named() -> None:
    (picture,) = media(post("1", {"$type": "app.bsky.embed.images#view", "images": [{"alt": "x"}]}))
    assert picture.url is None
    assert picture.note


def test_events_of_jetstream_are_records() -> None:
    (found,) = posts(event(RAW_IMAGES))
    assert (found.native_id, found.author_id) == (address("1"), DID)
    assert BLUESKY.media(found.raw)[0].url == blob_url(0)
    (fault,) = read(event(None, "app.bsky.feed.like"))
    assert isinstance(fault, Fault)
    assert "app.bsky.feed.like" in fault.reason


def test_who_when_where_and_what_are_read() -> None:
    (found,) = posts(post("1"))
    assert (found.author_id, found.author_handle, found.author_name) == (DID, "ann.bsky.social", "Ann")
    assert found.posted_at == datetime(2023, 4, 30, 6, 26, 7, 1000, tzinfo=UTC)
    assert found.url == "https://bsky.app/profile/ann.bsky.social/post/1"
    assert found.text == "post 1"
    assert (found.like_count, found.share_count) == (100, 8)


def test_without_a_handle_the_url_still_leads_to_the_post() -> None:
    (found,) = posts(raw_record(RAW_IMAGES))
    assert found.url == f"https://bsky.app/profile/{DID}/post/1"


def test_a_blanked_address_leaves_the_cid() -> None:
    (found,) = posts(post("1", images_view(0), uri=""))
    assert found.native_id == "bafyrei1"
    assert BLUESKY.media(found.raw)[0].url == blob_url(0)


def test_accounts_and_references_are_no_posts() -> None:
    for value in ({"did": DID, "handle": "ann", "avatar": CDN.format("avatar", DID, CIDS[0])}, {"uri": address("1")}):
        (fault,) = read(value)
        assert isinstance(fault, Fault)
