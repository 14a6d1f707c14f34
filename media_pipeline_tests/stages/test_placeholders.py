"""What hosts send in place of a medium: placeholders behind redirects, known ones, shared ones, and other kinds."""

from __future__ import annotations

import hashlib
import json

import pytest

from media_pipeline.catalog import media
from media_pipeline.stages.integrity.stored_files import verify_files
from media_pipeline_tests.faulty_host import Exchange, FaultyHost, redirect, status
from media_pipeline_tests.imaging.formats import clip
from media_pipeline_tests.library import TWITTER, picture, tweet
from media_pipeline_tests.patience import wait_for
from media_pipeline_tests.stages.either_database import EitherLibrary, MakeEither, video

PLACEHOLDER = picture(9, 161, 81, "PNG")


@pytest.fixture
def library(make_either: MakeEither) -> EitherLibrary:
    return make_either()


def quarantined(library: EitherLibrary) -> list[bytes]:
    """The bodies that were put aside, each with its note beside it."""
    files = [path for path in library.files("quarantine") if path.suffix != ".json"]
    assert all(json.loads(path.with_name(f"{path.name}.json").read_text())["error"] for path in files)
    return [path.read_bytes() for path in files]


def placeholder(host: FaultyHost, path: str = "/removed.png") -> str:
    return host.serve(path, PLACEHOLDER, mime_type="image/png")


def test_a_redirect_to_a_placeholder_means_gone_and_names_it(library: EitherLibrary, host: FaultyHost) -> None:
    removed = placeholder(host)
    url = host.serve("/a.jpg", fault=redirect("/removed.png"))
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    row = library.reference(url)
    assert (row["status"], row["sha256"]) == ("gone", None)
    assert removed in row["error"]
    assert library.table("media_files") == []
    assert quarantined(library) == [PLACEHOLDER]
    attempts = library.table("fetch_attempts")
    assert [attempt["error_kind"] for attempt in attempts] == [None, "placeholder"]
    assert {attempt["final_url"] for attempt in attempts} == {removed}


def test_a_living_candidate_is_taken_after_a_placeholder_and_a_picture_in_a_videos_place(
    library: EitherLibrary, host: FaultyHost
) -> None:
    placeholder(host)
    removed = host.serve("/800x600/a.mp4", fault=redirect("/removed.png"))
    pictured = host.serve("/400x300/a.mp4", picture(1))
    lives = host.serve("/80x60/a.mp4", clip(1, 80, 60))
    library.land("a.json", [video((removed, 800), (pictured, 400), (lives, 80))])
    library.fetch()
    row = library.reference(removed)
    assert (row["status"], row["fetched_url"]) == ("stored", lives)
    assert "placeholder" in row["downgrade"]
    assert library.bytes_of(row["sha256"]) == clip(1, 80, 60)
    kinds = [attempt["error_kind"] for attempt in library.table("fetch_attempts")]
    assert kinds == [None, "placeholder", "wrong_type", None]


