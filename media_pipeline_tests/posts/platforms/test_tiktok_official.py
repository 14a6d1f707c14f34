"""The account's own posts in TikTok's official export, of several years."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, MediaRef, MediaType, Post, Record, Role
from media_pipeline.posts.extract import coverage
from media_pipeline.posts.platforms.tiktok import TikTok
from media_pipeline_tests.posts.tiktok_shapes import OWN_PICTURE, OWN_VIDEO, WATCHED, exported, own_post

TIKTOK = TikTok()


def read(value: Any) -> list[Post | Fault]:
    return list(TIKTOK.posts(Record(value, Locator(offset=0))))


def post_of(entry: dict[str, Any]) -> Post:
    (found,) = read(exported(Post={"Posts": {"VideoList": [entry]}}))
    assert isinstance(found, Post)
    return found


def media(entry: dict[str, Any]) -> tuple[MediaRef, ...]:
    return TIKTOK.media(post_of(entry).raw)


def test_an_own_video_is_a_post_with_its_file_and_cover_and_nothing_of_others_is() -> None:
    video = post_of(own_post())
    assert (video.native_id, video.author_handle, video.text, video.like_count) == (
        "export-oABCDEF",
        "anna.example",
        None,
        3,
    )
    assert video.posted_at == datetime(2026, 4, 2, 8, 1, tzinfo=UTC)
    assert str(video.locator) == "offset 0#/Post/Posts/VideoList/0"
    (clip,) = TIKTOK.media(video.raw)
    assert (clip.media_type, clip.role, clip.url) == (MediaType.VIDEO, Role.MEDIA, OWN_VIDEO)
    assert [candidate.role for candidate in clip.candidates] == [Role.MEDIA, Role.POSTER]


@pytest.mark.parametrize("between", ["\n", " ", ", ", "; ", "\r\n"])
def test_pictures_of_one_post_stand_in_one_string(between: str) -> None:
    links = between.join(OWN_PICTURE.format(name) for name in ("aaa", "bbb"))
    first, second = media(own_post(Link=links, CoverImage="", Title="two pictures"))
    assert (first.url, second.url) == (OWN_PICTURE.format("aaa"), OWN_PICTURE.format("bbb"))
    assert {first.media_type, second.media_type} == {MediaType.IMAGE}
    assert first.expires_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert post_of(own_post(Link=links, Title="two pictures")).text == "two pictures"


@pytest.mark.parametrize(
    "sections",
    [
        {"Video": {"Videos": {"VideoList": [own_post()]}}},
        {"Activity": {"Video": {"Videos": {"VideoList": [own_post()]}}}},
        {"Post": {"Posts": {"VideoList": [own_post()]}}},
        {"Post": {"Recently Deleted Posts": {"PostList": [own_post()]}}},
        {"Post": {"Story": [own_post()]}},
        {"Video": {"Videos": {"VideoList": [{"Date": "2020-01-01 00:00:00", "VideoLink": OWN_VIDEO}]}}},
    ],
    ids=["until 2023", "inside Activity", "since 2024", "deleted", "a story", "VideoLink"],
)
def test_own_posts_are_found_in_the_sections_of_every_year(sections: dict[str, Any]) -> None:
    (found,) = read(exported(**sections))
    assert isinstance(found, Post)
    assert found.native_id == "export-oABCDEF"


def test_a_link_to_the_page_gives_the_post_s_number_and_a_medium_without_a_url() -> None:
    entry = own_post(Link="https://www.tiktok.com/@anna.example/video/7585000000000000009/", CoverImage="")
    assert post_of(entry).native_id == "7585000000000000009"
    assert post_of(entry).url == "https://www.tiktok.com/@anna.example/video/7585000000000000009"
    (clip,) = media(entry)
    assert (clip.url, clip.note) == (None, "the export names the post's page and no file")


def test_a_file_keeps_its_key_and_id_when_its_url_is_signed_anew() -> None:
    again = own_post(Link=OWN_VIDEO.replace("a=1233", "a=9"))
    assert post_of(again).native_id == post_of(own_post()).native_id
    assert media(again)[0].key == media(own_post())[0].key


def test_an_export_without_own_posts_says_what_to_ask_for() -> None:
    (fault,) = read(exported())
    assert isinstance(fault, Fault)
    assert "ask for it again with all data, as JSON" in fault.reason


def test_every_url_of_an_export_is_explained_and_its_zip_is_read(tmp_path: Path) -> None:
    export = exported(Post={"Posts": {"VideoList": [own_post()]}})
    with zipfile.ZipFile(tmp_path / "TikTok_Data_1.zip", "w") as archive:
        archive.writestr("user_data_tiktok.json", json.dumps(export))
    found = coverage(tmp_path / "TikTok_Data_1.zip")
    assert (found.unexplained, found.is_recognised) == ((), True)
    assert WATCHED not in str([reference.url for reference in media(own_post())])
