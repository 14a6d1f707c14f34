"""What a post of Instagram shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaType, Post, Record, Role
from media_pipeline.posts.coverage import CoverageCounter
from media_pipeline.posts.platforms.instagram import Instagram
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts import instagram_shapes as shapes
from media_pipeline_tests.posts.instagram_shapes import CLIP, CODE, NUMBER, PAGE, PICTURE, SONG
from media_pipeline_tests.posts.linkedin_shapes import linkedin
from media_pipeline_tests.posts.twitter_shapes import photo, status, v2_page

INSTAGRAM = Instagram()
IMAGE, VIDEO = MediaType.IMAGE, MediaType.VIDEO


def read(value: Any) -> list[Post | Fault]:
    return list(INSTAGRAM.posts(Record(value, Locator(offset=0))))


def shown(raw: dict[str, Any]) -> list[tuple[MediaType, str | None]]:
    return [(ref.media_type, ref.url) for ref in INSTAGRAM.media(raw) if ref.role is Role.MEDIA]


def in_role(raw: dict[str, Any], role: Role) -> list[str]:
    return [c.url for ref in INSTAGRAM.media(raw) for c in ref.candidates if c.role is role]


@pytest.mark.parametrize(
    "raw",
    [shapes.private(), shapes.node(), shapes.apify(), shapes.bright_data(), shapes.attached()],
    ids=["private", "graphql", "apify", "bright data", "src_attached"],
)
def test_who_when_and_what_are_read_alike_in_every_shape(raw: dict[str, Any]) -> None:
    (post,) = read(raw)
    assert isinstance(post, Post)
    assert post.native_id == NUMBER
    assert post.posted_at == datetime(2025, 8, 12, 16, 19, 28, tzinfo=UTC)
    assert (post.text, post.like_count, post.url) == ("hello", 7, PAGE)
    if "src_attached" not in raw:
        assert (post.author_id, post.author_handle) == ("77", "ann")


def test_the_graph_api_has_ids_and_pages_of_its_own() -> None:
    (post,) = read(shapes.graph_api())
    assert isinstance(post, Post)
    assert (post.native_id, post.url, post.author_handle) == ("17896129349106152", PAGE, "ann")
    assert post.posted_at == datetime(2025, 8, 12, 16, 19, 28, tzinfo=UTC)


def test_the_app_knows_names_and_shares() -> None:
    (post,) = read(shapes.private())
    assert isinstance(post, Post)
    assert (post.author_name, post.share_count) == ("Ann", 3)


def test_hidden_likes_are_unknown() -> None:
    (post,) = read(shapes.apify(likesCount=-1))
    assert isinstance(post, Post)
    assert post.like_count is None


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ({"items": [shapes.private(), {"media": shapes.private()}]}, ["/items/0", "/items/1/media"]),
        ({"feed_items": [{"media_or_ad": shapes.private()}]}, ["/feed_items/0/media_or_ad"]),
        ({"posts": [{"node": shapes.private()}]}, ["/posts/0/node"]),
        (
            {"sectional_items": [{"layout_content": {"fill_items": [{"media": shapes.private()}]}}]},
            ["/sectional_items/0/layout_content/fill_items/0/media"],
        ),
        (
            shapes.timeline(shapes.node(), key="edge_hashtag_to_media"),
            ["/data/user/edge_hashtag_to_media/edges/0/node"],
        ),
        ({"reels_media": [{"id": "9", "items": [shapes.node()]}]}, ["/reels_media/0/items/0"]),
        ({"data": [shapes.graph_api()]}, ["/data/0"]),
        ({"17896129349106152": shapes.graph_api()}, ["/17896129349106152"]),
        ({"business_discovery": {"media": {"data": [shapes.graph_api()]}}}, ["/business_discovery/media/data/0"]),
        ([shapes.apify(), {"latestPosts": [shapes.apify()]}], ["/0", "/1/latestPosts/0"]),
    ],
    ids=telling,
)
def test_posts_are_found_wherever_an_api_puts_them(value: Any, places: list[str]) -> None:
    assert [part.locator.pointer for part in read(value) if isinstance(part, Post)] == places


def test_what_the_website_shows_below_a_post_are_posts_too() -> None:
    below = {"edges": [{"node": shapes.node("5")}]}
    parts = read({"data": {"shortcode_media": shapes.node(edge_web_media_to_related_media=below)}})
    assert [part.native_id for part in parts if isinstance(part, Post)] == [NUMBER, "5"]


def test_a_post_without_an_id_is_known_by_its_shortcode() -> None:
    nameless = {key: value for key, value in shapes.node().items() if key != "id"}
    (post,) = read(nameless)
    assert isinstance(post, Post)
    assert post.native_id == NUMBER


def test_a_post_without_id_and_shortcode_is_a_fault_and_the_others_are_kept() -> None:
    bad = {key: value for key, value in shapes.private().items() if key not in ("pk", "id", "code")}
    good, fault = read({"items": [shapes.private(), bad]})
    assert isinstance(good, Post)
    assert isinstance(fault, Fault)
    assert "without an id" in fault.reason
    assert fault.locator.pointer == "/items/1"


def test_a_scrapers_error_row_is_a_fault_that_names_the_page() -> None:
    (fault,) = read([{"url": PAGE, "error": "not_found"}])
    assert isinstance(fault, Fault)
    assert PAGE in fault.reason
    assert "not_found" in fault.reason


@pytest.mark.parametrize(
    "value",
    [
        *({}, [], None, "x", {"items": []}, {"user": {"pk": 1, "username": "ann"}}, {"id": "1", "text": "a comment"}),
        *(status(1, photo()), linkedin(), v2_page(), {"id": "1_2", "created_time": "2020", "message": "facebook"}),
    ],
    ids=telling,
)
def test_what_is_no_post_of_instagram_is_a_fault(value: Any) -> None:
    (fault,) = read(value)
    assert isinstance(fault, Fault)
    assert "no post of instagram" in fault.reason


def test_the_largest_picture_comes_first_and_the_others_are_kept() -> None:
    (reference,) = INSTAGRAM.media(shapes.private())
    assert [(c.url, c.width) for c in reference.candidates] == [
        (PICTURE.format("a", "s1440"), 1440),
        (PICTURE.format("a", "s640"), 640),
        (PICTURE.format("a", "s150"), 150),
    ]
    assert reference.alt_text == "a reef"
    assert {c.rule for c in reference.candidates} == {"image_versions2 by area"}


def test_the_largest_video_comes_first_by_area_then_bitrate_and_its_pictures_are_posters() -> None:
    raw = shapes.private_video()
    assert shown(raw) == [(VIDEO, CLIP.format("clip720"))]
    assert in_role(raw, Role.MEDIA) == [CLIP.format(f"clip{name}") for name in ("720", "720low", "480")]
    assert in_role(raw, Role.POSTER) == [
        *(PICTURE.format("p", f"s{width}") for width in (1440, 640, 150)),
        PICTURE.format("frame", "s640"),
    ]


def test_an_album_shows_its_children_and_keeps_its_cover_apart() -> None:
    raw = shapes.private_album()
    assert shown(raw) == [(IMAGE, PICTURE.format("one", "s1440")), (VIDEO, CLIP.format("two720"))]
    assert in_role(raw, Role.COVER) == [PICTURE.format("cover", f"s{width}") for width in (1440, 640, 150)]


def test_an_album_without_its_children_names_what_is_missing() -> None:
    first, second = INSTAGRAM.media(shapes.private_album(carousel_media=None))
    assert first.url == PICTURE.format("cover", "s1440")
    assert (second.url, second.note) == (None, "picture 2 of the album: the export gives no URL for it")
    uncounted = INSTAGRAM.media(shapes.node(__typename="GraphSidecar"))
    assert [ref.note for ref in uncounted] == [
        None,
        "the other pictures of the album: the export gives no URL for it",
    ]


@pytest.mark.parametrize("missing", [None, {}, {"candidates": None}, {"candidates": [None, {"url": None}]}])
def test_a_picture_without_a_url_says_why(missing: Any) -> None:
    (reference,) = INSTAGRAM.media(shapes.private(image_versions2=missing))
    assert (reference.media_type, reference.candidates) == (IMAGE, ())
    assert reference.note


def test_a_video_without_its_file_keeps_the_poster() -> None:
    (reference,) = INSTAGRAM.media(shapes.private_video() | {"video_versions": None})
    assert (reference.media_type, reference.url) == (VIDEO, None)
    assert reference.note
    assert {c.role for c in reference.candidates} == {Role.POSTER}


def test_a_song_is_a_soundtrack_of_its_own_and_its_artwork_no_medium() -> None:
    picture, song = INSTAGRAM.media(shapes.with_song())
    assert picture.role is Role.MEDIA
    assert (song.media_type, song.role, song.url) == (MediaType.AUDIO, Role.SOUNDTRACK, SONG)


def test_the_website_s_picture_is_display_url_and_its_squares_are_previews() -> None:
    raw = shapes.node()
    (reference,) = INSTAGRAM.media(raw)
    assert (reference.url, reference.candidates[0].width) == (PICTURE.format("a", "s1080"), 1080)
    assert in_role(raw, Role.POSTER) == [PICTURE.format("a", "c640"), PICTURE.format("a", "c150")]


def test_a_resource_that_is_declared_larger_than_display_url_is_better() -> None:
    small = shapes.node(display_url=PICTURE.format("a", "s320"), dimensions={"width": 320, "height": 400})
    assert shown(small) == [(IMAGE, PICTURE.format("a", "s1080"))]


def test_an_album_of_the_website_has_pictures_and_videos_in_order() -> None:
    assert shown(shapes.node_album()) == [(IMAGE, PICTURE.format("one", "s1080")), (VIDEO, CLIP.format("two"))]


def test_what_instaloader_got_from_the_app_is_better_than_the_website_s() -> None:
    (reference,) = INSTAGRAM.media(shapes.node(iphone_struct=shapes.private()))
    assert reference.url == PICTURE.format("a", "s1440")
    assert PICTURE.format("a", "s1080") in [c.url for c in reference.candidates]


def test_children_of_the_graph_api_may_be_without_a_url() -> None:
    picture, video, withheld = INSTAGRAM.media(shapes.graph_api_album())
    assert (picture.url, video.url) == (PICTURE.format("g", "full"), CLIP.format("g"))
    assert (withheld.media_type, withheld.url, withheld.candidates[0].role) == (VIDEO, None, Role.POSTER)
    assert withheld.note
    (bare,) = INSTAGRAM.media(
        shapes.graph_api(media_type="CAROUSEL_ALBUM", media_url=None, children={"data": [{"id": "1"}]})
    )
    assert (bare.url, bool(bare.note)) == (None, True)


def test_an_album_of_apify_lists_each_medium_once() -> None:
    first, second = INSTAGRAM.media(shapes.apify_album())
    assert (first.url, first.alt_text) == (PICTURE.format("a", "s1080"), "first")
    assert (second.media_type, second.url) == (VIDEO, CLIP.format("b"))
    assert [c.role for c in second.candidates] == [Role.MEDIA, Role.POSTER]


def test_the_images_of_apify_stand_in_for_missing_children() -> None:
    assert shown(shapes.apify_album(childPosts=[])) == [
        (IMAGE, PICTURE.format("a", "s1080")),
        (IMAGE, PICTURE.format("b", "s1080")),
    ]


def test_a_video_of_apify_has_its_picture_as_poster() -> None:
    raw = shapes.apify(type="Video", videoUrl=CLIP.format("v"))
    assert shown(raw) == [(VIDEO, CLIP.format("v"))]
    assert in_role(raw, Role.MEDIA) == [CLIP.format("v")], "and its page is no file"
    assert in_role(raw, Role.POSTER) == [PICTURE.format("a", "s1080")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [(IMAGE, PICTURE.format("a", "s1080")), (IMAGE, PICTURE.format("b", "s1080"))]),
        ({"src_attached": None}, [(IMAGE, PICTURE.format("a", "s1080"))]),
        ({"src_attached": [], "video_url": CLIP.format("v")}, [(VIDEO, CLIP.format("v"))]),
        ({"src_attached": [{"src": PICTURE.format("c", "s1")}]}, [(IMAGE, PICTURE.format("c", "s1"))]),
    ],
    ids=telling,
)
def test_attached_sources_are_the_media(more: dict[str, Any], expected: list[Any]) -> None:
    assert shown(shapes.attached(**more)) == expected


def test_bright_data_s_lists_show_the_content_once_more() -> None:
    assert shown(shapes.bright_data()) == [(IMAGE, PICTURE.format("a", "s1080")), (VIDEO, CLIP.format("b"))]
    listed = {key: value for key, value in shapes.bright_data().items() if key != "post_content"}
    assert shown(listed) == [(IMAGE, PICTURE.format("a", "s1080")), (VIDEO, CLIP.format("b"))]


def test_instagrapi_s_resources_are_the_children() -> None:
    resources = [
        {"pk": "1", "media_type": 1, "thumbnail_url": PICTURE.format("one", "s1")},
        {"pk": "2", "media_type": 2, "thumbnail_url": PICTURE.format("two", "s1"), "video_url": CLIP.format("two")},
    ]
    raw = {"pk": NUMBER, "code": CODE, "media_type": 8, "taken_at": "2025-08-12T16:19:28Z", "resources": resources}
    assert isinstance(read(raw)[0], Post)
    assert shown(raw) == [(IMAGE, PICTURE.format("one", "s1")), (VIDEO, CLIP.format("two"))]


@pytest.mark.parametrize("shape", shapes.ALL, ids=telling)
def test_every_media_url_of_every_shape_is_explained(shape: Any) -> None:
    counter = CoverageCounter(INSTAGRAM)
    counter.add(shape, [ref for post in read(shape) if isinstance(post, Post) for ref in INSTAGRAM.media(post.raw)])
    assert counter.result().unexplained == ()


def test_an_album_of_the_official_export_has_its_files_its_caption_and_its_time() -> None:
    (post,) = read(shapes.exported_album())
    assert isinstance(post, Post)
    assert (post.native_id, post.text) == ("export-1_n", "Zwei Tage am See")
    assert post.posted_at == datetime(2024, 5, 13, 2, 21, 20, tzinfo=UTC)
    found = [(ref.media_type, ref.role, ref.files, ref.url, ref.key) for ref in INSTAGRAM.media(post.raw)]
    assert found == [
        (MediaType.IMAGE, Role.MEDIA, ("media/posts/202405/1_n.webp",), None, "id:1_n.webp"),
        (MediaType.VIDEO, Role.MEDIA, ("media/posts/202405/AQ_2_v_1790",), None, "id:AQ_2_v_1790"),
        (MediaType.DOCUMENT, Role.SUBTITLES, ("media/posts/202405/3_n.srt",), None, "id:3_n.srt"),
    ]


def test_the_owner_of_an_official_export_is_the_author_in_whatever_language() -> None:
    said = {
        "Benutzername": {"value": "anna.example"},
        "Name": {"value": "Anna Gr\u00c3\u00bcn"},
        "E-Mail": {"value": "a@b.c"},
    }
    record = Record(shapes.exported_story(), Locator(), owner={"profile_user": [{"string_map_data": said}]})
    (post,) = INSTAGRAM.posts(record)
    assert isinstance(post, Post)
    assert (post.author_handle, post.author_name, post.text) == ("anna.example", "Anna Grün", None)


@pytest.mark.parametrize(
    "value",
    [
        {"messages": [{"photos": [{"uri": "messages/inbox/1/photos/1.jpg", "creation_timestamp": 1}]}]},
        {"media": [{"uri": "https://host/1.jpg", "creation_timestamp": 1}]},
        {"media": []},
        {"ig_stories": [{"uri": "media/stories/1.jpg"}]},
    ],
    ids=telling,
)
def test_what_is_no_post_of_the_official_export_is_none(value: Any) -> None:
    assert not [part for part in read(value) if isinstance(part, Post)]


def test_a_story_of_the_website_has_its_video_the_largest_first() -> None:
    (post,) = read(shapes.website_story())
    assert isinstance(post, Post)
    (video,) = (ref for ref in INSTAGRAM.media(post.raw) if ref.role is Role.MEDIA)
    own = [candidate for candidate in video.candidates if candidate.role is Role.MEDIA]
    assert (video.media_type, [candidate.width for candidate in own]) == (VIDEO, [720, 480])
