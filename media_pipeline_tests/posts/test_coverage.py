"""That no media URL of an export is overlooked without anybody noticing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Locator, Post, Record, Role
from media_pipeline.posts.coverage import Rule, addresses_in, resource_of
from media_pipeline.posts.extract import coverage
from media_pipeline.posts.platforms import platform_named
from media_pipeline.posts.platforms.base import numbered
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts.all_shapes import SHAPES
from media_pipeline_tests.posts.twitter_shapes import photo, status, video

TWITTER = platform_named("twitter")


def write(folder: Path, *values: Any) -> Path:
    path = folder / "a.json"
    path.write_text(json.dumps(values))
    return path


def test_claimed_and_known_urls_explain_everything(tmp_path: Path) -> None:
    user = {
        "id_str": "7",
        "screen_name": "a",
        "profile_image_url_https": "https://pbs.twimg.com/profile_images/1/a.jpg",
    }
    found = coverage(write(tmp_path, status(1, photo(), video(), user=user)), TWITTER)
    assert found.percentage == 100
    assert found.urls > 5


@pytest.mark.parametrize(("name", "shape"), SHAPES, ids=telling)
def test_every_documented_shape_is_explained(tmp_path: Path, name: str, shape: Any) -> None:
    assert coverage(write(tmp_path, shape), platform_named(name)).unexplained == ()


@pytest.mark.parametrize(("name", "shape"), SHAPES, ids=telling)
def test_no_rule_explains_a_url_that_is_a_posts_own_medium(name: str, shape: Any) -> None:
    platform = platform_named(name)
    posts = [post for post in platform.posts(Record(shape, Locator())) if isinstance(post, Post)]
    references = [reference for post in posts for reference in platform.media(post.raw)]
    candidates = [candidate for reference in references for candidate in reference.candidates]
    own = {resource_of(candidate.url) for candidate in candidates if candidate.role is Role.MEDIA}
    for keys, address in addresses_in(shape):
        if resource_of(address) in own:
            hidden_by = [row for row in platform.non_media if Rule(row).explains(keys, address)]
            assert not hidden_by, (".".join(keys), address)


def test_a_medium_under_a_new_key_is_reported_by_its_path_and_count(tmp_path: Path) -> None:
    new = {"spatial_media": {"items": [{"src": f"https://video.twimg.com/spatial/{n}"} for n in (1, 2)]}}
    found = coverage(write(tmp_path, status(1, photo(), **new), status(2, **new)), TWITTER)
    (unexplained,) = found.unexplained
    assert (unexplained.keys, unexplained.count) == ("spatial_media.items[].src", 4)
    assert unexplained.example.startswith("https://video.twimg.com/spatial/")
    assert 0 < found.percentage < 100


def test_a_path_like_a_mediums_counts_on_any_host(tmp_path: Path) -> None:
    found = coverage(write(tmp_path, status(1, extra="https://cdn.example.org/a/b.MP4?x=1", page="https://e.org/a")))
    assert [row.keys for row in found.unexplained] == ["extra"]


def test_a_url_in_json_inside_a_string_is_reported_by_the_path_through_it(tmp_path: Path) -> None:
    inner = {
        "media": [{"url": "https://video.twimg.com/amplify_video/1/a.mp4"}],
        "text": "[not JSON] http://e.org/1.jpg",
    }
    card = {"string_value": json.dumps({"details": json.dumps(inner)})}
    found = coverage(write(tmp_path, status(1, card=card)), TWITTER)
    assert [row.keys for row in found.unexplained] == ["card.string_value.(json).details.(json).media[].url"]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("uri", "media/posts/202405/100_200_n_179.jpg"),
        ("uri", "media/posts/202403/AQabcDEFbaseline_1_v_17900000000000003"),
        ("uri", "your_facebook_activity/posts/media/videos/10150.mp4"),
        ("url", "/media_attachments/files/115/000/original/aaaa1111.jpg"),
        ("photo", "photos/photo_1@01-01-2026_10-00-00.JPG"),
        ("file", "./files/my holiday.pdf"),
    ],
    ids=telling,
)
def test_a_file_that_is_named_by_its_relative_path_must_be_explained(tmp_path: Path, key: str, path: str) -> None:
    found = coverage(write(tmp_path, status(1, extra={key: path})), TWITTER)
    assert [(row.keys, row.example) for row in found.unexplained] == [(f"extra.{key}", path)]


def test_a_relative_path_is_explained_by_the_candidate_whose_url_ends_with_it(tmp_path: Path) -> None:
    own = photo()
    path = own["media_url_https"].partition("://")[2].partition("/")[2]
    assert coverage(write(tmp_path, status(1, own, extra=path)), TWITTER).unexplained == ()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("mime", "image/jpeg"),
        ("display_url", "i.imgur.com/a.jpg"),
        ("text", "either/or"),
        ("text", "look: here/there.jpg"),
        ("text", "a.jpg"),
        ("permalink", "/r/pics/comments/1abc/a_pic/"),
        ("uri", "at://did:plc:1/app.bsky.feed.post/1"),
        ("uri", "messages/inbox/anna_1/message_1.json"),
        ("path", "//cdn.example.org/a.jpg"),
    ],
    ids=telling,
)
def test_what_is_no_path_of_a_media_file_is_none(tmp_path: Path, key: str, text: str) -> None:
    assert coverage(write(tmp_path, status(1, extra={key: text})), TWITTER).urls == 0


def test_a_url_that_a_module_no_longer_claims_fails_the_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, status(1, photo(), video()))
    assert coverage(path, TWITTER).percentage == 100
    claimed = type(TWITTER).media
    monkeypatch.setattr(type(TWITTER), "media", lambda self, raw: claimed(self, raw)[:1])
    assert {row.keys for row in coverage(path, TWITTER).unexplained} >= {
        "extended_entities.media[].video_info.variants[].url"
    }
    monkeypatch.setattr(type(TWITTER), "media", lambda self, raw: numbered(()))
    assert coverage(path, TWITTER).percentage == 0
