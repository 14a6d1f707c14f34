"""A file in, posts with their media out, as the dry run prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from media_pipeline.model import Fault, post_id_of
from media_pipeline.posts.extract import ExtractedPost, extract
from media_pipeline.posts.platforms import platform_named
from media_pipeline_tests.posts.linkedin_shapes import LICDN, linkedin, voyager_update
from media_pipeline_tests.posts.tiktok_shapes import item
from media_pipeline_tests.posts.twitter_shapes import PHOTO_ORIGINAL, graphql, photo, status


def test_a_file_becomes_posts_and_faults_in_order(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    lines = [json.dumps(status(1, photo())), "{half a li", "", json.dumps({"delete": {"status": {"id": 9}}})]
    path.write_text("\n".join([*lines, json.dumps(status(2))]), encoding="utf-8")
    parts = list(extract(path, platform_named("twitter")))
    assert [part.locator.line if isinstance(part, Fault) else part.post.native_id for part in parts] == ["1", 2, 4, "2"]


def test_a_collection_of_zeeschuimer_is_read_as_the_platforms_that_it_names(tmp_path: Path) -> None:
    def wrapped(source: str, data: Any) -> str:
        return json.dumps({"item_id": "1", "source_platform": source, "timestamp_collected": 1, "data": data})

    path = tmp_path / "zeeschuimer.ndjson"
    lines = [
        wrapped("x.com", graphql(1, photo())),
        wrapped("linkedin.com", voyager_update()),
        wrapped("tiktok-comments", item()),
        wrapped("y.test", graphql(2, photo())),
    ]
    path.write_text("\n".join(lines))
    tweet, update, film, unknown = extract(path)
    assert isinstance(tweet, ExtractedPost)
    assert isinstance(update, ExtractedPost)
    assert (tweet.post.platform, str(tweet.post.locator)) == ("twitter", "line 1#/data")
    assert (update.post.platform, update.post.author_handle) == ("linkedin", "ann")
    assert isinstance(film, ExtractedPost)
    assert film.post.platform == "tiktok"
    assert isinstance(unknown, Fault), "of a platform that is not read, whatever its posts look like"
    (misplaced, *_) = extract(path, platform_named("linkedin"))
    assert isinstance(misplaced, Fault)
    assert "export of twitter" in misplaced.reason


def test_the_dry_run_prints_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "posts.json"
    path.write_text(json.dumps([status(1, photo(), retweeted_status=status(2, photo()))]), encoding="utf-8")
    first, second = extract(path, platform_named("twitter"))
    assert isinstance(first, ExtractedPost)
    assert isinstance(second, ExtractedPost)
    assert second.as_json()["relation"] == "reposted"
    written = json.loads(json.dumps(first.as_json()))
    (medium,) = written.pop("media")
    assert written == {
        "platform": "twitter",
        "post_id": post_id_of("twitter", "1"),
        "native_id": "1",
        "author": {"id": "77", "handle": "ann", "name": "Ann"},
        "posted_at": "2018-10-10T20:19:24+00:00",
        "relation": None,
    }
    assert set(medium) == {"type", "role", "url", "candidates", "expires_at"}
    assert (medium["type"], medium["role"], medium["url"]) == ("image", "media", PHOTO_ORIGINAL)
    assert medium["candidates"][0]["url"] == PHOTO_ORIGINAL


def test_expiry_is_printed_where_the_url_names_it(tmp_path: Path) -> None:
    path = tmp_path / "posts.json"
    path.write_text(json.dumps(linkedin()), encoding="utf-8")
    (part,) = extract(path, platform_named("linkedin"))
    assert isinstance(part, ExtractedPost)
    assert part.as_json()["media"][0]["url"] == LICDN.format(1)
    assert part.as_json()["media"][0]["expires_at"] == "2025-12-12T20:00:00+00:00"
