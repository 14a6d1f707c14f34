"""A post that was edited between two exports: each medium keeps its own bytes, wherever it stands now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_pipeline.model import ImportPartition
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.library import DAY, picture
from media_pipeline_tests.stages.either_database import CACHE, EitherLibrary, MakeEither, Row

pytestmark = pytest.mark.long

LATER = 1
"""Days after the first import."""


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def status(*media: tuple[str, str], number: int = 11, edits: int = 0) -> dict[str, Any]:
    """A post of Mastodon with these attachments: the platform's key, and the URL."""
    return {
        "id": f"1180000000000000{number}",
        "created_at": "2026-01-02T03:04:05.000Z",
        "edited_at": f"2026-02-01T00:00:{edits:02}.000Z",
        "visibility": "public",
        "content": "<p>words</p>",
        "reblog": None,
        "account": {"id": "1", "username": "anna", "acct": "anna", "display_name": "Anna"},
        "media_attachments": [
            {"id": key, "type": "image", "url": url, "meta": {}, "description": f"picture {key}"} for key, url in media
        ],
    }


class Edited:
    """A post that each import shows as it was then."""

    def __init__(self, library: EitherLibrary, host: FaultyHost) -> None:
        self.library = library
        self.host = host
        self.imports = 0
        self.bytes: dict[str, bytes] = {}

    def medium(self, name: str) -> tuple[str, str]:
        number = sum(map(ord, name))
        url = self.host.serve(f"/{name}.jpg", picture(number))
        self.bytes[url] = picture(number)
        return name, url

    def shown(self, *names: str, keyed: bool = True) -> None:
        """Import the post with these media, and fetch what is due. Not keyed: as a tool writes it that keeps no ids."""
        found = [self.medium(name) for name in names]
        self.imports += 1
        day = ImportPartition(DAY + timedelta(days=self.imports), "mastodon")
        written = found if keyed else [("", url) for _, url in found]
        self.library.land("a.json", [status(*written, edits=self.imports)], day)
        self.library.run(day, stages=CACHE)

    def references(self) -> dict[str, Row]:
        """By the medium's name: its URL ends with it."""
        rows = self.library.table("post_media")
        return {row["media_url"].rpartition("/")[2].removesuffix(".jpg"): row for row in rows}

    def order(self) -> list[str]:
        """The names of what the post shows now."""
        rows = {name: row for name, row in self.references().items() if row["removed_at"] is None}
        return sorted(rows, key=lambda name: rows[name]["position"])

    def check(self) -> None:
        """Each reference holds the bytes of its own URL, and each URL was asked for once."""
        rows = self.references()
        assert len(rows) == len(self.library.table("post_media"))
        for row in rows.values():
            assert (row["status"], row["fetched_url"]) == ("stored", row["media_url"])
            assert self.library.bytes_of(row["sha256"]) == self.bytes[row["media_url"]]
        asked = [request.path for request in self.host.requests]
        assert sorted(asked) == sorted(set(asked))


@pytest.fixture
def post(library: EitherLibrary, host: FaultyHost) -> Edited:
    return Edited(library, host)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["e61"], ["e62"]),
        (["e51"], ["e52", "e51"]),
        (["a", "b", "c"], ["a", "c"]),
        (["a", "b", "c"], ["b", "c"]),
        (["a", "b"], ["b", "a"]),
        (["a", "b", "c"], ["c", "x", "a"]),
        ([], ["a"]),
    ],
    ids=[
        "replaced",
        "added in front",
        "one of three gone",
        "the first gone",
        "swapped",
        "all at once",
        "first",
    ],
)
def test_an_edited_post_shows_its_media_with_their_own_bytes(post: Edited, before: list[str], after: list[str]) -> None:
    post.shown(*before)
    ids = {name: row["media_id"] for name, row in post.references().items()}
    post.shown(*after)
    post.check()
    assert post.order() == after
    rows = post.references()
    assert rows.keys() == {*before, *after}
    assert {name: rows[name]["media_id"] for name in ids} == ids, "what is known keeps its id"
    assert {name for name, row in rows.items() if row["removed_at"]} == {*before} - {*after}
    assert all(rows[name]["alt_text"] == f"picture {name}" for name in rows)


def test_a_medium_that_comes_back_to_its_post_is_the_one_that_was_there(post: Edited) -> None:
    post.shown("a", "b")
    before = post.references()["b"]
    post.shown("a")
    assert post.references()["b"]["removed_at"]
    post.shown("b", "a")
    post.check()
    now = post.references()["b"]
    assert (now["media_id"], now["removed_at"], now["position"]) == (before["media_id"], None, 0)


def test_an_export_that_shows_none_of_a_posts_media_removes_none(post: Edited) -> None:
    post.shown("a", "b")
    post.shown()
    post.check()
    assert post.order() == ["a", "b"]


