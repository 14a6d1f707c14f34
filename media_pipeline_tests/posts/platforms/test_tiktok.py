"""What a post of TikTok shows, as the website and the app export it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaRef, MediaType, Post, Record, Role
from media_pipeline.posts.platforms.tiktok import TikTok
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts import tiktok_shapes as shapes
from media_pipeline_tests.posts.tiktok_shapes import (
    COVER,
    GONE_PAGE,
    HIGH,
    ITEM,
    LOW,
    MIDDLE,
    MIRROR,
    PLAY,
    SILENT,
    SOUND,
    WATERMARKED,
    aweme,
    detail_page,
    item,
    photo_aweme,
    photo_item,
    step,
    video,
)

TIKTOK = TikTok()


def read(value: Any) -> list[Post | Fault]:
    return list(TIKTOK.posts(Record(value, Locator(offset=0))))


def posts(value: Any) -> list[Post]:
    return [part for part in read(value) if isinstance(part, Post)]


def media(value: Any) -> tuple[MediaRef, ...]:
    return TIKTOK.media(posts(value)[0].raw)


def urls(reference: MediaRef, role: Role) -> list[str]:
    return [candidate.url for candidate in reference.candidates if candidate.role is role]


def test_a_video_is_had_in_most_pixels_then_highest_bitrate_from_each_mirror() -> None:
    clip, _ = media(item())
    assert clip.media_type is MediaType.VIDEO
    assert urls(clip, Role.MEDIA) == [HIGH, MIRROR, PLAY, MIDDLE, LOW]
    best = clip.candidates[0]
    assert (best.width, best.height, best.bitrate, best.codec) == (1080, 1920, 873954, "h265_hvc1")


def test_a_large_step_without_sound_comes_after_all_with_sound() -> None:
    steps = [step(SILENT, 2160, 3840, 9000000, Format="dash"), step(LOW, 576, 1024, 300000)]
    tracks = [{"Bitrate": rate, "UrlList": {"MainUrl": f"https://cdn.test/{rate}"}} for rate in (32000, 64000)]
    clip, track, _ = media(item(video=video(bitrateInfo=steps, bitrateAudioInfo=tracks)))
    assert urls(clip, Role.MEDIA) == [LOW, MIDDLE, SILENT]
    assert (track.media_type, track.role) == (MediaType.AUDIO, Role.SOUNDTRACK)
    assert urls(track, Role.SOUNDTRACK) == ["https://cdn.test/64000", "https://cdn.test/32000"]


def test_without_steps_the_play_address_is_taken() -> None:
    clip, _ = media(item(video=video(bitrateInfo=[])))
    assert clip.url == MIDDLE
    assert (clip.candidates[0].width, clip.candidates[0].bitrate) == (576, 404677)


def test_the_watermarked_download_comes_last_and_covers_are_posters() -> None:
    clip, _ = media(item())
    assert clip.candidates[-1].url == WATERMARKED
    assert clip.candidates[-1].role is Role.WATERMARKED
    names = ("origin", "cover", "zoom960", "zoom240", "dynamic")
    assert urls(clip, Role.POSTER) == [COVER.format(name) for name in names]


def test_a_watermarked_download_alone_is_never_taken_for_the_video() -> None:
    clip, _ = media(item(video={"downloadAddr": WATERMARKED}))
    assert clip.url is None
    assert clip.note


def test_the_sound_has_a_role_of_its_own() -> None:
    _, sound = media(item())
    assert (sound.role, sound.media_type, sound.url) == (Role.SOUNDTRACK, MediaType.AUDIO, SOUND)


def test_a_sound_that_was_taken_away_is_named() -> None:
    _, sound = media(item(music={"title": "gone", "playUrl": ""}))
    assert sound.url is None
    assert sound.note


def test_pictures_keep_their_order_and_their_cover_stands_apart() -> None:
    first, second, cover, sound = media(photo_item())
    assert [ref.media_type for ref in (first, second)] == [MediaType.IMAGE] * 2
    assert (first.url, second.url) == (COVER.format("1.jpeg"), COVER.format("2.jpeg"))
    assert urls(first, Role.MEDIA) == [COVER.format("1.jpeg"), COVER.format("1-mirror.jpeg")]
    assert (first.candidates[0].width, first.candidates[0].height) == (1080, 1440)
    assert (cover.role, cover.url) == (Role.COVER, COVER.format("cover.jpeg"))
    assert sound.url == SOUND
    assert posts(photo_item())[0].url == f"https://www.tiktok.com/@ann/photo/{ITEM}"


def test_the_app_spells_its_keys_otherwise_and_says_the_same() -> None:
    clip, sound = media({"aweme_details": [aweme()]})
    assert urls(clip, Role.MEDIA) == [HIGH, MIRROR, LOW, MIDDLE]
    assert clip.candidates[0].codec == "bytevc1"
    assert urls(clip, Role.WATERMARKED) == [WATERMARKED]
    assert sound.url == SOUND


def test_pictures_of_the_app_are_had_without_watermark() -> None:
    first, _, cover, sound = media({"aweme_list": [photo_aweme()]})
    assert first.url == COVER.format("1.jpeg")
    assert urls(first, Role.POSTER) == [COVER.format("1-thumb.jpeg")]
    assert urls(first, Role.WATERMARKED) == [COVER.format("1-owner.jpeg")]
    assert cover.url == COVER.format("cover.jpeg")
    assert urls(sound, Role.SOUNDTRACK) == [SOUND, SOUND + "&slides=1"]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (item(), ""),
        ([item()], "/0"),
        ({"itemList": [item()]}, "/itemList/0"),
        ({"data": {"itemList": [item()]}}, "/data/itemList/0"),
        ({"data": [{"type": 1, "item": item()}]}, "/data/0/item"),
        (detail_page(item()), "/__DEFAULT_SCOPE__/webapp.video-detail/itemInfo/itemStruct"),
        ({"ItemModule": {ITEM: item()}}, f"/ItemModule/{ITEM}"),
        ({"aweme_details": [aweme()]}, "/aweme_details/0"),
        ({"data": [{"aweme_info": aweme()}]}, "/data/0/aweme_info"),
    ],
    ids=telling,
)
def test_posts_are_found_in_every_envelope(value: Any, pointer: str) -> None:
    (post,) = read(value)
    assert isinstance(post, Post)
    assert (post.native_id, post.locator.pointer) == (ITEM, pointer)


def test_who_when_where_and_what_are_read() -> None:
    (post,) = posts(item())
    assert (post.author_id, post.author_handle, post.author_name) == ("67", "ann", "Ann")
    assert post.posted_at == datetime(2025, 6, 7, 3, 12, 22, tzinfo=UTC)
    assert post.url == f"https://www.tiktok.com/@ann/video/{ITEM}"
    assert post.text == "a train"
    assert (post.like_count, post.share_count) == (68312, 2528)


def test_older_pages_name_the_author_beside_the_post() -> None:
    (post,) = posts({"ItemModule": {ITEM: item(author="ann", nickname="Ann", authorId="67")}})
    assert (post.author_id, post.author_handle, post.author_name) == ("67", "ann", "Ann")


def test_a_page_of_a_post_that_is_gone_says_so() -> None:
    (fault,) = read(GONE_PAGE)
    assert isinstance(fault, Fault)
    assert "item doesn't exist" in fault.reason


def test_comments_and_users_are_no_posts() -> None:
    comment = {"cid": "1", "aweme_id": ITEM, "create_time": 1, "desc": "nice", "text": "nice"}
    for value in (comment, {"id": "67", "uniqueId": "ann", "createTime": 1, "avatarThumb": ""}):
        (fault,) = read(value)
        assert isinstance(fault, Fault)


def test_a_broken_entry_costs_itself_alone() -> None:
    fault, post = read({"itemList": [None, item()]})
    assert isinstance(fault, Fault)
    assert fault.locator.pointer == "/itemList/0"
    assert isinstance(post, Post)


def test_items_that_stand_straight_in_data_are_posts_and_what_else_stands_there_is_none() -> None:
    found = list(TIKTOK.posts(Record({"code": 0, "data": [shapes.item(), {"type": 4}, 7]}, Locator())))
    assert [(type(part), part.locator.pointer) for part in found] == [(Post, "/data/0")]
