"""What is held is asked for again: kept where its host has the same or nothing better, and never lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from media_pipeline.model import ImportPartition, media_id_of
from media_pipeline.policy import media_keys
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import HTML, Exchange, FaultyHost
from media_pipeline_tests.imaging.formats import clip
from media_pipeline_tests.library import DAY, STAGES, picture, tweet
from media_pipeline_tests.stages.either_database import CACHE, EitherLibrary, MakeEither, video

MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def versioned(exchange: Exchange) -> None:
    """What a host does with validators: 304 for the version that it has."""
    page, asked = exchange.page, exchange.handler.headers
    same_tag = page.headers.get("ETag") and asked.get("If-None-Match") == page.headers["ETag"]
    same_date = not page.headers.get("ETag") and asked.get("If-Modified-Since") == page.headers.get("Last-Modified")
    if same_tag or (same_date and asked.get("If-Modified-Since")):
        exchange.reply(304)
    else:
        exchange.serve()


VALIDATORS = ("If-None-Match", "If-Modified-Since")


def validators(host: FaultyHost, path: str) -> list[dict[str, str]]:
    """Those that each request for a path brought."""
    return [
        {name: request.headers[name] for name in VALIDATORS if name in request.headers} for request in host.asked(path)
    ]


def test_the_same_version_is_neither_sent_nor_counted_as_a_new_one(library: EitherLibrary, host: FaultyHost) -> None:
    tagged = host.serve("/tagged.jpg", picture(1), fault=versioned, ETag='"v1"', Last_Modified=MODIFIED)
    dated = host.serve("/dated.jpg", picture(2), fault=versioned, Last_Modified=MODIFIED)
    plain = host.serve("/plain.jpg", picture(3))
    library.land("a.json", [tweet(n, url) for n, url in enumerate((tagged, dated, plain))])
    library.fetch()
    before = {url: library.reference(url) for url in (tagged, dated, plain)}
    report = library.ask_again()
    assert library.statuses() == {"stored": 3}
    assert validators(host, "/tagged.jpg") == [{}, {"If-None-Match": '"v1"', "If-Modified-Since": MODIFIED}]
    assert validators(host, "/dated.jpg") == [{}, {"If-Modified-Since": MODIFIED}]
    assert validators(host, "/plain.jpg") == [{}, {}]
    for url, row in before.items():
        again = library.reference(url)
        for name in ("sha256", "version", "etag", "last_modified", "fetched_url", "next_attempt_at", "error"):
            assert again[name] == row[name], name
    assert library.reference(tagged)["fetched_at"] == before[tagged]["fetched_at"]
    assert library.table("media_versions") == []
    assert len(library.table("fetch_attempts", status=304)) == 2
    assert report.numbers["bytes_received"] == len(picture(3))
    asked = len(host.requests)
    library.fetch()
    assert len(host.requests) == asked, "and that is that"


def test_other_bytes_are_a_new_version_and_the_old_one_stays(library: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1), fault=versioned, ETag='"v1"', Last_Modified=MODIFIED)
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    first = library.reference(url)
    host.serve("/a.jpg", picture(2, 80, 60), fault=versioned, ETag='"v2"')
    library.ask_again()
    second = library.reference(url)
    assert (second["status"], second["version"], second["etag"]) == ("stored", 2, '"v2"')
    assert second["last_modified"] is None, "the old version's date says nothing of this one"
    assert library.bytes_of(second["sha256"]) == picture(2, 80, 60)
    assert library.table("media_files", sha256=second["sha256"])[0]["width"] == 80
    (old,) = library.table("media_versions")
    for name in ("media_id", "version", "sha256", "fetched_url", "etag", "last_modified", "fetched_at"):
        assert old[name] == first[name], name
    assert old["replaced_at"] >= first["fetched_at"]
    assert library.bytes_of(old["sha256"]) == picture(1)
    assert len(library.files()) == 2
    library.ask_again()
    assert validators(host, "/a.jpg")[-1] == {"If-None-Match": '"v2"'}
    host.serve("/a.jpg", picture(1), ETag='"v3"')
    library.ask_again()
    third = library.reference(url)
    assert (third["version"], third["sha256"]) == (3, first["sha256"]), "what it was is a version again"
    assert [row["version"] for row in sorted(library.table("media_versions"), key=lambda row: row["version"])] == [1, 2]
    assert len(library.files()) == 2


def test_what_a_host_no_longer_has_stays_with_the_reason(library: EitherLibrary, host: FaultyHost) -> None:
    """Neither a host that lost it, nor one that is down or wants a login, takes away what is held."""
    faults: dict[str, dict[str, Any]] = {
        "gone": {"fault": faulty_host.status(404)},
        "down": {"fault": faulty_host.status(503)},
        "busy": {"fault": faulty_host.status(429, Retry_After="0")},
        "refused": {"fault": faulty_host.status(403)},
        "login": {"body": HTML},
        "reset": {"fault": faulty_host.reset},
    }
    urls = {name: host.serve(f"/{name}.jpg", picture(n)) for n, name in enumerate(faults)}
    library.land("a.json", [tweet(n, url) for n, url in enumerate(urls.values())])
    library.fetch()
    held = {name: library.reference(url)["sha256"] for name, url in urls.items()}
    for name, page in faults.items():
        host.serve(f"/{name}.jpg", **page)
    library.ask_again()
    assert library.statuses() == {"stored": len(faults)}
    for name, url in urls.items():
        row = library.reference(url)
        assert (row["sha256"], row["version"], row["next_attempt_at"]) == (held[name], 1, None), name
        assert row["error"].startswith("asked again in vain, and what it holds is kept: "), name
        assert library.bytes_of(held[name])
    assert library.table("media_versions") == []
    asked = len(host.requests)
    library.fetch()
    assert len(host.requests) == asked, "it is not asked over and over"
    host.serve("/down.jpg", picture(1))
    library.ask_again()
    assert library.reference(urls["down"])["error"] is None, "a reason holds until the next answer"


def test_a_lesser_candidate_does_not_take_the_place_of_the_best_that_is_held(
    library: EitherLibrary, host: FaultyHost
) -> None:
    best, less = host.serve("/800x600/a.mp4", clip(1, 800, 600)), host.serve("/80x60/a.mp4", clip(1, 80, 60))
    library.land("a.json", [video((best, 800), (less, 80))])
    library.fetch()
    held = library.reference(best)["sha256"]
    host.serve("/800x600/a.mp4", fault=faulty_host.status(404))
    library.ask_again()
    row = library.reference(best)
    assert (row["status"], row["sha256"], row["version"], row["downgrade"]) == ("stored", held, 1, None)
    assert "404" in row["error"]
    assert host.asked("/80x60/a.mp4") == []


def test_a_better_candidate_takes_the_place_of_a_fallback_and_only_that_knows_the_version(
    library: EitherLibrary, host: FaultyHost
) -> None:
    paths = ["/800x600/a.mp4", "/400x300/a.mp4", "/80x60/a.mp4"]
    best = host.serve(paths[0], fault=faulty_host.status(404))
    middle = host.serve(paths[1], clip(1, 400, 300), fault=versioned, ETag='"m"')
    least = host.serve(paths[2], clip(1, 80, 60))
    library.land("a.json", [video((best, 800), (middle, 400), (least, 80))])
    library.fetch()
    first = library.reference(best)
    assert first["downgrade"]
    library.ask_again()
    assert validators(host, paths[0]) == [{}, {}]
    assert validators(host, paths[1]) == [{}, {"If-None-Match": '"m"'}]
    assert library.reference(best)["downgrade"] == first["downgrade"], "it is what it was"
    host.serve(paths[0], clip(1, 800, 600))
    library.ask_again()
    row = library.reference(best)
    assert (row["version"], row["downgrade"], row["declared_width"]) == (2, None, 800)
    assert library.bytes_of(row["sha256"]) == clip(1, 800, 600)
    assert host.asked(paths[2]) == []


@pytest.mark.parametrize("held_first", [True, False])
def test_a_post_that_waits_for_a_url_gets_what_others_hold_of_it(
    library: EitherLibrary, host: FaultyHost, held_first: bool
) -> None:
    """A host that answers 304 says so to whoever holds the version, and sends nothing for those who don't."""
    url = host.serve("/a.jpg", picture(1), fault=versioned, ETag='"v1"')
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    (held,) = library.table("post_media")
    later = next(n for n in range(2, 99) if (_media_id(n) > held["media_id"]) == held_first)
    library.land("b.json", [tweet(later, url)])
    library.ask_again()
    rows = library.table("post_media")
    assert [(row["status"], row["sha256"], row["version"]) for row in rows] == [("stored", held["sha256"], 1)] * 2
    assert {row["etag"] for row in rows} == {'"v1"'}
    assert {row["error"] for row in rows} == {None}


