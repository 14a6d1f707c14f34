"""Whose export a file is, and that a file in the wrong folder is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, Record
from media_pipeline.posts.extract import ExtractedPost, extract
from media_pipeline.posts.platforms import platform_named
from media_pipeline.posts.recognition import recognise
from media_pipeline_tests.ids import telling
from media_pipeline_tests.posts.all_shapes import SHAPES
from media_pipeline_tests.posts.linkedin_shapes import linkedin
from media_pipeline_tests.posts.twitter_shapes import photo, status


@pytest.mark.parametrize(("name", "shape"), SHAPES, ids=telling)
def test_a_platform_is_recognised_by_the_shape_of_its_export(name: str, shape: Any) -> None:
    found = recognise(Record(shape, Locator()))
    assert found is platform_named(name)


def test_what_is_no_post_is_of_no_platform() -> None:
    assert recognise(Record({"a": 1}, Locator())) is None


def test_an_export_without_a_platform_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mixed.ndjson"
    path.write_text("\n".join(map(json.dumps, [status(1, photo()), linkedin(), {"a": 1}])))
    first, second, third = extract(path)
    assert isinstance(first, ExtractedPost)
    assert isinstance(second, ExtractedPost)
    assert (first.post.platform, second.post.platform) == ("twitter", "linkedin")
    assert isinstance(third, Fault)


def test_an_export_in_another_platforms_folder_is_reported_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([status(1, photo())]))
    (fault,) = extract(path, platform_named("linkedin"))
    assert isinstance(fault, Fault)
    assert "this is an export of twitter, not of linkedin" in fault.reason


def test_posts_that_another_platform_could_read_too_are_reported_by_their_addresses(tmp_path: Path) -> None:
    foreign = {"id": "5", "text": "see", "media": {"type": "image", "url": "https://pbs.twimg.com/media/A.jpg"}}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{**foreign, "created_at": "2025-01-01", "id_str": "5", "source": "https://x.com/a"}]))
    (fault,) = extract(path, platform_named("linkedin"))
    assert isinstance(fault, Fault)
    assert "twitter" in fault.reason