def test_another_tools_order_of_the_same_media_moves_no_bytes(post: Edited) -> None:
    post.shown("a", "b", "c")
    ids = {name: row["media_id"] for name, row in post.references().items()}
    post.shown("c", "a", "b", keyed=False)
    post.check()
    assert post.order() == ["c", "a", "b"]
    assert {name: row["media_id"] for name, row in post.references().items()} == ids
    post.shown("a", "b", "c")
    assert {name: row["media_id"] for name, row in post.references().items()} == ids


def test_a_medium_that_left_its_post_before_it_came_is_fetched_all_the_same(post: Edited) -> None:
    post.library = post.library.with_settings(download_media=False)
    post.shown("a")
    post.library = post.library.with_settings(download_media=True)
    post.shown("b")
    post.library.run(ImportPartition(DAY + timedelta(days=1), "mastodon"), stages=CACHE)
    post.check()
    assert set(post.references()) == {"a", "b"}


EDITS = st.lists(st.lists(st.sampled_from("abcd"), max_size=4, unique=True), min_size=1, max_size=5)


@given(
    edits=EDITS.flatmap(lambda edits: st.permutations(list(enumerate(edits)))),
    are_dated=st.booleans(),
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_edits_and_the_order_of_imports_the_newest_is_shown_and_every_medium_fetched_once(
    make_either: MakeEither,
    host: FaultyHost,
    edits: list[tuple[int, list[str]]],
    are_dated: bool,
    request: pytest.FixtureRequest,
) -> None:
    # A post of its own for each example, in one library.
    host.requests.clear()
    number = request.node.stash.setdefault(EXAMPLES, 0)
    request.node.stash[EXAMPLES] = number + 1
    library = make_either()
    for place, (step, names) in enumerate(edits):
        found = [(name, host.serve(f"/{number}-{name}.jpg", picture(number * 9 + ord(name)))) for name in names]
        day = ImportPartition(DAY + timedelta(days=1 + number * 9 + place), "mastodon")
        said = status(*found, number=20 + number, edits=step)
        if not are_dated:
            # Tools that leave the edit out say when they collected the post.
            said = said | {"edited_at": None, "collected_at": said["edited_at"]}
        library.land("a.json", [said | {"content": f"<p>words {step}</p>"}], day)
        library.run(day, stages=CACHE)
    rows = [row for row in library.table("post_media") if f"/{number}-" in row["media_url"]]
    assert {row["media_url"].rpartition("-")[2][0] for row in rows} == {name for _, names in edits for name in names}
    shown = sorted((row for row in rows if row["removed_at"] is None), key=lambda row: row["position"])
    newest_first = [names for _, names in sorted(edits, reverse=True)]
    assert [row["media_url"].rpartition("-")[2][0] for row in shown] == next(filter(None, newest_first), [])
    (post,) = library.table("posts", native_id=f"1180000000000000{20 + number}")
    assert post["text"] == f"words {len(edits) - 1}"
    assert len(library.table("post_sightings", post_id=post["post_id"])) == len(edits)
    for row in rows:
        name = row["media_url"].rpartition("-")[2][0]
        assert library.bytes_of(row["sha256"]) == picture(number * 9 + ord(name))
    asked = [call.path for call in host.requests]
    assert sorted(asked) == sorted(set(asked))


EXAMPLES: pytest.StashKey[int] = pytest.StashKey()


def note(*urls: str, edits: int = 0) -> dict[str, Any]:
    """A note of ActivityPub, whose attachments have no keys."""
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Note",
        "id": "https://m.test/notes/1",
        "attributedTo": "https://m.test/users/anna",
        "published": "2026-01-02T03:04:05Z",
        "updated": f"2026-02-01T00:00:{edits:02}Z",
        "content": "<p>words</p>",
        "attachment": [{"type": "Document", "mediaType": "image/jpeg", "url": url} for url in urls],
    }


@pytest.mark.parametrize(
    "form", ["/media?name={}.jpg", "/get.php?hash={}&w=1", "/{}.jpg?ref=https://blog.test/p", "/m?w={}"]
)
def test_media_without_keys_whose_urls_look_alike_are_never_taken_for_one_another(
    library: EitherLibrary, host: FaultyHost, form: str
) -> None:
    urls = {name: host.serve(form.format(number), picture(number)) for number, name in enumerate("abc", 1)}
    shown = [["a", "b"], ["b"], ["c", "b"], ["a", "b", "c"]]
    for edits, names in enumerate(shown):
        day = ImportPartition(DAY + timedelta(days=edits), "mastodon")
        library.land("a.json", [note(*(urls[name] for name in names), edits=edits)], day)
        library.run(day, stages=CACHE)
    rows = library.table("post_media")
    assert {row["media_url"] for row in rows} == set(urls.values())
    for row in rows:
        assert row["media_url"] == row["fetched_url"]
        name = next(name for name, url in urls.items() if url == row["media_url"])
        assert library.bytes_of(row["sha256"]) == picture("abc".index(name) + 1)
    assert {row["media_url"] for row in rows if row["removed_at"] is None} == set(urls.values())
    assert len(host.requests) == 3