def test_a_picture_in_a_videos_place_alone_is_no_medium(library: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.mp4", picture(1))
    library.land("a.json", [video((url, 1))])
    library.fetch()
    row = library.reference(url)
    assert (row["status"], row["sha256"]) == ("not_media", None)
    assert "image/jpeg" in row["error"]
    assert quarantined(library) == [picture(1)]


def test_a_url_that_was_asked_for_by_the_name_of_a_placeholder_is_stored(
    library: EitherLibrary, host: FaultyHost
) -> None:
    url = placeholder(host)
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    assert library.reference(url)["status"] == "stored"


def test_a_digest_of_the_settings_is_a_placeholder(make_either: MakeEither, host: FaultyHost) -> None:
    md5 = hashlib.md5(PLACEHOLDER, usedforsecurity=False).hexdigest()
    library = make_either(media_placeholder_digests=(md5.upper(),))
    url = host.serve("/a.png", PLACEHOLDER)
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    assert library.reference(url)["status"] == "gone"
    assert quarantined(library) == [PLACEHOLDER]


@pytest.mark.parametrize("together", [True, False], ids=["in one run", "in two runs"])
def test_media_that_all_end_at_one_url_have_met_a_placeholder(
    library: EitherLibrary, host: FaultyHost, together: bool
) -> None:
    end = placeholder(host, "/x9.png")
    urls = [host.serve(f"/{name}.jpg", fault=redirect("/x9.png")) for name in "abc"]
    single = host.serve("/single.jpg", fault=redirect("/moved.jpg"))
    host.serve("/moved.jpg", picture(1))
    posts = [tweet(number, url) for number, url in enumerate((*urls, single))]
    batches = [posts] if together else [posts[:1], posts[1:]]
    for number, batch in enumerate(batches):
        library.land(f"{number}.json", batch)
        library.fetch()
    # In a run of its own the second of two shows what the first was.
    library.fetch()
    for url in urls:
        row = library.reference(url)
        assert (row["status"], row["sha256"]) == ("gone", None)
        assert end in row["error"]
    assert library.reference(single)["status"] == "stored"
    assert PLACEHOLDER in quarantined(library)
    assert [path.read_bytes() for path in library.files()] == [picture(1)]
    library.land("later.json", [tweet(9, host.serve("/later.jpg", fault=redirect("/x9.png")))])
    library.fetch()
    assert library.reference(host.url("/later.jpg"))["status"] == "gone", "a later run knows it"
    asked = len(host.requests)
    library.fetch()
    assert len(host.requests) == asked


def test_reposts_with_the_same_bytes_are_no_placeholders(library: EitherLibrary, host: FaultyHost) -> None:
    """Under URLs of their own, and by one URL that is signed anew and redirects."""
    host.serve("/x9.png", picture(2))
    signed = [host.serve(f"/s.jpg?oh={number}", fault=redirect("/x9.png")) for number in (1, 2)]
    urls = [host.serve(f"/{name}.jpg", picture(1)) for name in "ab"] + signed
    library.land("a.json", [tweet(number, url) for number, url in enumerate(urls)])
    library.fetch()
    assert library.statuses() == {"stored": 4}


def test_asking_again_puts_no_placeholder_and_no_other_kind_in_the_place_of_what_is_held(
    library: EitherLibrary, host: FaultyHost
) -> None:
    names = ("named", "shared", "shared_too", "film", "page")
    urls = {name: host.serve(f"/{name}.jpg", picture(number)) for number, name in enumerate(names)}
    library.land("a.json", [tweet(number, url) for number, url in enumerate(urls.values())])
    library.fetch()
    held = {name: library.reference(url)["sha256"] for name, url in urls.items()}
    placeholder(host)
    placeholder(host, "/x9.png")
    host.serve("/named.jpg", fault=redirect("/removed.png"))
    for name in ("shared", "shared_too"):
        host.serve(f"/{name}.jpg", fault=redirect("/x9.png"))
    host.serve("/film.jpg", clip(1))
    host.serve("/page.jpg", b"<!doctype html><title>x</title>")
    library.ask_again()
    library.fetch()
    for name, url in urls.items():
        row = library.reference(url)
        assert (row["status"], row["sha256"]) == ("stored", held[name]), name
        assert "what it holds is kept" in row["error"], name
        assert library.bytes_of(held[name])


@pytest.mark.parametrize("answers_first", ["/a.jpg", "/b.jpg"])
def test_asking_again_one_by_one_gives_back_what_a_placeholder_had_replaced(
    library: EitherLibrary, host: FaultyHost, answers_first: str
) -> None:
    """The first redirect to a URL says nothing; the second shows what the first was, whichever answers first then."""

    def answers(exchange: Exchange) -> None:
        if exchange.handler.path != answers_first:
            wait_for(lambda: len(library.table("fetch_attempts", url=host.url(answers_first))) > len(before))
        redirect("/x9.png")(exchange)

    first, second = (host.serve(f"/{name}.jpg", picture(number)) for number, name in enumerate("ab"))
    library.land("a.json", [tweet(1, first), tweet(2, second)])
    library.fetch()
    held = {url: library.reference(url)["sha256"] for url in (first, second)}
    placeholder(host, "/x9.png")
    host.serve("/a.jpg", fault=redirect("/x9.png"))
    library.ask_again()
    before = library.table("fetch_attempts", url=host.url(answers_first))
    for path in ("/a.jpg", "/b.jpg"):
        host.serve(path, fault=answers)
    library.ask_again()
    for url, sha256 in held.items():
        row = library.reference(url)
        assert (row["status"], row["sha256"]) == ("stored", sha256)
        assert library.bytes_of(sha256)
    library.ask_again()
    assert [library.reference(url)["sha256"] for url in held] == list(held.values())


def test_asking_again_takes_no_picture_that_is_flagged_as_a_placeholder(
    make_either: MakeEither, host: FaultyHost
) -> None:
    library = make_either(media_placeholder_authors=2)
    kept = host.serve("/kept.jpg", picture(1))
    shared = [host.serve(f"/{name}.png", PLACEHOLDER) for name in "ab"]
    library.land("a.json", [tweet(1, kept), *(tweet(n + 2, url, author=f"u{n}") for n, url in enumerate(shared))])
    library.fetch()
    held = library.reference(kept)["sha256"]
    host.serve("/kept.jpg", PLACEHOLDER)
    library.ask_again()
    assert library.reference(kept)["sha256"] == held
    assert [library.reference(url)["status"] for url in shared] == ["stored", "stored"]


def test_what_came_from_its_own_url_is_never_given_back_although_it_was_redirected_before(
    library: EitherLibrary, host: FaultyHost
) -> None:
    host.serve("/wait.jpg", b"", fault=status(500))
    own = host.serve("/a.jpg", picture(1), fault=redirect("/wait.jpg"))
    library.land("a.json", [tweet(1, own)])
    library.fetch()
    host.serve("/a.jpg", picture(1))
    library.make_due()
    library.fetch()
    assert library.reference(own)["status"] == "stored"
    host.serve("/a.jpg", b"", fault=status(404))
    before = [request.path for request in host.requests].count("/a.jpg")
    for name in ("b", "c"):
        host.serve("/wait.jpg", picture(9, 161, 81))
        other = host.serve(f"/{name}.jpg", fault=redirect("/wait.jpg"))
        library.land(f"{name}.json", [tweet(ord(name), other)])
        library.fetch()
    row = library.reference(own)
    assert (row["status"], library.bytes_of(row["sha256"])) == ("stored", picture(1))
    assert [request.path for request in host.requests].count("/a.jpg") == before


def test_a_last_version_whose_file_is_lost_is_not_given_back(library: EitherLibrary, host: FaultyHost) -> None:
    url = host.serve("/a.jpg", picture(1))
    library.land("a.json", [tweet(1, url)])
    library.fetch()
    host.serve("/wait.jpg", picture(9, 161, 81))
    host.serve("/a.jpg", fault=redirect("/wait.jpg"))
    with library.open() as context, context.database.write() as connection:
        media.ask_again(connection, [TWITTER])
    library.fetch()
    first = hashlib.sha256(picture(1)).hexdigest()
    (row,) = library.table("media_files", sha256=first)
    (library.storage / row["local_path"]).unlink()
    with library.open() as context:
        verify_files(context)
    library.land("b.json", [tweet(2, host.serve("/b.jpg", fault=redirect("/wait.jpg")))])
    library.fetch()
    rows = {row["media_url"]: row for row in library.table("post_media")}
    assert (rows[url]["status"], rows[url]["sha256"]) != ("stored", first)


class TwoHosts:
    """One server under two names; the first redirects two media to a URL, and so shows that it is a placeholder."""

    END = "/x9.png"

    def __init__(self, make: MakeEither, host: FaultyHost) -> None:
        self.host = host
        self.other = host.address.replace("127.0.0.1", "localhost")
        self.library = make(media_allowed_hosts=(host.address, self.other))
        self.imports = 0
        placeholder(host, self.END)

    def url(self, name: str, *, is_other: bool = False, own: bool = False) -> str:
        """A URL of a host that redirects, or that serves the same bytes itself."""
        path = f"/{name}.jpg"
        self.host.serve(path, PLACEHOLDER, fault=None if own else redirect(self.host.url(self.END)))
        return f"http://{self.other if is_other else self.host.address}{path}"

    def fetch(self, *urls: str) -> None:
        self.imports += 1
        posts = [tweet(self.imports * 10 + number, url) for number, url in enumerate(urls)]
        self.library.land(f"{self.imports}.json", posts)
        self.library.fetch()

    def learn(self) -> None:
        self.fetch(self.url("a"), self.url("b"))

    def is_held(self, url: str) -> bool:
        row = self.library.reference(url)
        return row["status"] == "stored" and self.library.bytes_of(row["sha256"]) == PLACEHOLDER


@pytest.fixture
def hosts(make_either: MakeEither, host: FaultyHost) -> TwoHosts:
    return TwoHosts(make_either, host)


@pytest.mark.parametrize("is_other", [False, True], ids=["of the same host", "of another host"])
@pytest.mark.parametrize("own", [False, True], ids=["through the redirect", "from its own URL"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_placeholder_takes_only_what_came_through_a_redirect_of_its_own_host(
    hosts: TwoHosts, is_other: bool, own: bool, when: str
) -> None:
    url = hosts.url("c", is_other=is_other, own=own)
    if when == "before":
        hosts.fetch(url)
        hosts.learn()
    else:
        hosts.learn()
        hosts.fetch(url)
    assert hosts.is_held(url) is (is_other or own)
    assert not hosts.is_held(hosts.host.url("/a.jpg"))


@pytest.mark.parametrize("is_other", [False, True], ids=["of the same host", "of another host"])
def test_what_came_from_its_own_url_is_kept_when_that_redirects_to_a_placeholder_of_the_same_bytes(
    hosts: TwoHosts, is_other: bool
) -> None:
    url = hosts.url("c", is_other=is_other, own=True)
    hosts.fetch(url)
    hosts.learn()
    hosts.url("c")
    hosts.library.ask_again()
    assert hosts.is_held(url)


def test_another_host_that_redirects_two_media_to_the_url_shows_it_for_itself(hosts: TwoHosts) -> None:
    hosts.learn()
    first, second = (hosts.url(name, is_other=True) for name in "cd")
    hosts.fetch(first)
    assert hosts.is_held(first)
    hosts.fetch(second)
    hosts.library.fetch()
    assert [hosts.library.reference(url)["status"] for url in (first, second)] == ["gone", "gone"]
