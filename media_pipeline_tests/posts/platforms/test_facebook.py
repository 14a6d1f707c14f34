"""What a post of Facebook shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaType, Post, Record, Relation, Role
from media_pipeline.posts.coverage import CoverageCounter
from media_pipeline.posts.platforms.facebook import Facebook
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts import facebook_shapes as shapes
from media_pipeline_tests.posts import instagram_shapes
from media_pipeline_tests.posts.facebook_shapes import CLIP, LINKED, NUMBER, PAGE, PICTURE, STREAM
from media_pipeline_tests.posts.linkedin_shapes import linkedin
from media_pipeline_tests.posts.twitter_shapes import photo, status, v2_page

FACEBOOK = Facebook()
IMAGE, VIDEO = MediaType.IMAGE, MediaType.VIDEO


def read(value: Any) -> list[Post | Fault]:
    return list(FACEBOOK.posts(Record(value, Locator(offset=0))))


def shown(raw: dict[str, Any]) -> list[tuple[MediaType, str | None]]:
    return [(ref.media_type, ref.url) for ref in FACEBOOK.media(raw) if ref.role is Role.MEDIA]


def in_role(raw: dict[str, Any], role: Role) -> list[str]:
    return [c.url for ref in FACEBOOK.media(raw) for c in ref.candidates if c.role is role]


def test_who_when_where_and_what_are_read_from_the_graph_api() -> None:
    (post,) = read(shapes.graph_photo_post())
    assert isinstance(post, Post)
    assert (post.native_id, post.url) == (NUMBER, PAGE)
    assert (post.author_id, post.author_name) == ("565225540184937", "Ann")
    assert post.posted_at == datetime(2020, 2, 18, 5, 20, 33, tzinfo=UTC)
    assert (post.text, post.like_count, post.share_count) == ("hello", 7, 3)


@pytest.mark.parametrize(
    ("raw", "number"),
    [(shapes.apify(), "813244967697043"), (shapes.bright_data(), "1325707186087218"), (shapes.plain(), "379")],
    ids=["apify", "bright data", "facebook-scraper"],
)
def test_who_when_and_what_are_read_from_scrapers(raw: dict[str, Any], number: str) -> None:
    (post,) = read(raw)
    assert isinstance(post, Post)
    assert (post.native_id, post.author_id, post.author_name, post.author_handle) == (number, "77", "Ann", "ann")
    assert post.posted_at == datetime(2025, 8, 6, 7, 22, 37, tzinfo=UTC)
    assert (post.text, post.like_count, post.share_count) == ("hello", 7, 3)


def test_a_page_s_number_is_the_author_where_nobody_is_named() -> None:
    (post,) = read(shapes.graph() | {"from": None})
    assert isinstance(post, Post)
    assert post.author_id == "565225540184937"


def test_a_scraped_post_without_a_number_has_its_address_as_id() -> None:
    raw = {"url": "https://www.facebook.com/ann/posts/pfbid0nJq", "text": "hello", "media": [shapes.apify_photo()]}
    (post,) = read([raw])
    assert isinstance(post, Post)
    assert post.native_id == "https://www.facebook.com/ann/posts/pfbid0nJq"
    assert post.author_handle == "ann"


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ({"data": [shapes.graph(), shapes.graph()], "paging": {}}, ["/data/0", "/data/1"]),
        ({NUMBER: shapes.graph()}, [f"/{NUMBER}"]),
        ({NUMBER: {"message": "hello", "created_time": "2020-02-18T05:20:33+0000"}}, [f"/{NUMBER}"]),
        ({"id": "1", "posts": {"data": [shapes.graph()]}}, ["/posts/data/0"]),
        ({"photos": {"data": [shapes.photo_object()]}}, ["/photos/data/0"]),
        ([shapes.apify(), shapes.plain()], ["/0", "/1"]),
        (shapes.graph(sharedposts={"data": [shapes.graph()]}), ["", "/sharedposts/data/0"]),
    ],
    ids=telling,
)
def test_posts_are_found_wherever_an_api_puts_them(value: Any, places: list[str]) -> None:
    posts = [part for part in read(value) if isinstance(part, Post)]
    assert [post.locator.pointer for post in posts] == places
    assert all(post.native_id for post in posts)


def test_comments_are_no_posts_and_their_pictures_no_media() -> None:
    (post,) = read(shapes.commented())
    assert isinstance(post, Post)
    assert shown(shapes.commented()) == [(IMAGE, PICTURE.format("a", "p720"))]
    comment = {
        "id": "4018_1",
        "message": "nice",
        "created_time": "2020-02-18T05:20:33+0000",
        "permalink_url": f"{PAGE}?comment_id=1",
        "comment_count": 0,
    }
    assert isinstance(read({"data": [comment]})[0], Fault)


def test_a_post_that_lost_its_id_is_a_fault_and_the_others_are_kept() -> None:
    good, fault = read({"data": [shapes.graph(), shapes.graph(permalink_url=None, id=None)]})
    assert isinstance(good, Post)
    assert isinstance(fault, Fault)
    assert "without an id" in fault.reason
    assert fault.locator.pointer == "/data/1"


def test_a_scrapers_error_row_is_a_fault_that_names_the_page() -> None:
    (fault,) = read([{"url": PAGE, "error": "not_available"}])
    assert isinstance(fault, Fault)
    assert PAGE in fault.reason
    assert "not_available" in fault.reason


@pytest.mark.parametrize(
    "value",
    [
        *({}, [], None, "x", {"data": []}, {"id": "1", "name": "a page"}, [PICTURE.format("a", "s960")]),
        *(status(1, photo()), linkedin(), v2_page()),
        *(instagram_shapes.private(), instagram_shapes.graph_api(), instagram_shapes.bright_data()),
        {"url": PAGE, "title": "a card of another platform", "image": PICTURE.format("a", "s960")},
    ],
    ids=telling,
)
def test_what_is_no_post_of_facebook_is_a_fault(value: Any) -> None:
    (fault,) = read(value)
    assert isinstance(fault, Fault)
    assert "no post of facebook" in fault.reason


def test_a_photo_is_the_attachment_s_and_full_picture_shows_it_once_more() -> None:
    (reference,) = FACEBOOK.media(shapes.graph_photo_post())
    assert [(c.url, c.role) for c in reference.candidates] == [
        (PICTURE.format("a", "p720"), Role.MEDIA),
        (PICTURE.format("a", "full"), Role.MEDIA),
        (PICTURE.format("a", "p130"), Role.POSTER),
    ]
    assert reference.candidates[0].width == 720


def test_an_album_shows_its_subattachments_in_order() -> None:
    raw = shapes.graph_album()
    assert shown(raw) == [
        (IMAGE, PICTURE.format("a", "p720")),
        (IMAGE, PICTURE.format("b", "p720")),
        (VIDEO, CLIP.format("c")),
    ]
    assert in_role(raw, Role.POSTER) == [PICTURE.format("c", "p720")]


def test_an_album_s_own_picture_is_a_cover_when_it_is_another_one() -> None:
    album = shapes.attachment(
        "album", shapes.image("other"), subattachments={"data": [shapes.attachment("photo", shapes.image("a"))]}
    )
    raw = shapes.graph(album)
    assert shown(raw) == [(IMAGE, PICTURE.format("a", "p720"))]
    assert in_role(raw, Role.COVER) == [PICTURE.format("other", "p720")]


def test_an_album_without_its_subattachments_says_what_is_missing() -> None:
    first, second = FACEBOOK.media(shapes.graph(shapes.attachment("album", shapes.image("a"))))
    assert first.url == PICTURE.format("a", "p720")
    assert (second.url, second.note) == (None, "the other pictures of the album: the export gives no URL for it")


def test_a_link_s_picture_is_a_preview_in_all_its_sizes() -> None:
    raw = shapes.graph_link()
    (reference,) = FACEBOOK.media(raw)
    assert (reference.role, reference.url) == (Role.LINK_PREVIEW, LINKED.format(720))
    assert in_role(raw, Role.LINK_PREVIEW) == [LINKED.format(size) for size in (720, 1, 130)]
    (alone,) = FACEBOOK.media(shapes.graph(full_picture=LINKED.format(1), attachments=None))
    assert alone.role is Role.LINK_PREVIEW
    (uploaded,) = FACEBOOK.media(shapes.graph(shapes.attachment("share"), full_picture=PICTURE.format("a", "full")))
    assert uploaded.role is Role.LINK_PREVIEW


def test_a_video_of_another_site_is_a_preview() -> None:
    media = {**shapes.image("a"), "source": "https://www.youtube.com/embed/x?autoplay=1"}
    (reference,) = FACEBOOK.media(shapes.graph(shapes.attachment("video_share_youtube", media)))
    assert (reference.role, reference.url) == (Role.LINK_PREVIEW, PICTURE.format("a", "p720"))


def test_a_video_has_its_source_and_its_picture_as_poster() -> None:
    raw = shapes.graph_video()
    assert shown(raw) == [(VIDEO, CLIP.format("v"))]
    assert in_role(raw, Role.POSTER) == [PICTURE.format("poster", "p720"), PICTURE.format("poster", "full")]


def test_a_video_whose_source_was_not_exported_says_so() -> None:
    (reference,) = FACEBOOK.media(shapes.graph_video(None))
    assert (reference.media_type, reference.url) == (VIDEO, None)
    assert reference.note == "the export gives the preview of the video, not the video"
    assert {c.role for c in reference.candidates} == {Role.POSTER}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"full_picture": PICTURE.format("a", "full")}, [(IMAGE, PICTURE.format("a", "full"))]),
        ({"picture": PICTURE.format("a", "p130"), "type": "photo"}, [(IMAGE, PICTURE.format("a", "p130"))]),
        ({"type": "video", "source": CLIP.format("v")}, [(VIDEO, CLIP.format("v"))]),
        ({"status_type": "added_photos"}, [(IMAGE, None)]),
        ({"status_type": "added_video"}, [(VIDEO, None)]),
        ({"status_type": "mobile_status_update"}, []),
    ],
    ids=telling,
)
def test_without_attachments_full_picture_stands_in(more: dict[str, Any], expected: list[Any]) -> None:
    raw = shapes.graph(**more)
    assert shown(raw) == expected
    assert all(bool(ref.note) == (ref.url is None) for ref in FACEBOOK.media(raw))


def test_full_picture_stands_in_for_an_attachment_without_a_picture() -> None:
    (reference,) = FACEBOOK.media(shapes.graph(shapes.attachment("photo"), full_picture=PICTURE.format("a", "full")))
    assert (reference.url, reference.note) == (PICTURE.format("a", "full"), None)


def test_a_photo_object_offers_its_largest_size_first_then_webp() -> None:
    (reference,) = FACEBOOK.media(shapes.photo_object())
    assert [c.url for c in reference.candidates] == [
        *(PICTURE.format("a", f"p{size}") for size in (2048, 600, 130)),
        *(PICTURE.format("a", f"webp{size}") for size in (2048, 600, 130)),
        PICTURE.format("a", "p131"),
    ]
    assert reference.candidates[-1].role is Role.POSTER
    assert reference.alt_text == "a reef"
    (post,) = read(shapes.photo_object())
    assert isinstance(post, Post)
    assert (post.text, post.author_name) == ("hello", "Ann")


def test_a_video_object_has_its_thumbnails_as_posters() -> None:
    raw = shapes.video_object()
    (post,) = read(raw)
    assert isinstance(post, Post)
    assert (post.native_id, post.text) == ("1020", "hello")
    assert shown(raw) == [(VIDEO, CLIP.format("v"))]
    assert in_role(raw, Role.POSTER) == [PICTURE.format("v", f"p{size}") for size in (1280, 480, 320, 130)]


def test_a_photo_of_apify_is_its_picture_not_its_page_or_thumbnail() -> None:
    (reference,) = FACEBOOK.media(shapes.apify())
    assert [(c.url, c.role) for c in reference.candidates] == [
        (PICTURE.format("a", "s960"), Role.MEDIA),
        (PICTURE.format("a", "s320"), Role.POSTER),
    ]
    assert reference.alt_text == "May be an image of text"
    (small,) = FACEBOOK.media(shapes.apify(media=[{"__typename": "Photo", "thumbnail": PICTURE.format("a", "s320")}]))
    assert small.url == PICTURE.format("a", "s320")


def test_a_video_of_apify_is_in_high_definition_with_posters() -> None:
    raw = shapes.apify(media=[shapes.apify_video()])
    assert in_role(raw, Role.MEDIA) == [CLIP.format("hd"), CLIP.format("sd")]
    assert in_role(raw, Role.POSTER) == [PICTURE.format("v", "s640"), PICTURE.format("v", "s320")]


def test_apify_s_posts_of_groups_list_attachments() -> None:
    assert shown(shapes.apify(media=None, attachments=[shapes.apify_photo("g")])) == [
        (IMAGE, PICTURE.format("g", "s960"))
    ]


def test_a_named_medium_without_a_file_says_why() -> None:
    photo_, video = FACEBOOK.media(shapes.apify(media=[{"__typename": "Photo", "id": "1"}, {"__typename": "Video"}]))
    assert (photo_.media_type, photo_.url, bool(photo_.note)) == (IMAGE, None, True)
    assert (video.media_type, video.url, bool(video.note)) == (VIDEO, None, True)


def test_the_url_of_bright_data_s_video_is_its_poster() -> None:
    raw = shapes.bright_data()
    assert shown(raw) == [(IMAGE, PICTURE.format("a", "s960")), (VIDEO, STREAM.format("v"))]
    assert in_role(raw, Role.POSTER) == [PICTURE.format("v", "s960")]
    (alone,) = FACEBOOK.media(shapes.bright_data(attachments=[{"type": "Video", "url": PICTURE.format("v", "s960")}]))
    assert (alone.media_type, alone.url) == (VIDEO, None)
    assert alone.note


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (shapes.plain(), [(IMAGE, PICTURE.format("a", "s960")), (IMAGE, PICTURE.format("b", "s960"))]),
        (
            shapes.plain(images=[], image=None),
            [(IMAGE, PICTURE.format("a", "s320")), (IMAGE, PICTURE.format("b", "s320"))],
        ),
        (
            {"url": PAGE, "text": "x", "media": [PICTURE.format("a", "s1"), CLIP.format("v")]},
            [(IMAGE, PICTURE.format("a", "s1")), (VIDEO, CLIP.format("v"))],
        ),
        ({"url": PAGE, "text": "x", "attachments": [PICTURE.format("a", "s1")]}, [(IMAGE, PICTURE.format("a", "s1"))]),
        (
            {"url": PAGE, "text": "x", "images": [{"link": PICTURE.format("a", "s1")}], "videos": [STREAM.format("v")]},
            [(IMAGE, PICTURE.format("a", "s1")), (VIDEO, STREAM.format("v"))],
        ),
        (
            shapes.plain(images=[], image=None, images_lowquality=[], video=CLIP.format("v")),
            [(VIDEO, CLIP.format("v"))],
        ),
    ],
    ids=telling,
)
def test_lists_of_plain_urls_are_media(raw: dict[str, Any], expected: list[Any]) -> None:
    assert shown(raw) == expected


def test_a_repost_shows_the_inner_media_and_a_quote_does_not() -> None:
    inner = shapes.apify(postId="9", media=[shapes.apify_photo("inner")])
    repost, quote = shapes.apify(text=None, media=[], sharedPost=inner), shapes.apify(media=[], sharedPost=inner)
    parts = [part for part in read([repost, quote]) if isinstance(part, Post)]
    assert [(part.native_id, part.locator.pointer, part.relation) for part in parts] == [
        ("813244967697043", "/0", None),
        ("9", "/0/sharedPost", Relation.REPOSTED),
        ("813244967697043", "/1", None),
        ("9", "/1/sharedPost", Relation.QUOTED),
    ]
    assert shown(repost) == [(IMAGE, PICTURE.format("inner", "s960"))]
    assert shown(quote) == []


def test_a_shared_post_that_cannot_be_told_is_a_fault() -> None:
    outer, fault = read(shapes.apify(sharedPost={"text": "x", "media": [shapes.apify_photo()]}))
    assert isinstance(outer, Post)
    assert isinstance(fault, Fault)
    assert "shared post" in fault.reason


@pytest.mark.parametrize("shape", shapes.ALL, ids=telling)
def test_every_media_url_of_every_shape_is_explained(shape: Any) -> None:
    counter = CoverageCounter(FACEBOOK)
    counter.add(shape, [ref for post in read(shape) if isinstance(post, Post) for ref in FACEBOOK.media(post.raw)])
    assert counter.result().unexplained == ()


def test_a_post_of_the_official_export_has_its_files_its_words_and_its_owner() -> None:
    about = {"name": {"full_name": "Anna Gr\u00c3\u00bcn"}, "profile_uri": "https://www.facebook.com/anna"}
    (post,) = FACEBOOK.posts(Record(shapes.exported_post(), Locator(), owner={"profile_v2": about}))
    assert isinstance(post, Post)
    assert (post.native_id, post.text) == ("export-1741055610-1_n", "sch\u00f6n")
    assert (post.author_handle, post.author_name) == ("anna", "Anna Gr\u00fcn")
    assert post.posted_at == datetime(2025, 3, 4, 2, 33, 37, tzinfo=UTC)
    first, second = FACEBOOK.media(post.raw)
    assert (first.files, first.alt_text) == ((f"{shapes.EXPORTED}/Timeline_AbCd/1_n.jpg",), "Gr\u00fc\u00dfe")
    assert (second.media_type, second.files) == (IMAGE, (f"{shapes.EXPORTED}/Timeline_AbCd/2_n.jpg",))


def test_a_post_and_its_media_are_the_same_in_an_export_whose_folders_end_otherwise() -> None:
    text = json.dumps(shapes.exported_post())
    (post,), (again,) = (read(json.loads(text.replace("AbCd", end))) for end in ("AbCd", "XyZw"))
    assert isinstance(post, Post)
    assert isinstance(again, Post)
    assert post.native_id == again.native_id
    assert [ref.key for ref in FACEBOOK.media(post.raw)] == [ref.key for ref in FACEBOOK.media(again.raw)]


def test_a_video_and_a_picture_of_an_album_are_posts_by_themselves() -> None:
    (clip,) = read(shapes.exported_videos())
    (picture,) = read(shapes.exported_album())
    assert isinstance(clip, Post)
    assert isinstance(picture, Post)
    assert (clip.text, [(ref.media_type, ref.role) for ref in FACEBOOK.media(clip.raw)]) == (
        "clip",
        [(VIDEO, Role.MEDIA), (IMAGE, Role.POSTER)],
    )
    assert [ref.files for ref in FACEBOOK.media(picture.raw)] == [(f"{shapes.EXPORTED}/Profilepictures_1/1.jpg",)]


def test_a_shared_link_of_the_official_export_is_no_medium_and_the_address_of_2020_is_a_candidate() -> None:
    (link,) = read(shapes.exported_link())
    (post,) = read(shapes.exported_address())
    assert isinstance(link, Post)
    assert isinstance(post, Post)
    assert FACEBOOK.media(link.raw) == ()
    (ref,) = FACEBOOK.media(post.raw)
    assert (ref.files, ref.url) == ((), "https://interncache-atn.fbcdn.net/v/t1.0-9/118_n.jpg?oh=a&oe=5F800000")


@pytest.mark.parametrize(
    "value",
    [
        {"participants": [], "messages": [{"timestamp_ms": 1, "photos": [shapes.exported_file("1.jpg")]}]},
        {"timestamp": 1, "title": "Anna likes a page"},
        {"timestamp": 1, "data": [{"comment": {"comment": "c"}}]},
        {"photos": [shapes.exported_file("1.jpg")]},
    ],
    ids=telling,
)
def test_what_is_no_post_of_the_official_export_is_none(value: Any) -> None:
    assert not [part for part in read(value) if isinstance(part, Post)]


def test_a_video_without_its_source_is_a_post_with_a_medium_without_a_url() -> None:
    (post,) = read(shapes.graph_video_without_source())
    assert isinstance(post, Post)
    (ref,) = FACEBOOK.media(post.raw)
    assert (post.native_id, ref.media_type, ref.url) == ("1192957457884299", VIDEO, None)
    assert [candidate.role for candidate in ref.candidates] == [Role.POSTER]
