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
