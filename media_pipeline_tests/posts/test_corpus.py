"""Real exports against what a person read in them. The data stays where it is and is not part of the project."""

from __future__ import annotations

import html
import json
import os
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from media_pipeline.model import Fault, MediaRef, Post, Record, Relation, Role
from media_pipeline.posts.extract import coverage, extract
from media_pipeline.posts.platforms import platform_named, platform_names
from media_pipeline.posts.readers import read_export
from media_pipeline_tests.replay import is_blob_of

REPOSITORY = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("MEDIA_TEST_CORPUS") or REPOSITORY.parent / "shared" / "corpus")
PLATFORMS = platform_names()
ANONYMOUS = (
    "posts/bluesky/quote_and_image.json",
    "posts/facebook/apify_posts.json",
    "posts/instagram/graphapi_medias_p2.json",
    "posts/twitter/archive/data/tweets.js",
)
"""Exports that don't say whose they are: addresses blanked out, an archive without its account.js."""
WITHOUT_TIME = ("posts/facebook/apify_posts.json",)
RELATIONS = {
    "retweeted": Relation.REPOSTED,
    "reblogged": Relation.REPOSTED,
    "quoted": Relation.QUOTED,
    "reply_parent": Relation.REPLY_PARENT,
    "reply_root": Relation.REPLY_PARENT,
}

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not (CORPUS / "expected.jsonl").is_file(), reason=f"no corpus at {CORPUS}; set MEDIA_TEST_CORPUS"
    ),
]


def rows() -> list[dict[str, Any]]:
    if not (CORPUS / "expected.jsonl").is_file():
        return []
    lines = (CORPUS / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["platform"] in PLATFORMS]


def files() -> list[tuple[str, str]]:
    return sorted({(row["file"], row["platform"]) for row in rows()})


@cache
def found(file: str, platform: str) -> dict[str, list[tuple[Post, tuple[MediaRef, ...]]]]:
    posts = defaultdict(list)
    for part in extract(CORPUS / file, platform_named(platform)):
        assert not isinstance(part, Fault), f"{file}: {part}"
        posts[part.post.native_id].append((part.post, part.media))
    return dict(posts)


def shown(media: tuple[MediaRef, ...]) -> list[tuple[str, str]]:
    return [(ref.media_type.value, ref.url) for ref in media if ref.role is Role.MEDIA and ref.url]


def is_same(expected: dict[str, Any], got: tuple[str, str]) -> bool:
    good = got[1] in (expected["url"], *expected.get("accept", ()))
    return got[0] == expected["type"] and (good or is_blob_of(expected["url"], got[1]))


def is_as_expected(row: dict[str, Any], media: tuple[MediaRef, ...]) -> bool:
    """Every required URL in its place, nothing else as the post's own, optional URLs under roles of their own."""
    got = shown(media)
    own = {candidate.url for ref in media for candidate in ref.candidates if candidate.role is Role.MEDIA}
    return (
        len(got) == len(row["media"])
        and all(map(is_same, row["media"], got))
        and not any(optional["url"] in own for optional in row.get("optional", ()))
    )


def stands_right(row: dict[str, Any], post: Post) -> bool:
    nested = row.get("nested")
    if nested == "referenced":
        return "/includes/tweets/" in post.locator.pointer
    return post.relation is RELATIONS.get(nested or "") and "/includes/" not in post.locator.pointer


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_row_of_the_corpus_is_read_as_a_person_read_it(platform: str) -> None:
    wrong = []
    expected = [row for row in rows() if row["platform"] == platform]
    for row in expected:
        candidates = [
            media for post, media in found(row["file"], platform).get(row["post_id"], ()) if stands_right(row, post)
        ]
        if not candidates or not all(is_as_expected(row, media) for media in candidates):
            wrong.append((row["file"], row["post_id"], row.get("nested"), row["media"], [*map(shown, candidates)]))
    print(f"{platform}: {len(expected) - len(wrong)} of {len(expected)} rows")
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(("file", "platform"), files())
def test_no_post_is_found_that_no_person_saw(file: str, platform: str) -> None:
    assert set(found(file, platform)) == {row["post_id"] for row in rows() if row["file"] == file}


@pytest.mark.parametrize(("file", "platform"), files())
def test_every_post_says_who_and_when_and_where(file: str, platform: str) -> None:
    for posts in found(file, platform).values():
        for post, _ in posts:
            assert post.posted_at or file in WITHOUT_TIME
            assert post.url or file in ANONYMOUS
            assert post.author_name or post.author_id or file in ANONYMOUS


@pytest.mark.parametrize(("file", "platform"), files())
def test_each_locator_leads_back_to_its_post(file: str, platform: str) -> None:
    records = [record for record in read_export(CORPUS / file) if isinstance(record, Record)]
    for record in records:
        for post in platform_named(platform).posts(record):
            assert isinstance(post, Post)
            value = record.value
            for key in post.locator.pointer.removeprefix(record.locator.pointer).split("/")[1:]:
                value = value[int(key)] if isinstance(value, list) else value[key]
            assert post.native_id in json.dumps(value)
            # Mastodon's text is read out of HTML, Reddit's is a title and what stands below it. X's APIs escape it.
            if post.text and platform not in ("mastodon", "reddit"):
                assert json.dumps(post.text) in html.unescape(json.dumps(value))


@pytest.mark.parametrize(("file", "platform"), files())
def test_every_media_url_is_claimed_or_explained(file: str, platform: str) -> None:
    proven = coverage(CORPUS / file, platform_named(platform))
    print(f"{file}: {proven.urls} media URLs, {proven.percentage:.1f}% explained")
    assert proven.unexplained == ()


@pytest.mark.parametrize(("file", "platform"), files())
def test_every_export_is_recognised_without_being_told_its_platform(file: str, platform: str) -> None:
    for part in extract(CORPUS / file):
        assert not isinstance(part, Fault), part
        assert part.post.platform == platform


def test_unresolved_media_keys_are_references_that_say_why() -> None:
    notes = [row for row in rows() if row.get("note", "").startswith("unresolvable media_keys")]
    for row in notes:
        keys = row["note"].rpartition(": ")[2].replace(",", " ").split()
        for _, media in found(row["file"], row["platform"])[row["post_id"]]:
            unresolved = " ".join(ref.note or "" for ref in media if ref.url is None)
            assert all(key in unresolved for key in keys)
