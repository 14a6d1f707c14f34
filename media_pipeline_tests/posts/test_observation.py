"""What exports say about when they saw a post, and which posts they name without showing them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Fault, Locator, Post, Record
from media_pipeline.posts.extract import ReadRecord, read_records
from media_pipeline.posts.observation import Times, newest_time, times_of
from media_pipeline.posts.platforms import platform_named

TIME = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ISO, SECONDS = "2026-03-04T05:06:07Z", int(TIME.timestamp())
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ({"__twarc": {"retrieved_at": ISO}}, {}),
        ({"retrieved_on": SECONDS}, {"retrieved_on": SECONDS}),
        ({"retrieved_utc": str(SECONDS)}, {}),
        ({"scrapedAt": "2026-03-04T05:06:07.000Z"}, {}),
        ({}, {"timestamp": ISO, "input": {"url": "https://host/p"}}),
        ({"collected_at": None, "crawled_at": SECONDS * 1000}, {}),
    ],
    ids=["twarc", "dumps of Reddit", "dumps of Reddit as text", "Apify", "Bright Data", "milliseconds"],
)
def test_the_time_of_collection_is_read_where_tools_write_it(value: Any, raw: dict[str, Any]) -> None:
    assert times_of(Record(value, Locator()), raw) == Times(collected=TIME)


@pytest.mark.parametrize(
    "raw",
    [
        {"edited_at": ISO},
        {"updated": ISO},
        {"updated_time": "2026-03-04T05:06:07+0000"},
        {"edited": float(SECONDS)},
        {"object": {"updated": ISO}},
    ],
    ids=["Mastodon", "ActivityPub", "Facebook", "Reddit", "inside an activity"],
)
def test_the_time_of_an_edit_is_read_where_platforms_write_it(raw: dict[str, Any]) -> None:
    assert times_of(Record(raw, Locator()), raw) == Times(edited=TIME)


@pytest.mark.parametrize(
    "raw", [{"edited": False}, {"edited_at": None}, {"timestamp": ISO}, {"edited_at": "yesterday"}, {"object": ISO}]
)
def test_what_is_no_time_of_collection_or_edit_is_none(raw: dict[str, Any]) -> None:
    assert times_of(Record(raw, Locator()), raw) == Times()


def export(folder: Path, *records: Any) -> Path:
    path = folder / "a.ndjson"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def status(number: int, **facts: Any) -> dict[str, Any]:
    account = {"id": "1", "username": "ann", "acct": "ann", "display_name": "Ann"}
    said = {"id": str(number), "created_at": "2026-01-02T03:04:05Z", "visibility": "public", "content": "<p>x</p>"}
    return {**said, "account": account, "reblog": None, "media_attachments": [], **facts}


def test_zeeschuimers_wrapping_says_when_a_record_was_collected(tmp_path: Path) -> None:
    wrapping = {"item_id": "1", "source_platform": "mastodon", "timestamp_collected": SECONDS * 1000, "data": status(1)}
    (read,) = read_records(export(tmp_path, wrapping))
    assert isinstance(read, ReadRecord)
    assert [one.times.collected for one in read.posts] == [TIME]


def test_the_newest_time_of_a_file_is_that_of_any_post_and_no_time_to_come(tmp_path: Path) -> None:
    mastodon = platform_named("mastodon")
    records = [status(1), status(2, edited_at=ISO), "no post", status(3, created_at="2036-01-01T00:00:00Z")]
    assert newest_time(export(tmp_path, *records), mastodon, NOW) == TIME
    assert newest_time(export(tmp_path, status(1, created_at=None)), mastodon, NOW) is None


def test_the_newest_time_is_not_looked_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_pipeline.posts.observation.MOST_WITHOUT_POST", 3)
    newest = status(9, edited_at=ISO)
    assert newest_time(export(tmp_path, status(1), 1, 2, newest), platform_named("mastodon"), NOW) == TIME
    assert newest_time(export(tmp_path, status(1), 1, 2, 3, newest), platform_named("mastodon"), NOW) != TIME


def bluesky_stub(**facts: Any) -> dict[str, Any]:
    return {"uri": "at://did:plc:a/app.bsky.feed.post/3k", **facts}


BLUESKY = "at://did:plc:a/app.bsky.feed.post/3k"
TOMBSTONE = {"__typename": "TweetTombstone", "tombstone": {"text": {"text": "This Post is from an account …"}}}


@pytest.mark.parametrize(
    ("platform", "value", "native_id"),
    [
        ("bluesky", bluesky_stub(blocked=True, author={"did": "did:plc:a", "viewer": {}}), BLUESKY),
        ("bluesky", bluesky_stub(notFound=True), BLUESKY),
        (
            "bluesky",
            {"did": "did:plc:a", "commit": {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": "3k"}},
            BLUESKY,
        ),
        ("twitter", {"delete": {"status": {"id_str": "12", "user_id_str": "3"}}}, "12"),
        (
            "twitter",
            {
                "instructions": [
                    {
                        "entries": [
                            {
                                "entryId": "tweet-12",
                                "content": {"itemContent": {"tweet_results": {"result": TOMBSTONE}}},
                            }
                        ]
                    }
                ]
            },
            "12",
        ),
        ("mastodon", {"type": "Tombstone", "id": "https://m.test/notes/1"}, "https://m.test/notes/1"),
        (
            "mastodon",
            {"type": "Delete", "actor": "https://m.test/a", "object": {"id": "https://m.test/notes/1"}},
            "https://m.test/notes/1",
        ),
    ],
)
def test_a_stub_that_names_its_post_is_a_fault_that_names_it_too(platform: str, value: Any, native_id: str) -> None:
    found = list(platform_named(platform).posts(Record(value, Locator(line=1))))
    assert [part.stub_of if isinstance(part, Fault) else part for part in found] == [native_id]


def test_a_quoted_post_that_is_gone_is_named_by_the_post_that_quotes_it() -> None:
    value = {
        "rest_id": "1",
        "legacy": {"id_str": "1", "full_text": "words", "quoted_status_id_str": "12"},
        "quoted_status_result": {"result": TOMBSTONE},
    }
    post, stub = platform_named("twitter").posts(Record({"tweetResult": {"result": value}}, Locator(line=1)))
    assert isinstance(post, Post)
    assert isinstance(stub, Fault)
    assert stub.stub_of == "12"


@pytest.mark.parametrize(
    ("facts", "is_stub"),
    [
        ({"selftext": "[removed]"}, True),
        ({"selftext": "[deleted]", "author": "[deleted]"}, True),
        ({"title": "[ Removed by Reddit ]"}, True),
        ({"selftext": "words", "removed_by_category": "moderator"}, True),
        ({"selftext": "words", "author": "[deleted]"}, False),
        ({"selftext": "[removed] is what they wrote"}, False),
        ({"selftext": "[remove this] words"}, False),
    ],
)
def test_reddits_marks_of_removal_make_a_post_a_stub(facts: dict[str, Any], is_stub: bool) -> None:
    raw = {"id": "abc", "title": "t", "subreddit": "pics", "author": "ann", **facts}
    (post,) = platform_named("reddit").posts(Record(raw, Locator(line=1)))
    assert isinstance(post, Post)
    assert (post.unavailable is not None) is is_stub
