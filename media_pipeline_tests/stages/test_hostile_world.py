"""Hosts that answer with any bytes, and exports that hold any values: what is bad fails alone, on both databases."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from media_pipeline.model import Status
from media_pipeline.policy.retry import LONGEST_ASKED_WAIT
from media_pipeline.posts.platforms.twitter import Twitter
from media_pipeline_tests.faulty_host import FaultyHost, first, status
from media_pipeline_tests.hostile_host import HostileHost, answer_by_chance
from media_pipeline_tests.library import picture, tweet
from media_pipeline_tests.stages.either_database import CACHE, EitherLibrary, MakeEither

OPEN = {Status.PENDING.value, Status.FAILED.value}
LINKS = 24


@pytest.fixture
def hostile() -> Iterator[HostileHost]:
    with HostileHost() as host:
        yield host


def hostile_library(make_either: MakeEither, host: FaultyHost, hostile: HostileHost, **settings: Any) -> EitherLibrary:
    allowed = (host.address, hostile.address)
    return make_either(media_allowed_hosts=allowed, media_ban_after=1000, media_max_attempts=2, **settings)


def answer(*lines: bytes, body: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def check_hostile_answers(make_either: MakeEither, host: FaultyHost, hostile: HostileHost, seed: int) -> None:
    """Good links among hostile ones are stored; the hostile ones end in a named status; no run fails."""
    chance = random.Random(seed)
    library = hostile_library(make_either, host, hostile)
    good = [host.serve(f"/good-{number}.jpg", picture(number)) for number in range(LINKS // 4)]
    bad = [
        hostile.serve(f"/bad-{number}.jpg", answer_by_chance(chance, picture(100 + number))) for number in range(LINKS)
    ]
    urls = good + bad
    chance.shuffle(urls)
    library.land("a.json", [tweet(number, url) for number, url in enumerate(urls, 1)])
    for _ in range(2):
        library.fetch()
        library.make_due()
    library.fetch()
    assert {library.reference(url)["status"] for url in good} == {"stored"}
    assert sum(library.statuses().values()) == len(urls)
    assert not OPEN & library.statuses().keys(), [
        (row["status"], row["attempts"], row["error"]) for row in library.table("post_media") if row["status"] in OPEN
    ]
    for row in library.table("post_media"):
        if row["status"] == "stored":
            assert library.bytes_of(row["sha256"])
        else:
            assert row["error"]


@pytest.mark.parametrize("seed", range(3))
def test_hostile_answers_end_in_named_statuses_and_stop_nothing_else(
    make_either: MakeEither, host: FaultyHost, hostile: HostileHost, seed: int
):
    check_hostile_answers(make_either, host, hostile, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1040))
def test_many_hostile_answers_end_in_named_statuses_and_stop_nothing_else(
    make_either: MakeEither, host: FaultyHost, hostile: HostileHost, seed: int
):
    check_hostile_answers(make_either, host, hostile, seed)


def test_a_negative_chunk_size_and_a_nul_in_an_etag_cost_their_own_links_at_most(
    make_either: MakeEither, host: FaultyHost, hostile: HostileHost
):
    library = hostile_library(make_either, host, hostile)
    body = picture(1)
    negative = hostile.serve(
        "/negative.jpg",
        answer(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", body=b"-5\r\n" + body + b"\r\n0\r\n\r\n"),
    )
    nul = hostile.serve(
        "/nul.jpg",
        answer(b"HTTP/1.1 200 OK", b'ETag: "\0"', b"Content-Length: %d" % len(body), body=body),
    )
    later = [host.serve(f"/{number}.jpg", picture(number)) for number in range(10, 20)]
    library.land("a.json", [tweet(number, url) for number, url in enumerate([negative, nul, *later], 1)])
    library.fetch()
    assert {library.reference(url)["status"] for url in later} == {"stored"}
    found = library.reference(nul)
    assert (found["status"], found["etag"]) == ("stored", '"\ufffd"')
    failed = library.reference(negative)
    assert (failed["status"], failed["attempts"]) == ("failed", 1)
    library.make_due()
    library.fetch()
    assert library.reference(negative)["status"] == "abandoned"


def test_103_early_hints_and_other_interim_answers_are_passed_over(
    make_either: MakeEither, host: FaultyHost, hostile: HostileHost
):
    library = hostile_library(make_either, host, hostile)
    body = picture(1)
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nLink: </a.js>; rel=preload\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" + hint + b"HTTP/1.1 102 Processing\r\n\r\n" + hint
    final = answer(b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), b'ETag: "of the answer"', body=body)
    hinted = hostile.serve("/hinted.jpg", interim + final)
    endless = hostile.serve("/endless.jpg", hint * 100)
    library.land("a.json", [tweet(1, hinted), tweet(2, endless)])
    library.fetch()
    found = library.reference(hinted)
    assert (found["status"], found["etag"]) == ("stored", '"of the answer"')
    assert library.bytes_of(found["sha256"]) == body
    assert "interim answers" in library.reference(endless)["error"]


HOSTILE_VALUES: list[Any] = [
    "x" * 3000,
    "é\0" * 3000,
    "\0",
    "\U0001f600" * 3000,
    "https://[",
    "https://h\0st/a.jpg",
    "Sat Nov 01 12:00:00 +9999 99999",
    "Fri Dec 31 23:59:59 -1200 9999",
    "Mon Jan 01 00:00:00 +1400 0001",
    10**19,
    -(10**400),
    2**31,
    1.5,
    True,
    None,
    [],
    {},
    [[[[{"id": 1}]]]],
    {"\0": "\0"},
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def with_value(post: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(post) if isinstance(post, dict) else list(post)
    copy[path[0]] = with_value(post[path[0]], path[1:], value)
    return copy


def hostile_export(chance: random.Random, url: str) -> bytes:
    """Lines of posts, some with a hostile value or two, some with bytes changed; the last is as it should be."""
    lines: list[bytes] = []
    for number in range(1, 60):
        post = tweet(number, url)
        post["favorite_count"], post["in_reply_to"] = 3, None
        for _ in range(chance.randrange(3)):
            post = with_value(post, chance.choice(list(places(post))), chance.choice(HOSTILE_VALUES))
        line = bytearray(json.dumps(post).encode())
        for _ in range(chance.choice([0, 0, 0, 1, 3])):
            line[chance.randrange(len(line))] = chance.randrange(256)
        lines.append(bytes(line))
    return b"\n".join([*lines, json.dumps(tweet(99, url)).encode()]) + b"\n"


def check_hostile_export(make_either: MakeEither, host: FaultyHost, seed: int) -> None:
    library = make_either(media_max_attempts=1)
    url = host.serve("/a.jpg", picture())
    library.land("a.jsonl", hostile_export(random.Random(seed), url))
    library.fetch()
    assert [row["status"] for row in library.table("imports")] == ["faulty"]
    good = library.table("posts", native_id="99")
    assert len(good) == 1
    assert library.reference_of(good[0]["post_id"])["status"] == "stored"
    assert not OPEN & library.statuses().keys()
    assert {row["manifest_version"] for row in library.table("posts")} == {Twitter.version}


@pytest.mark.parametrize("seed", range(3))
def test_an_export_of_hostile_values_keeps_its_good_posts_and_names_the_others(
    make_either: MakeEither, host: FaultyHost, seed: int
):
    check_hostile_export(make_either, host, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_many_exports_of_hostile_values_keep_their_good_posts_and_name_the_others(
    make_either: MakeEither, host: FaultyHost, seed: int
):
    check_hostile_export(make_either, host, seed)


def test_a_post_whose_media_can_not_be_told_is_a_fault_of_its_import_and_the_others_are_fetched(
    make_either: MakeEither, host: FaultyHost, monkeypatch: pytest.MonkeyPatch
):
    media = Twitter.media

    def choke(self: Any, raw: Any) -> Any:
        if raw["id_str"] == "2":
            raise LookupError("a shape of data that nobody has seen")
        return media(self, raw)

    monkeypatch.setattr(Twitter, "media", choke)
    library = make_either()
    urls = [host.serve(f"/{number}.jpg", picture(number)) for number in range(4)]
    library.land("a.json", [tweet(number, url) for number, url in enumerate(urls)])
    library.run(stages=CACHE)
    assert library.statuses() == {"stored": 3}
    (fault,) = library.table("import_faults")
    assert "a shape of data that nobody has seen" in fault["reason"]
    assert fault["locator"].endswith("#/2")
    assert library.table("imports")[0]["status"] == "faulty"


def test_a_post_that_the_database_refuses_is_a_fault_and_the_rest_of_its_batch_is_written(
    make_either: MakeEither, host: FaultyHost
):
    library = make_either()
    library.refuse("posts", "native_id", "2")
    url = host.serve("/a.jpg", picture())
    library.land("a.json", [tweet(number, url) for number in range(4)])
    library.fetch()
    assert sorted(row["native_id"] for row in library.table("posts")) == ["0", "1", "3"]
    (fault,) = library.table("import_faults")
    assert "the database refuses it" in fault["reason"]
    assert fault["locator"].endswith("#/2")


def test_what_the_database_refuses_of_one_download_fails_that_one_and_leaves_no_file(
    make_either: MakeEither, host: FaultyHost
):
    library = make_either(media_max_attempts=2)
    library.refuse("media_files", "sha256", hashlib.sha256(picture(2)).hexdigest())
    urls = [host.serve(f"/{number}.jpg", picture(number)) for number in range(6)]
    library.land("a.json", [tweet(number, url) for number, url in enumerate(urls)])
    library.fetch()
    assert library.statuses() == {"stored": 5, "failed": 1}
    failed = library.reference(urls[2])
    assert (failed["attempts"], "the database refuses it" in failed["error"]) == (1, True)
    stored = {row["local_path"] for row in library.table("media_files")}
    media = library.storage / "media"
    assert {path.relative_to(library.storage).as_posix() for path in media.rglob("*.jpg")} == stored
    library.make_due()
    library.fetch()
    assert library.reference(urls[2])["status"] == "abandoned"


@pytest.mark.parametrize("wait", ["1" + "0" * 23, "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("code", [429, 503])
def test_a_retry_after_of_ages_keeps_its_own_link_waiting_and_no_other_of_the_host(
    make_either: MakeEither, host: FaultyHost, wait: str, code: int
):
    library = make_either(media_host_workers=1)
    ages = host.serve("/a-first.jpg", fault=status(code, Retry_After=wait))
    others = [host.serve(f"/{number}.jpg", picture(number)) for number in range(10)]
    library.land("a.json", [tweet(number, url) for number, url in enumerate([ages, *others], 1)])
    library.fetch()
    assert {library.reference(url)["status"] for url in others} == {"stored"}
    waiting = library.reference(ages)
    assert (waiting["status"], waiting["attempts"]) == ("failed", 1)
    days = (waiting["next_attempt_at"] - datetime.now(UTC)).total_seconds() / 86400
    assert LONGEST_ASKED_WAIT.days - 1 < days <= LONGEST_ASKED_WAIT.days


@pytest.mark.parametrize("wait", ["-5", "²", "", "soon", "Fri, 31 Dec 99999 00:00:00 GMT", "1 Jan 2026 00:00 +9999999"])
def test_a_retry_after_that_says_nothing_is_no_wait(make_either: MakeEither, host: FaultyHost, wait: str):
    library = make_either()
    url = host.serve("/a.jpg", picture(), fault=first(1, status(503, Retry_After=wait.encode().decode("latin-1"))))
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    assert library.reference(url)["status"] == "stored"
