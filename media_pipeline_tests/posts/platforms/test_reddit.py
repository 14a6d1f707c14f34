"""What a post of Reddit shows, in listings, pages and dumps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaRef, MediaType, Post, Record, Relation, Role
from media_pipeline.posts.platforms.reddit import Reddit
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts.reddit_shapes import (
    COMMENTS,
    THUMBNAIL,
    VIDEO,
    exported_comment,
    exported_post,
    gallery_post,
    image_post,
    listing,
    picture,
    post,
    preview,
    reddit_video,
    self_post,
    thing,
    variant,
    video_post,
)

REDDIT = Reddit()
FALLBACK = VIDEO.format("CMAF_720.mp4?source=fallback")
DASH = VIDEO.format("DASHPlaylist.mpd?a=1&v=1")
HLS = VIDEO.format("HLSPlaylist.m3u8?a=1&v=1")


def read(value: Any) -> list[Post | Fault]:
    return list(REDDIT.posts(Record(value, Locator(offset=0))))


def posts(value: Any) -> list[Post]:
    return [part for part in read(value) if isinstance(part, Post)]


def media(value: Any) -> tuple[MediaRef, ...]:
    return REDDIT.media(posts(value)[0].raw)


def urls(reference: MediaRef, role: Role) -> list[str]:
    return [candidate.url for candidate in reference.candidates if candidate.role is role]


def test_a_linked_picture_is_the_medium_and_its_previews_are_posters_largest_first() -> None:
    (image,) = media(image_post())
    assert image.url == "https://i.redd.it/wb2slp1l20vg1.png"
    assert urls(image, Role.MEDIA) == [image.url]
    base = "https://preview.redd.it/wb2slp1l20vg1.png?width={0}&s={0}"
    assert urls(image, Role.POSTER) == [*(base.format(width) for width in (1000, 640, 108)), THUMBNAIL]


def test_older_dumps_name_the_link_in_url_alone() -> None:
    (image,) = media(image_post(url_overridden_by_dest=None))
    assert image.url == "https://i.redd.it/wb2slp1l20vg1.png"


def test_a_page_about_a_picture_is_no_picture() -> None:
    (reference,) = media(image_post("https://en.wikipedia.org/wiki/File:Cat.jpg"))
    assert reference.role is Role.LINK_PREVIEW


def test_a_linked_gifv_is_the_mp4_behind_it_then_reddit_s_copies() -> None:
    shown = {**preview(), "reddit_video_preview": reddit_video(is_gif=True)}
    (clip,) = media(image_post("https://i.imgur.com/abc.gifv", preview=shown))
    assert clip.media_type is MediaType.VIDEO
    assert urls(clip, Role.MEDIA) == ["https://i.imgur.com/abc.mp4", FALLBACK, DASH, HLS]


def test_a_linked_gif_has_reddit_s_copies_after_it_and_blurred_ones_as_posters() -> None:
    shown = preview("x.gif", gif=variant("gif"), mp4=variant("mp4"), nsfw=variant("nsfw"))
    (image,) = media(image_post("https://i.redd.it/x.gif", preview=shown))
    base = "https://preview.redd.it/wb2slp1l20vg1.gif?format={0}&s={0}"
    assert urls(image, Role.MEDIA) == ["https://i.redd.it/x.gif", base.format("gif"), base.format("mp4")]
    assert urls(image, Role.POSTER)[-1] == base.format("nsfw")


def test_a_video_comes_with_its_sound_first_and_as_the_silent_file_last() -> None:
    (clip,) = media(video_post())
    assert clip.media_type is MediaType.VIDEO
    assert urls(clip, Role.MEDIA) == [DASH, HLS, FALLBACK]
    assert {(way.width, way.height) for way in clip.candidates if way.role is Role.MEDIA} == {(720, 1280)}
    last = next(way for way in clip.candidates if way.url == FALLBACK)
    assert last.bitrate == 2400000
    assert "without its sound" in last.rule
    assert urls(clip, Role.POSTER)[0] == VIDEO.format("CMAF_96.mp4")


def test_a_video_without_sound_is_taken_as_one_file() -> None:
    (clip,) = media(video_post(secure_media={"reddit_video": reddit_video(has_audio=False)}, media=None))
    assert urls(clip, Role.MEDIA) == [FALLBACK, DASH, HLS]


def test_a_video_that_a_dump_names_by_its_page_alone_is_had_by_its_manifests() -> None:
    (clip,) = media(video_post(secure_media=None, media=None))
    assert urls(clip, Role.MEDIA) == [VIDEO.format("DASHPlaylist.mpd"), VIDEO.format("HLSPlaylist.m3u8")]


def test_a_gallery_is_shown_in_its_order_and_from_the_uploads() -> None:
    first, second, third, missing = media(gallery_post())
    assert [ref.url for ref in (first, second, third)] == [
        "https://i.redd.it/14wmudl6i3c51.jpg",
        "https://i.redd.it/vkm62gm6i3c51.gif",
        "https://i.redd.it/pb7qsvi6i3c51.png",
    ]
    assert {ref.media_type for ref in (first, second, third)} == {MediaType.IMAGE}
    assert first.alt_text == "a cat"
    assert (first.candidates[0].width, first.candidates[0].height) == (1000, 800)
    assert urls(first, Role.MEDIA)[1].startswith("https://preview.redd.it/14wmudl6i3c51.jpg?width=1000&format=pjpg")
    assert urls(second, Role.MEDIA)[1] == "https://preview.redd.it/vkm62gm6i3c51.gif?format=mp4&s=1"
    assert missing.url is None
    assert "missing123" in (missing.note or "")


def test_a_picture_that_reddit_could_not_process_is_named() -> None:
    shown = {"items": [{"media_id": "abcdefg"}]}
    (image,) = media(gallery_post(gallery_data=shown, media_metadata={"abcdefg": {"status": "failed"}}))
    assert image.url is None
    assert "failed" in (image.note or "")


def test_pictures_inside_a_text_are_read_in_the_order_of_the_text_and_emotes_are_not() -> None:
    video, image, gif = media(self_post())
    assert (video.media_type, image.url) == (MediaType.VIDEO, "https://i.redd.it/bbbbbb2.jpg")
    assert urls(video, Role.MEDIA) == [
        "https://v.redd.it/link/huw6vs/asset/aaaaaa1/DASHPlaylist.mpd?a=1",
        "https://v.redd.it/link/huw6vs/asset/aaaaaa1/HLSPlaylist.m3u8?a=1",
    ]
    assert gif.url == "https://external-preview.redd.it/giphy.gif?s=1"


def test_a_file_of_another_site_is_not_looked_for_at_reddit_s() -> None:
    entry = picture("abcdefg", s={"u": "https://external-preview.redd.it/abcdefg.jpg?s=1", "x": 1, "y": 1})
    (image,) = media(post(selftext="abcdefg", media_metadata={"abcdefg": entry}))
    assert image.url == "https://external-preview.redd.it/abcdefg.jpg?s=1"


def test_the_preview_of_a_linked_page_has_a_role_of_its_own() -> None:
    oembed = {"thumbnail_url": "https://i.ytimg.com/vi/x/hq.jpg", "thumbnail_width": 480}
    linked = post(url="https://youtu.be/x", secure_media={"oembed": oembed}, preview=preview())
    (reference,) = media(linked)
    assert reference.role is Role.LINK_PREVIEW
    assert urls(reference, Role.LINK_PREVIEW)[-2:] == ["https://i.ytimg.com/vi/x/hq.jpg", THUMBNAIL]


def test_reddit_s_copy_of_an_animation_elsewhere_is_a_preview_too() -> None:
    linked = post(url="https://gfycat.com/x", preview={"reddit_video_preview": reddit_video(is_gif=True)})
    references = media(linked)
    assert [(ref.media_type, ref.role) for ref in references] == [
        (MediaType.IMAGE, Role.LINK_PREVIEW),
        (MediaType.VIDEO, Role.LINK_PREVIEW),
    ]


def test_a_crosspost_shows_the_inner_media_and_the_inner_post_is_its_own() -> None:
    outer, inner = posts(post("outer1", crosspost_parent_list=[video_post(id="inner1")]))
    assert (outer.native_id, outer.relation) == ("outer1", None)
    assert (inner.native_id, inner.relation) == ("inner1", Relation.REPOSTED)
    assert inner.locator.pointer == "/crosspost_parent_list/0"
    assert REDDIT.media(outer.raw)[0].url == REDDIT.media(inner.raw)[0].url == DASH


@pytest.mark.parametrize(
    ("value", "pointers"),
    [
        (post(), [""]),
        ([post()], ["/0"]),
        (thing(post()), ["/data"]),
        (listing(thing(post()), thing(post("b"))), ["/data/children/0/data", "/data/children/1/data"]),
        ([listing(thing(post())), COMMENTS], ["/0/data/children/0/data"]),
        ({"data": [post()]}, ["/data/0"]),
    ],
    ids=telling,
)
def test_posts_are_found_in_every_envelope(value: Any, pointers: list[str]) -> None:
    assert [part.locator.pointer for part in read(value)] == pointers


def test_the_comments_below_a_post_are_neither_posts_nor_faults() -> None:
    assert read(COMMENTS) == []
    assert read(listing()) == []


def test_what_is_no_post_is_a_fault() -> None:
    comment = {"id": "c1", "body": "nice", "subreddit": "pics", "link_title": "x"}
    subreddit = thing({"id": "2qh0u", "title": "pics", "display_name": "pics"}, "t5")
    for value in (comment, listing(subreddit), {"kind": "Listing"}):
        (fault,) = read(value)
        assert isinstance(fault, Fault)


def test_who_when_where_and_what_are_read() -> None:
    (found,) = posts(post("huw6vs", selftext="and more"))
    assert (found.author_id, found.author_handle, found.author_name) == ("t2_o77bz", "ann", "ann")
    assert found.posted_at == datetime(2020, 7, 20, 23, 18, 55, tzinfo=UTC)
    assert found.url == "https://www.reddit.com/r/pics/comments/huw6vs/title/"
    assert found.text == "title huw6vs\n\nand more"
    assert (found.like_count, found.share_count) == (12, 3)


def test_a_deleted_author_is_nobody() -> None:
    assert posts(post(author="[deleted]"))[0].author_handle is None


def test_only_reddit_s_own_escapes_are_undone() -> None:
    (image,) = media(image_post("https://example.com/a.jpg?a=1&amp;copy=2"))
    assert image.url == "https://example.com/a.jpg?a=1&copy=2"


def test_a_picture_of_another_host_can_be_had_as_reddits_copy() -> None:
    """What Reddit serves itself has no such copy: that dies with it, and is a smaller picture."""
    (elsewhere,) = REDDIT.media(image_post("https://i.imgur.com/AbCdEf1.jpg", preview=preview("x.jpg")))
    (hosted,) = REDDIT.media(image_post())
    copy = "https://preview.redd.it/x.jpg?width=1000&s=1000"
    own = [candidate.url for candidate in elsewhere.candidates if candidate.role is Role.MEDIA]
    assert own == ["https://i.imgur.com/AbCdEf1.jpg", copy]
    assert [candidate.role for candidate in hosted.candidates][:2] == [Role.MEDIA, Role.POSTER]
    assert elsewhere.key == "url:i.imgur.com/AbCdEf1.jpg"


OWNER = {"rows": [{"statistic": "account name", "value": "anna"}, {"statistic": "is deleted", "value": "False"}]}


def test_a_row_of_the_official_export_is_a_post_of_the_account() -> None:
    (found,) = REDDIT.posts(Record(exported_post(body="words"), Locator(line=2), owner=OWNER))
    assert isinstance(found, Post)
    assert (found.native_id, found.author_handle, found.text) == ("1abcde", "anna", "A pic\n\nwords")
    assert found.posted_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found.url == "https://www.reddit.com/r/pics/comments/1abcde/x/"
    (image,) = REDDIT.media(found.raw)
    assert (image.url, image.media_type, image.role) == (
        "https://i.redd.it/abcdefgh1.jpg",
        MediaType.IMAGE,
        Role.MEDIA,
    )


def test_a_row_shows_the_pictures_inside_its_text_too() -> None:
    first, second = media(exported_post(url="", body="see https://preview.redd.it/a1.jpeg?width=9&amp;s=x and\n"
        "[this](https://i.redd.it/b2.png), not https://news.example/c.jpg"))  # fmt: skip
    assert (first.url, second.url) == ("https://preview.redd.it/a1.jpeg?width=9&s=x", "https://i.redd.it/b2.png")


def test_a_row_of_a_video_gives_its_manifests() -> None:
    (clip,) = media(exported_post(url="https://v.redd.it/2ptpanksayug1"))
    assert clip.media_type is MediaType.VIDEO
    assert urls(clip, Role.MEDIA)[0] == "https://v.redd.it/2ptpanksayug1/DASHPlaylist.mpd"


def test_a_row_of_a_gallery_says_that_its_pictures_are_not_named() -> None:
    (gallery,) = media(exported_post(url="https://www.reddit.com/gallery/1abcde"))
    assert gallery.url is None
    assert "page of a gallery" in (gallery.note or "")


def test_a_comment_of_the_official_export_is_a_post_when_it_shows_a_medium() -> None:
    (found,) = posts(exported_comment())
    assert (found.native_id, found.text) == ("t1_kabcde1", "look")
    assert found.posted_at == datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC)
    assert [reference.url for reference in REDDIT.media(found.raw)] == ["https://i.redd.it/zyxwvuts1.png"]
    assert read(exported_comment(media="")) == []
    assert read({key: value for key, value in exported_comment().items() if key != "media"}) == []
    (inline,) = media(exported_comment(media="", body="https://preview.redd.it/a1.jpeg?width=9"))
    assert inline.url == "https://preview.redd.it/a1.jpeg?width=9"


def test_a_removed_row_is_a_stub() -> None:
    assert posts(exported_post(body="[removed]"))[0].unavailable == "[removed]"


def test_a_row_of_what_was_saved_or_voted_for_is_no_post() -> None:
    (fault,) = read({"id": "1abcde", "permalink": "https://www.reddit.com/r/pics/comments/1abcde/x/"})
    assert isinstance(fault, Fault)
