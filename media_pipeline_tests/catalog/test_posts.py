"""Posts: each once, as the best and latest sighting has it, whatever stands in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest

from media_pipeline.catalog import posts
from media_pipeline.catalog.database import Database
from media_pipeline.catalog.posts import Upserted
from media_pipeline.model import Locator, Post, Relation, post_id_of
from media_pipeline_tests.catalog.filling import (
    FIRST,
    LINKEDIN,
    SECOND,
    a_post,
    add_import,
    row,
    rows,
    save_manifest,
    snapshot,
    upsert,
)

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def version_of(database: Database, native_id: str = "1") -> Any:
    return row(database, "posts", native_id=native_id)["raw"]["v"]


def a_version(version: str, **facts: Any) -> Post:
    return a_post("1", raw={"v": version}, **facts)


def test_the_same_post_again_changes_nothing(database: Database):
    batch = [a_post(str(number), text=f"post {number}") for number in range(3)]
    assert upsert(database, *batch) == Upserted(new=3)
    before = snapshot(database)
    assert upsert(database, *batch) == Upserted(unchanged=3)
    assert snapshot(database) == before


def test_the_same_post_from_another_import_stays_where_it_was(database: Database):
    upsert(database, a_version("a"), name="a.json")
    assert upsert(database, a_version("a"), name="b.json") == Upserted(unchanged=1)
    assert row(database, "posts")["import_id"] == add_import(database, FIRST, "a.json")


def test_a_changed_post_is_an_update_and_its_manifest_is_to_be_made_anew(database: Database):
    upsert(database, a_version("a", text="before"), name="a.json")
    save_manifest(database, "1")
    with database.write() as connection:
        posts.set_content(connection, {post_id_of("twitter", "1"): "0" * 64})
        posts.point_to(connection, {post_id_of("twitter", "1"): "p-other"})
    created_at = row(database, "posts")["created_at"]
    assert upsert(database, a_version("b", text="after"), name="b.json") == Upserted(changed=1)
    found = row(database, "posts")
    assert (found["text"], found["raw"], found["created_at"]) == ("after", {"v": "b"}, created_at)
    assert (found["manifest_version"], found["content_sha256"], found["duplicate_of"]) == (None, None, None)
    assert found["import_id"] == add_import(database, FIRST, "b.json")


def test_an_older_import_never_replaces_a_newer_one(database: Database):
    upsert(database, a_version("new"), partition=SECOND)
    assert upsert(database, a_version("old"), partition=FIRST) == Upserted(unchanged=1)
    assert version_of(database) == "new"


def test_a_nested_sighting_never_replaces_the_post_itself(database: Database):
    upsert(database, a_version("own"), partition=FIRST)
    assert upsert(database, a_version("quoted", relation=Relation.QUOTED), partition=SECOND) == Upserted(unchanged=1)
    assert version_of(database) == "own"


@pytest.mark.parametrize("raw", ["same", "other"])
def test_the_post_itself_replaces_a_nested_sighting_even_from_an_older_import(database: Database, raw: str):
    upsert(database, a_version("same", relation=Relation.REPOSTED), partition=SECOND)
    assert upsert(database, a_version(raw), partition=FIRST) == Upserted(changed=1)
    assert (version_of(database), row(database, "posts")["relation"]) == (raw, None)
    upsert(database, a_version("nested again", relation=Relation.REPOSTED), partition=SECOND)
    assert version_of(database) == raw


def test_within_one_batch_the_same_rules_hold(database: Database):
    sightings = [
        a_version("nested", relation=Relation.QUOTED),
        a_version("own"),
        a_version("nested later", relation=Relation.REPOSTED),
    ]
    for native_id, batch in enumerate(permutations(sightings)):
        found = upsert(database, *(Post(**{**facts(post), "native_id": str(native_id)}) for post in batch))
        assert (found.new, found.new + found.changed + found.unchanged) == (1, 3)
        assert version_of(database, str(native_id)) == "own"
    assert upsert(database, a_version("x"), a_version("y"), a_version("y")) == Upserted(new=0, changed=2, unchanged=1)
    assert version_of(database) == "y"


def facts(post: Post) -> dict[str, Any]:
    return {name: getattr(post, name) for name in Post.__dataclass_fields__}


@pytest.mark.parametrize(
    "value",
    [
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467 flag \U0001f1fa\U0001f1f3",
        "a NUL \0 within",
        "half of a pair \ud83d",
        2**80,
        -(2**63) - 1,
        2**64 - 1,
        [2**80, "\udc00", "\0", 0.1, None, True],
        1e300,
        {"": {"\0": "\U0010ffff"}},
    ],
)
def test_raw_json_comes_back_to_the_last_digit_and_character(database: Database, value: Any):
    raw = {"id": "1", "value": value}
    upsert(database, a_post("1", raw=raw))
    found = row(database, "posts")["raw"]
    assert found == raw
    assert type(found["value"]) is type(value)
    assert upsert(database, a_post("1", raw=raw)) == Upserted(unchanged=1)


def test_text_that_no_database_takes_is_kept_readable(database: Database):
    text = "a\0b \ud83d c \U0001f600"
    post = a_post("1\0", text=text, author_name=text, author_handle=text, author_id=text, url=text)
    upsert(database, Post(**{**facts(post), "locator": Locator(line=1, pointer="/\0\udfff")}))
    found = row(database, "posts")
    for name in ("text", "author_name", "author_handle", "author_id", "url"):
        assert found[name] == "a\ufffdb \ufffd c \U0001f600"
    assert (found["native_id"], found["locator"]) == ("1\ufffd", "line 1#/\ufffd\ufffd")


def test_times_come_back_as_the_same_moment_in_utc(database: Database):
    moment = datetime(2026, 1, 1, 0, 30, 0, 123456, timezone(timedelta(hours=9)))
    upsert(database, a_post("1", posted_at=moment))
    found = row(database, "posts")["posted_at"]
    assert (found, found.tzinfo) == (moment, UTC)


def test_a_time_without_a_zone_is_refused(database: Database):
    with pytest.raises(Exception, match="a time without a zone"):
        upsert(database, a_post("1", posted_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_posts_without_a_manifest_are_streamed_once_while_manifests_are_written(database: Database):
    upsert(database, *(a_post(str(number)) for number in range(7)))
    upsert(database, a_post("elsewhere"), partition=SECOND)
    upsert(database, a_post("1", "linkedin"), partition=LINKEDIN)
    for version in range(1, 9):
        size, seen = version, list[str]()
        with database.read() as reading:
            for ids in posts.without_manifest(reading, [FIRST, LINKEDIN], "twitter", version, size):
                assert len(ids) <= size
                with database.write() as connection:
                    found = posts.still_without_manifest(connection, ids, version)
                    posts.mark_manifest(connection, [post.post_id for post in found], version)
                seen += [post.native_id for post in found]
        assert sorted(seen) == [str(number) for number in range(7)]
        with database.read() as connection:
            assert list(posts.without_manifest(connection, [FIRST, LINKEDIN], "twitter", version, size)) == []


def test_a_manifest_is_made_of_the_post_as_it_is_when_it_is_written(database: Database):
    upsert(database, a_version("streamed"), a_post("2"))
    with database.read() as reading:
        (ids,) = posts.without_manifest(reading, [FIRST], "twitter", 1, 10)
    upsert(database, a_version("newer"), partition=SECOND)
    save_manifest(database, "2")
    with database.read() as connection:
        (found,) = posts.still_without_manifest(connection, ids, 1)
    assert found.raw == {"v": "newer"}
    assert found.import_id == add_import(database, SECOND)


def test_pages_of_posts_hold_each_once(database: Database):
    upsert(database, *(a_post(str(number), text="x") for number in range(5)))
    upsert(database, a_post("elsewhere"), partition=SECOND)
    wanted = sorted(post_id_of("twitter", str(number)) for number in range(5))
    for size in range(1, 7):
        with database.read() as connection:
            pages = list(posts.pages(connection, [FIRST], size))
        assert all(0 < len(page) <= size for page in pages)
        assert [post.post_id for page in pages for post in page] == wanted


def test_posts_of_the_same_content_come_oldest_first(database: Database):
    dates = {"1": datetime(2026, 3, 1, tzinfo=UTC), "2": datetime(2026, 2, 1, tzinfo=UTC), "3": None, "4": None}
    upsert(database, *(a_post(native_id, posted_at=posted_at) for native_id, posted_at in dates.items()))
    ids = {native_id: post_id_of("twitter", native_id) for native_id in dates}
    with database.write() as connection:
        posts.set_content(connection, {**{ids[name]: "c" * 64 for name in "123"}, ids["4"]: "d" * 64})
        found = posts.same_content(connection, ["c" * 64, "e" * 64])
    assert {content: [post.post_id for post in group] for content, group in found.items()} == {
        "c" * 64: [ids["2"], ids["1"], ids["3"]]
    }


def test_posts_that_repeat_an_older_one_are_counted_by_partition(database: Database):
    upsert(database, a_post("1"), a_post("2"))
    upsert(database, a_post("3"), partition=SECOND)
    ids = [post["post_id"] for post in rows(database, "posts")]
    with database.write() as connection:
        posts.point_to(connection, {post_id_of("twitter", "2"): ids[0], post_id_of("twitter", "3"): ids[0]})
        assert posts.duplicates(connection, [FIRST, SECOND, LINKEDIN]) == {FIRST: 1, SECOND: 1}
        posts.set_content(connection, {post_id_of("twitter", "2"): "c" * 64})
        assert posts.duplicates(connection, [FIRST]) == {}


def test_posts_of_more_imports_than_a_statement_takes_are_counted_once(database: Database):
    """A folder of 40,000 files is one import run; a post of several of them is one post."""
    upsert(database, a_post("1", text="words"), a_post("2", text="words"), name="a.json")
    upsert(database, a_post("2", text="words"), a_post("3", text="words"), partition=SECOND, name="b.json")
    upsert(database, a_post("3", text="words"), a_post("4", text="words"), partition=SECOND, name="c.json")
    ids = [add_import(database, SECOND, name) for name in ("b.json", "c.json")]
    many = [ids[0], *(f"i-{number}" for number in range(70_000)), ids[1]]
    with database.read() as connection:
        assert posts.since(connection, [FIRST], LONG_AGO, many) == Upserted(new=4)
        assert posts.since(connection, [FIRST], LONG_AGO) == Upserted(new=2)
        assert posts.since(connection, [FIRST], datetime.now(UTC) + timedelta(days=1), many) == Upserted(unchanged=4)