@pytest.mark.parametrize("held_first", [True, False])
def test_a_post_that_waits_for_a_url_gets_what_others_hold_when_its_host_has_lost_it(
    library: EitherLibrary, host: FaultyHost, held_first: bool
) -> None:
    """The best one, not the lesser one that is still to be had."""
    best, less = host.serve("/800x600/a.mp4", clip(1, 800, 600)), host.serve("/80x60/a.mp4", clip(1, 80, 60))
    library.land("a.json", [video((best, 800), (less, 80), number=1)])
    library.fetch()
    (held,) = library.table("post_media")
    host.serve("/800x600/a.mp4", fault=faulty_host.status(404))
    later = next(n for n in range(2, 99) if (_media_id(n) > held["media_id"]) == held_first)
    library.land("b.json", [video((best, 800), (less, 80), number=later)])
    library.ask_again()
    rows = library.table("post_media")
    assert [(row["status"], row["sha256"], row["downgrade"]) for row in rows] == [("stored", held["sha256"], None)] * 2
    assert host.asked("/80x60/a.mp4") == []


def _media_id(number: int) -> str:
    return media_id_of("twitter", str(number), media_keys.of_url("https://127.0.0.1/800x600/a.mp4"))


def test_a_post_that_holds_an_older_version_gets_the_newer_that_another_holds(
    library: EitherLibrary, host: FaultyHost
) -> None:
    """Two posts of one URL, of which only one was asked for again since the host changed it."""
    url = host.serve("/a.jpg", picture(1), fault=versioned, ETag='"v1"')
    library.land("a.json", [tweet(1, url), tweet(2, url)])
    library.fetch()
    first, second = sorted(row["media_id"] for row in library.table("post_media"))
    host.serve("/a.jpg", picture(2), fault=versioned, ETag='"v2"')
    with library.catalogue() as connection:
        connection.exec_driver_sql(f"UPDATE post_media SET status = 'pending' WHERE media_id = '{first}'")
    library.fetch()
    assert library.table("post_media", media_id=first)[0]["version"] == 2
    assert library.table("post_media", media_id=second)[0]["version"] == 1
    library.ask_again()
    rows = library.table("post_media")
    assert [(row["status"], row["version"], row["etag"]) for row in rows] == [("stored", 2, '"v2"')] * 2
    assert len({row["sha256"] for row in rows}) == 1
    assert len(library.table("media_versions")) == 2


