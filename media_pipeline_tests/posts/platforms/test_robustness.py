"""Whatever the JSON is, no platform module raises, and a post keeps its id."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_pipeline.model import Fault, Locator, Post, Record
from media_pipeline.posts.extract import ExtractedPost
from media_pipeline.posts.platforms import PLATFORMS, Platform, UnknownPlatform, platform_named, platform_names
from media_pipeline_tests.posts.all_shapes import SHAPES
from media_pipeline_tests.posts.twitter_shapes import photo, status

REAL = [shape for _, shape in SHAPES]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        entries = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
        for key, child in entries:
            yield node, key
            if isinstance(child, (dict, list)):
                waiting.append(child)


KEYS = sorted({key for shape in REAL for node, key in places(shape) if isinstance(node, dict)} | {"delete", "results"})
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1", "photo", "video", "https://pbs.twimg.com/media/X.jpg", "https://[", "9" * 5000])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)


def read_all(platform: Platform, value: Any) -> list[Post | Fault]:
    parts = list(platform.posts(Record(value, Locator(offset=0))))
    for part in parts:
        if isinstance(part, Post):
            assert part.native_id or part.raw.get("uri") == "", "only Bluesky's id may be blanked out"
            ExtractedPost(part, platform.media(part.raw)).as_json()
    assert parts or platform.name == "reddit", "a record without a post must be a fault, but for Reddit's comments"
    return parts


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
@given(value=ANYTHING)
@settings(max_examples=150)
def test_arbitrary_json_never_raises(platform: Platform, value: Any) -> None:
    read_all(platform, value)


@given(data=st.data())
@settings(max_examples=300)
def test_real_posts_with_values_replaced_or_removed_never_raise(data: st.DataObject) -> None:
    value = copy.deepcopy(data.draw(st.sampled_from(REAL)))
    for _ in range(data.draw(st.integers(1, 4))):
        spots = list(places(value))
        if not spots:
            break
        node, key = data.draw(st.sampled_from(spots))
        if data.draw(st.booleans()) and isinstance(node, dict):
            del node[key]
        else:
            node[key] = data.draw(ANYTHING)
    for platform in PLATFORMS:
        read_all(platform, value)


@given(key=st.sampled_from(sorted(status(1))), value=ANYTHING)
@settings(max_examples=100)
def test_a_post_with_one_wrong_value_is_kept(key: str, value: Any) -> None:
    wrong = {**status(1, photo()), key: value}
    posts = [part for part in read_all(platform_named("twitter"), wrong) if isinstance(part, Post)]
    assert posts[0].native_id == "1" or key in ("id_str", "id")


def test_platforms_are_found_by_name() -> None:
    assert list(platform_names()) == sorted({platform.name for platform in PLATFORMS})
    assert [platform_named(platform.name) for platform in PLATFORMS] == list(PLATFORMS)
    with pytest.raises(UnknownPlatform, match="known are bluesky, "):
        platform_named("myspace")


def test_every_platform_has_shapes_by_which_it_is_tested() -> None:
    assert {name for name, _ in SHAPES} == set(platform_names())


@pytest.mark.parametrize("name", [name for name in platform_names() if name != "url"])
def test_each_medium_of_a_post_has_a_key_of_its_own_that_its_platform_names_where_it_has_one(name: str) -> None:
    platform = platform_named(name)
    kinds: set[str] = set()
    for shape in (shape for found, shape in SHAPES if found == name):
        for post in (part for part in read_all(platform, shape) if isinstance(part, Post)):
            keys = [reference.key for reference in platform.media(post.raw)]
            assert len(keys) == len(set(keys))
            kinds |= {key.partition(":")[0] for key in keys}
    assert "id" in kinds
