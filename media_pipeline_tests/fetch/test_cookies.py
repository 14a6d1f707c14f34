"""MEDIA_COOKIES_FILE: each request gets the cookies that are meant for it, and no other."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from media_pipeline.fetch.dispatch.downloader import Downloader
from media_pipeline.fetch.http.cookies import CookiesFileError, read_cookies
from media_pipeline.model import FetchedFile
from media_pipeline.settings import Settings
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import FaultyHost
from media_pipeline_tests.fetch.certificates import Authority
from media_pipeline_tests.fetch.getting import get
from media_pipeline_tests.fetch.network import PUBLIC, Network
from media_pipeline_tests.fetch.sessions import session

HEAD = "# Netscape HTTP Cookie File\n"
LATER = int(time.time()) + 3600
EARLIER = int(time.time()) - 3600


@pytest.fixture
def network(network: Network, host: FaultyHost) -> Network:
    for name in (
        "media.test",
        "a.media.test",
        "a.b.media.test",
        "othermedia.test",
        "other.test",
        "media.test.evil.test",
    ):
        network.names[name] = [PUBLIC]
    network.lead(PUBLIC, host.address)
    for path in ("/", "/a", "/private", "/private/a", "/privateer"):
        host.serve(path)
    return network


def _file(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "cookies.txt"
    path.write_text(head + "".join(f"{line}\n" for line in lines))
    return path


def _line(domain: str, name: str, *, path: str = "/", secure: str = "FALSE", expiry: object = LATER) -> str:
    subdomains = "TRUE" if domain.startswith(".") else "FALSE"
    return f"{domain}\t{subdomains}\t{path}\t{secure}\t{expiry}\t{name}\tsecret"


def _sent(host: FaultyHost, number: int = -1) -> list[str]:
    """The names of the cookies of a request."""
    header = host.requests[number].headers.get("Cookie", "")
    return [cookie.partition("=")[0] for cookie in header.split("; ") if cookie]


@pytest.mark.parametrize(
    ("line", "yes", "no"),
    [
        pytest.param(
            _line("media.test", "id"),
            ["media.test/", "media.test/a", "MEDIA.test/a"],
            ["a.media.test/", "othermedia.test/", "other.test/", "media.test.evil.test/"],
            id="one host",
        ),
        pytest.param(
            _line(".media.test", "id"),
            ["media.test/", "a.media.test/", "a.b.media.test/a"],
            ["othermedia.test/", "media.test.evil.test/"],
            id="a host and all below it",
        ),
        pytest.param(_line("Media.Test", "id"), ["media.test/"], ["other.test/"], id="capitals"),
        pytest.param(
            _line("media.test", "id", path="/private"),
            ["media.test/private", "media.test/private/a"],
            ["media.test/", "media.test/a", "media.test/privateer"],
            id="a path",
        ),
        pytest.param(_line("media.test", "id", expiry=EARLIER), [], ["media.test/"], id="expired"),
        pytest.param(_line("media.test", "id", expiry=0), ["media.test/"], [], id="of a session, by curl"),
        pytest.param(_line("media.test", "id", expiry=""), ["media.test/"], [], id="of a session, by Python"),
        pytest.param(_line("media.test", "id", expiry=f"{LATER}.25"), ["media.test/"], [], id="a fraction of a second"),
        pytest.param("#HttpOnly_" + _line("media.test", "id"), ["media.test/"], ["other.test/"], id="HttpOnly"),
        pytest.param("#HttpOnly_" + _line(".media.test", "id"), ["a.media.test/"], [], id="HttpOnly, below"),
        pytest.param("# " + _line("media.test", "id"), [], ["media.test/"], id="a comment"),
        pytest.param(_line("media.test", "id", secure="TRUE"), [], ["media.test/"], id="secure, without TLS"),
    ],
)
def test_a_cookie_goes_where_it_belongs(
    network: Network, host: FaultyHost, tmp_path: Path, line: str, yes: list[str], no: list[str]
) -> None:
    with session(media_cookies_file=_file(tmp_path, line)) as guarded:
        for url in [*yes, *no]:
            guarded.open(f"http://{url}", {}).close()
    assert [_sent(host, number) for number in range(len(yes) + len(no))] == [["id"]] * len(yes) + [[]] * len(no)


def test_a_secure_cookie_goes_over_tls(network: Network, host: FaultyHost, tmp_path: Path) -> None:
    authority = Authority("In-house")
    host.speak_tls(authority.server(tmp_path, "media.test"))
    cookies = _file(tmp_path, _line("media.test", "id", secure="TRUE"))
    trusted = authority.save(tmp_path / "ca.pem")
    with session(media_cookies_file=cookies, media_ca_file=trusted) as guarded:
        guarded.open("https://media.test/", {}).close()
    assert host.requests[0].headers["Cookie"] == "id=secret"


def test_a_host_without_a_dot_and_an_address_get_their_cookies(
    network: Network, host: FaultyHost, tmp_path: Path
) -> None:
    network.names["mirror"] = ["127.0.0.1"]
    network.lead("127.0.0.1", host.address)
    cookies = _file(tmp_path, _line("mirror", "name"), _line("127.0.0.1", "address"))
    with session(media_cookies_file=cookies, media_allowed_hosts=("mirror", "127.0.0.1")) as guarded:
        guarded.open("http://mirror/a", {}).close()
        guarded.open(f"http://{host.address}/a", {}).close()
    assert [_sent(host, 0), _sent(host, 1)] == [["name"], ["address"]]


def test_each_hop_of_a_redirect_gets_the_cookies_of_its_host(
    network: Network, host: FaultyHost, tmp_path: Path
) -> None:
    host.serve("/away", fault=faulty_host.redirect("http://other.test/back"))
    host.serve("/back", fault=faulty_host.redirect("http://media.test/a"))
    cookies = _file(tmp_path, _line("media.test", "mine"), _line("other.test", "theirs"))
    assert isinstance(get("http://media.test/away", tmp_path, media_cookies_file=cookies), FetchedFile)
    assert [_sent(host, number) for number in range(3)] == [["mine"], ["theirs"], ["mine"]]


def test_no_answer_changes_what_is_sent(network: Network, host: FaultyHost, tmp_path: Path) -> None:
    host.serve("/a", Set_Cookie="id=theirs; Path=/")
    host.serve("/b", Set_Cookie="id=; Max-Age=0; Path=/")
    cookies = _file(tmp_path, _line("media.test", "id"))
    before = cookies.read_bytes()
    with session(media_cookies_file=cookies) as guarded:
        for path in ("a", "b", "a"):
            guarded.open(f"http://media.test/{path}", {}).close()
    assert [request.headers["Cookie"] for request in host.requests] == ["id=secret"] * 3
    assert cookies.read_bytes() == before


def test_what_is_kept_of_a_request_holds_no_cookie(
    network: Network, host: FaultyHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host.serve("/a", fault=faulty_host.status(500))
    cookies = _file(tmp_path, _line("media.test", "id"))
    with caplog.at_level(logging.DEBUG):
        outcome = get("http://media.test/a", tmp_path, media_cookies_file=cookies)
    assert _sent(host) == ["id"]
    assert "secret" not in f"{outcome!r} {caplog.text}"


def test_files_come_with_the_line_ends_of_any_system(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    path.write_bytes((HEAD + "\n# made by hand\n" + _line("media.test", "id") + "\n").replace("\n", "\r\n").encode())
    assert [(cookie.name, cookie.value) for cookie in read_cookies(path)] == [("id", "secret")]


def test_a_cookie_without_a_name_and_one_without_a_value_are_read(tmp_path: Path) -> None:
    lines = [f"media.test\tFALSE\t/\tFALSE\t{LATER}\t{rest}" for rest in ("id\t", "other\ta=b c")]
    cookies = read_cookies(_file(tmp_path, *lines, head="# HTTP Cookie File\n"))
    assert {(cookie.name, cookie.value) for cookie in cookies} == {("id", ""), ("other", "a=b c")}


@pytest.mark.parametrize(
    ("line", "number"),
    [
        pytest.param("media.test FALSE / FALSE 0 id secret", 3, id="spaces in place of tabs"),
        pytest.param("media.test\tFALSE\t/\tFALSE\t0\tsecret", 3, id="six fields"),
        pytest.param(_line("media.test", "id") + "\tsecret", 3, id="eight fields"),
        pytest.param(_line("media.test", "id", expiry="tomorrow"), 3, id="no time"),
        pytest.param(_line("media.test", "id", secure="yes"), 3, id="no truth value"),
        pytest.param(_line("media.test", "id", path="private"), 3, id="no path"),
        pytest.param("media.test\tTRUE\t/\tFALSE\t0\tid\tsecret", 3, id="all below, without a dot"),
        pytest.param(".media.test\tFALSE\t/\tFALSE\t0\tid\tsecret", 3, id="a dot, and not all below"),
        pytest.param("#HttpOnly_media.test\tFALSE\t/secret", 3, id="HttpOnly, broken"),
        pytest.param(_line("media.test", "id\x07"), 3, id="a control character"),
        pytest.param(_line("media.test", "naïve"), 3, id="what no header can hold"),
        pytest.param('{"id": "secret"}', 3, id="JSON"),
    ],
)
def test_a_wrong_line_is_named_without_what_it_holds(tmp_path: Path, line: str, number: int) -> None:
    path = _file(tmp_path, _line("other.test", "id"), line)
    with pytest.raises(CookiesFileError) as caught:
        read_cookies(path)
    message = str(caught.value)
    assert message.startswith(f"MEDIA_COOKIES_FILE: {path}, line {number}: ")
    assert "secret" not in message
    assert "\n" not in message


@pytest.mark.parametrize("content", [b"", b"[]", b"id=secret\n", b"\xff\xfe\x00secret"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cookies.txt"
    path.write_bytes(content)
    with pytest.raises(CookiesFileError, match=r"cookies\.txt") as caught:
        read_cookies(path)
    assert "secret" not in str(caught.value)


def test_a_run_with_a_broken_file_does_not_begin(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.txt", tmp_path, _file(tmp_path, "broken")):
        settings = Settings(_env_file=None, media_storage_path=tmp_path / "store", media_cookies_file=path)
        with pytest.raises(CookiesFileError, match="MEDIA_COOKIES_FILE"):
            Downloader(settings, 1)