def test_a_file_that_was_lost_is_asked_for_whole(library: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1), fault=versioned, ETag='"v1"')
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    library.files()[0].unlink()
    library.fetch()
    assert validators(host, "/a.jpg") == [{}, {}]
    assert [path.read_bytes() for path in library.files()] == [picture(1)]
    row = library.reference(url)
    assert (row["status"], row["version"]) == ("stored", 1)


@pytest.mark.parametrize("harm", ["removed", "cut"])
def test_a_file_that_was_lost_is_asked_for_whole_also_when_asked_again_on_purpose(
    library: EitherLibrary, host: FaultyHost, harm: str
) -> None:
    url = host.serve("/a.jpg", picture(1), fault=versioned, ETag='"v1"')
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    (file,) = library.files()
    if harm == "removed":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:50])
    library.ask_again()
    assert validators(host, "/a.jpg")[-1] == {}
    assert [path.read_bytes() for path in library.files()] == [picture(1)]
    row = library.reference(url)
    assert (row["status"], row["version"]) == ("stored", 1)


@pytest.mark.parametrize("is_archived", [True, False])
def test_a_lost_file_whose_url_only_an_older_export_gives_comes_from_the_archive_or_from_that_url(
    library: EitherLibrary, host: FaultyHost, is_archived: bool
) -> None:
    """Later exports may name a medium without its URL. What was fetched under the older one stays as it is."""
    later = ImportPartition(DAY + timedelta(days=1), "twitter")
    posts = [tweet(n, host.serve(f"/{n}.jpg", picture(n))) for n in (1, 2)]
    library.land("a.json", posts)
    library.run(stages=STAGES if is_archived else CACHE)
    for post in posts:
        del post["extended_entities"]["media"][0]["media_url_https"]
    library.land("b.json", posts, later)
    library.run(later, stages=CACHE)
    assert library.statuses() == {"stored": 2}
    held = {row["media_id"]: row["sha256"] for row in library.table("post_media")}
    for file in library.files():
        file.unlink()
    asked = len(host.requests)
    library.run(later, stages=CACHE)
    assert len(host.requests) == asked + (0 if is_archived else 2)
    assert library.statuses() == {"stored": 2}
    assert {row["media_id"]: row["sha256"] for row in library.table("post_media")} == held
    assert sorted(path.read_bytes() for path in library.files()) == sorted([picture(1), picture(2)])


def test_what_is_no_medium_is_kept_with_its_headers_and_without_cookies(
    library: EitherLibrary, host: FaultyHost
) -> None:
    url = host.serve("/a.jpg", HTML, mime_type="text/html", Set_Cookie="session=secret; Path=/", X_Reason="login")
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    row = library.reference(url)
    assert (row["status"], row["attempts"], row["next_attempt_at"]) == ("not_media", 1, None)
    page, note = library.files("quarantine")
    assert (page.name, page.read_bytes()) == (row["media_id"], HTML)
    kept = json.loads(note.read_text())
    assert (kept["url"], kept["status"], kept["error"]) == (url, "not_media", row["error"])
    assert (kept["headers"]["X-Reason"], kept["headers"]["Content-Type"]) == ("login", "text/html")
    assert "secret" not in note.read_text()
    assert {oct(path.stat().st_mode & 0o777) for path in (page, note)} == {"0o600"}


def test_asking_again_concerns_only_what_is_stored(library: EitherLibrary, host: FaultyHost) -> None:
    stored = host.serve("/stored.jpg", picture(1))
    gone = host.serve("/gone.jpg", fault=faulty_host.status(404))
    failed = host.serve("/failed.jpg", fault=faulty_host.status(500))
    library.land("a.json", [tweet(n, url) for n, url in enumerate((stored, gone, failed))])
    library.fetch()
    asked = [len(host.asked(f"/{name}.jpg")) for name in ("stored", "gone", "failed")]
    library.ask_again()
    assert [len(host.asked(f"/{name}.jpg")) for name in ("stored", "gone", "failed")] == [asked[0] + 1, *asked[1:]]
    assert library.statuses() == {"stored": 1, "gone": 1, "failed": 1}
