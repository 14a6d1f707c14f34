"""Posts that several imports hold: the newest sighting tells what a post says, and none takes away from another."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from media_pipeline.catalog.database import Database
from media_pipeline.catalog.tables import imports, post_sightings
from media_pipeline.model import ImportPartition, post_id_of
from media_pipeline.stages.imports.history import NoSuchPost, PostHistory, history_of
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, picture
from media_pipeline_tests.stages.either_database import CACHE, EitherLibrary, MakeEither, Row
from media_pipeline_tests.stages.test_edited_posts import status

pytestmark = pytest.mark.long

NATIVE_ID = "118000000000000011"
NEVER, LONG_PAST = 0x80000000, 0x5F800000
"""When URLs end: in 2038 and in 2020."""


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def import_(library: EitherLibrary, *records: Any, platform: str = "mastodon", age: float = 60) -> None:
    """Import records as one file, a day after the last; ``age``: seconds since the file was changed."""
    days = len({row["import_date"] for row in library.table("imports")}) if library.has_catalogue() else 0
    partition = ImportPartition(DAY + timedelta(days=days), platform)
    library.land("a.json", list(records), partition, age)
    library.run(partition, stages=CACHE)


def post_of(library: EitherLibrary, native_id: str = NATIVE_ID) -> Row:
    (found,) = library.table("posts", native_id=native_id)
    return found


def history(library: EitherLibrary, name: str = NATIVE_ID) -> PostHistory:
    with closing(Database.open(library.settings)) as database:
        return history_of(library.settings, database, name)


def words(step: int, *media: tuple[str, str], **facts: Any) -> dict[str, Any]:
    return status(*media, edits=step) | {"content": f"<p>words {step}</p>", "favourites_count": step, **facts}


def instagram(words: str, url: str, width: int = 640) -> dict[str, Any]:
    """A post that names no time but that of its posting, as its URLs alone tell exports of it apart."""
    return {
        "pk": "3500000000000001111",
        "code": "C1111",
        "media_type": 1,
        "taken_at": 1730000000,
        "user": {"pk": "99", "username": "anna.example"},
        "caption": {"text": words},
        "image_versions2": {"candidates": [{"url": url, "width": width, "height": width * 3 // 4}]},
    }


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_words_and_numbers_are_those_of_the_newest_observation_whatever_the_order_of_imports(
    library: EitherLibrary, order: Sequence[int]
) -> None:
    for step in order:
        import_(library, words(step))
    post = post_of(library)
    assert (post["text"], post["like_count"]) == ("words 2", 2)
    assert len(library.table("post_sightings")) == 3
    assert [version.is_shown for version in history(library).versions] == [False, False, True]


def test_what_the_newest_observation_leaves_out_stays_as_it_was_known(library: EitherLibrary) -> None:
    import_(library, words(1))
    bare = words(2)
    del bare["favourites_count"], bare["created_at"]
    import_(library, bare)
    post = post_of(library)
    assert (post["text"], post["like_count"]) == ("words 2", 1)
    assert post["posted_at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    # And what an older one tells is taken where nothing is known of it.
    import_(library, words(0, url="https://m.test/@anna/11"))
    assert post_of(library)["text"] == "words 2"


def test_an_older_export_that_comes_later_neither_expires_nor_replaces_anything(
    library: EitherLibrary, host: FaultyHost
) -> None:
    new = host.serve(f"/p1_n.jpg?Expires={NEVER}&Signature=x", picture(1))
    old = host.serve(f"/old/p1_n.jpg?Expires={LONG_PAST}&Signature=x", picture(1))
    import_(library, instagram("edited words", new), platform="instagram")
    (before,) = library.table("post_media")
    import_(library, instagram("first words", old), platform="instagram")
    (after,) = library.table("post_media")
    assert post_of(library, "3500000000000001111")["text"] == "edited words"
    assert [one["url"] for one in after["candidates"]] == [new, old]
    assert {**after, "candidates": before["candidates"], "updated_at": before["updated_at"]} == before
    assert len(host.requests) == 1


def test_a_living_url_of_an_older_export_is_asked_where_the_newer_ones_have_ended(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either()
    ended = int((datetime.now(UTC) - timedelta(days=1)).timestamp())
    signed = host.serve(f"/a.jpg?Expires={ended}&Signature=x", picture(1))
    living = host.serve("/a.jpg", picture(1))
    import_(library, words(2, ("a", signed)))
    assert [row["status"] for row in library.table("post_media")] == ["expired"]
    import_(library, words(1, ("a", living)))
    (row,) = library.table("post_media")
    assert (row["status"], row["media_url"], row["removed_at"]) == ("stored", living, None)
    assert post_of(library)["text"] == "words 2"


def test_a_larger_copy_that_an_older_export_declares_is_asked_first(library: EitherLibrary, host: FaultyHost) -> None:
    large, small = (host.serve(f"/{name}.jpg", picture(1)) for name in ("large", "small"))
    library = library.with_settings(download_media=False)
    import_(library, instagram("old", large) | {"edited_at": 1740000000}, platform="instagram")
    import_(library, instagram("new", small, width=64) | {"edited_at": 1750000000}, platform="instagram")
    (row,) = library.table("post_media")
    assert ([one["url"] for one in row["candidates"]], row["media_url"]) == ([large, small], large)
    assert post_of(library, "3500000000000001111")["text"] == "new"


def test_a_medium_that_only_an_older_export_shows_is_kept_as_one_that_left_its_post(
    library: EitherLibrary, host: FaultyHost
) -> None:
    urls = {name: host.serve(f"/{name}.jpg", picture(ord(name))) for name in "ab"}
    import_(library, words(2, ("b", urls["b"])))
    import_(library, words(1, ("a", urls["a"]), ("b", urls["b"])))
    rows = {row["media_key"]: row for row in library.table("post_media")}
    assert {key: row["status"] for key, row in rows.items()} == {"id:a": "stored", "id:b": "stored"}
    assert {key: row["removed_at"] is not None for key, row in rows.items()} == {"id:a": True, "id:b": False}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_post_that_stands_twice_in_one_file_is_as_its_later_edit_and_loses_no_candidate(
    library: EitherLibrary, host: FaultyHost, order: Sequence[int]
) -> None:
    good, other, dead = (host.serve(f"/{name}.jpg", picture(ord(name))) for name in "gob")
    host.serve("/b.jpg", fault=faulty_host.status(404))
    shown = {1: words(1, ("a", good), ("o", other)), 2: words(2, ("a", dead))}
    import_(library, *(shown[step] for step in order))
    assert post_of(library)["text"] == "words 2"
    rows = {row["media_key"]: row for row in library.table("post_media")}
    assert {key: row["status"] for key, row in rows.items()} == {"id:a": "stored", "id:o": "stored"}
    assert {one["url"] for one in rows["id:a"]["candidates"]} == {good, dead}
    assert {key: row["removed_at"] is not None for key, row in rows.items()} == {"id:a": False, "id:o": True}


def test_another_url_under_a_key_whose_bytes_are_held_stands_beside_no_bytes_that_are_not_its_own(
    library: EitherLibrary, host: FaultyHost
) -> None:
    held, victim = (host.serve(f"/{name}.jpg", picture(number)) for number, name in enumerate(("held", "victim")))
    import_(library, words(1, ("a", held)))
    import_(library, words(2, ("a", victim)))
    import_(library, words(1, ("v", victim)) | {"id": "12"})
    rows = library.table("post_media")
    assert {row["media_key"]: library.bytes_of(row["sha256"]) for row in rows} == {
        "id:a": picture(0),
        "id:v": picture(1),
    }
    assert all(row["media_url"] == row["fetched_url"] for row in rows)


def test_an_import_of_a_clock_that_was_ahead_gives_way_to_a_right_one(library: EitherLibrary) -> None:
    undated = {"edited_at": None, "created_at": None}
    import_(library, words(1) | undated)
    ahead = datetime.now(UTC) + timedelta(days=3650)
    with library.catalogue() as connection:
        connection.execute(sa.update(imports).values(seen_at=ahead))
        connection.execute(sa.update(post_sightings).values(observed_at=ahead))
    import_(library, words(2) | undated)
    assert post_of(library)["text"] == "words 2"


def test_a_file_that_changed_after_a_kill_leaves_no_import_that_is_read_for_ever(library: EitherLibrary) -> None:
    import_(library, words(1))
    with library.catalogue() as connection:
        connection.execute(sa.update(imports).values(status="reading"))
    partition = ImportPartition(DAY, "mastodon")
    library.land("a.json", [words(1), words(2)], partition)
    library.run(partition, stages=CACHE)
    assert sorted(row["status"] for row in library.table("imports")) == ["faulty", "read"]


FEED = "at://did:plc:{0}/app.bsky.feed.post/3k"


def reply(parent: dict[str, Any], edits: int = 0) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": f"re {edits}", "createdAt": "2026-01-02T00:00:00Z"}
    author = {"did": "did:plc:b", "handle": "b.example"}
    post = {"uri": FEED.format("b"), "cid": "bafyb", "author": author, "record": record}
    return {"feed": [{"post": post, "reply": {"parent": parent}}]}


def parent(url: str) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": "hello", "createdAt": "2026-01-01T00:00:00Z"}
    author = {"did": "did:plc:a", "handle": "a.example", "displayName": "A"}
    images = [{"thumb": url, "fullsize": url, "alt": ""}]
    embed = {"$type": "app.bsky.embed.images#view", "images": images}
    return {"uri": FEED.format("a"), "cid": "bafya", "author": author, "record": record, "embed": embed}


BLOCKED = {
    "$type": "app.bsky.feed.defs#blockedPost",
    "uri": FEED.format("a"),
    "blocked": True,
    "author": {"did": "did:plc:a", "viewer": {}},
}


@pytest.mark.parametrize("stub_first", [False, True])
def test_a_stub_never_overwrites_a_post_and_is_kept_as_a_sighting(
    library: EitherLibrary, host: FaultyHost, stub_first: bool
) -> None:
    whole, stub = reply(parent(host.serve("/a.jpg", picture(1)))), reply(BLOCKED, edits=1)
    for value in (stub, whole) if stub_first else (whole, stub):
        import_(library, *value["feed"], platform="bluesky")
    post = post_of(library, FEED.format("a"))
    assert (post["text"], post["author_handle"], post["author_name"]) == ("hello", "a.example", "A")
    assert post["posted_at"] == datetime(2026, 1, 1, tzinfo=UTC)
    stubs = [version.stub for version in history(library, FEED.format("a")).versions]
    assert sorted(map(bool, stubs)) == [False, True]
    assert [row["status"] for row in library.table("post_media")] == ["stored"]


def test_a_post_that_is_known_by_stubs_alone_is_shown_with_why(library: EitherLibrary) -> None:
    import_(library, *reply(BLOCKED)["feed"], platform="bluesky")
    assert library.table("posts", native_id=FEED.format("a")) == []
    found = history(library, FEED.format("a"))
    assert found.post == {"post_id": post_id_of("bluesky", FEED.format("a")), "platform": "bluesky"}
    (version,) = found.versions
    assert "blocked" in (version.stub or "")


def test_a_stub_is_counted_apart_from_what_could_not_be_read(library: EitherLibrary) -> None:
    partition = ImportPartition(DAY, "bluesky")
    library.land("a.json", reply(BLOCKED)["feed"], partition)
    numbers = library.run(partition, stages=CACHE)["read_posts"].numbers
    assert (numbers["posts"], numbers["posts_no_longer_shown"], numbers["faulty_files"]) == (1, 1, 0)
    assert library.table("import_faults") == []


def test_a_stub_that_the_database_refuses_is_a_fault_with_its_place(library: EitherLibrary) -> None:
    import_(library, words(1))
    library.refuse("post_sightings", "post_id", post_id_of("bluesky", FEED.format("a")))
    import_(library, *reply(BLOCKED)["feed"], platform="bluesky")
    assert [row["status"] for row in library.table("imports", platform="bluesky")] == ["faulty"]
    (fault,) = library.table("import_faults")
    assert "no longer shown can't be written down: the database refuses it" in fault["reason"]
    assert fault["locator"].endswith("#/0/reply/parent")


def test_a_removed_post_never_overwrites_what_it_said(library: EitherLibrary) -> None:
    said = {
        "id": "abc",
        "title": "t",
        "selftext": "words",
        "subreddit": "s",
        "author": "ann",
        "created_utc": 1700000000,
    }
    import_(library, said | {"retrieved_on": 1710000000}, platform="reddit")
    gone = said | {"selftext": "[removed]", "author": "[deleted]", "retrieved_on": 1720000000}
    import_(library, gone, platform="reddit")
    post = post_of(library, "abc")
    assert (post["text"], post["author_handle"]) == ("t\n\nwords", "ann")
    versions = history(library, "abc").versions
    assert [version.stub for version in versions] == [None, "[removed]"]
    assert [version.observed_by.value for version in versions] == ["collected", "collected"]


def test_a_file_without_any_time_was_seen_when_it_was_last_changed(library: EitherLibrary) -> None:
    undated = words(1) | {"edited_at": None, "created_at": None}
    import_(library, undated, age=timedelta(days=30).total_seconds())
    (sighting,) = library.table("post_sightings")
    assert sighting["observed_by"] == "file"
    assert abs(datetime.now(UTC) - timedelta(days=30) - sighting["observed_at"]) < timedelta(days=1)


def test_history_says_what_changed_from_one_version_to_the_next(library: EitherLibrary, host: FaultyHost) -> None:
    urls = {name: host.serve(f"/{name}.jpg", picture(ord(name))) for name in "ab"}
    import_(library, words(1, ("a", urls["a"]), ("b", urls["b"])))
    import_(library, words(2, ("b", urls["b"])))
    import_(library, words(2, ("b", urls["b"])), words(0) | {"id": "12"})
    first, second, third = history(library).versions
    assert first.changes == ()
    assert second.changes == (
        'text: "words 1" -> "words 2"',
        "like_count: 1 -> 2",
        f"media gone: image {urls['a']}",
    )
    assert third.changes == ("nothing",)


def test_history_names_the_rule_by_which_one_of_two_versions_of_the_same_time_is_shown(
    library: EitherLibrary,
) -> None:
    said = {"name": "t3_abc", "id": "abc", "author": "ann", "title": "t", "created_utc": 1700000000}
    same_time = said | {"permalink": "/r/pics/comments/abc/t/", "retrieved_on": 1710000000, "subreddit": "pics"}
    import_(library, same_time | {"selftext": "one"}, platform="reddit")
    assert [one.decided_by for one in history(library, "abc").versions] == [None], "there is no other one"
    import_(library, same_time | {"selftext": "two", "edited": 1705000000}, platform="reddit")
    assert {one.is_shown: one.decided_by for one in history(library, "abc").versions} == {
        True: "edited_at",
        False: None,
    }
    import_(library, same_time | {"selftext": "three", "retrieved_on": 1720000000}, platform="reddit")
    assert {one.decided_by for one in history(library, "abc").versions} == {None}, "its own time decides"


def test_a_version_whose_export_is_gone_is_named_with_where_it_lay(library: EitherLibrary) -> None:
    for step in (1, 2):
        import_(library, words(step))
    for path in sorted(library.settings.import_path.rglob("a.json"))[:1]:
        path.unlink()
    first, second = history(library).versions
    assert "put it back there" in first.changes[0]
    assert second.changes == ()


def test_no_post_and_several_posts_of_a_name_are_refused(library: EitherLibrary) -> None:
    import_(library, words(1))
    with pytest.raises(NoSuchPost, match="no import holds a post '999'"):
        history(library, "999")
    reddit = {"id": NATIVE_ID, "title": "t", "subreddit": "s", "author": "ann", "created_utc": 1700000000}
    import_(library, reddit, platform="reddit")
    with pytest.raises(NoSuchPost, match=r"2 posts have the id .*p-.*, p-.*; name one of them"):
        history(library)
    assert history(library, post_id_of("reddit", NATIVE_ID)).post["platform"] == "reddit"
