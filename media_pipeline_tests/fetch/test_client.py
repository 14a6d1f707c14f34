"""What a session is set to, asks, and ignores."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from media_pipeline.fetch.http.client import GuardedSession
from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import Exchange, FaultyHost
from media_pipeline_tests.fetch.network import PUBLIC, Network
from media_pipeline_tests.fetch.sessions import client_settings, refusal, session

COOKIES = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tid\tsecret-1\n"
HEADERS = '{"127.0.0.1": {"Authorization": "Bearer secret-2"}}'


def test_the_settings_of_a_client_can_be_handed_to_another_process(host: FaultyHost, tmp_path: Path) -> None:
    (tmp_path / "cookies.txt").write_text(COOKIES)
    settings = client_settings(
        media_allowed_hosts=(host.address,),
        media_cookies_file=tmp_path / "cookies.txt",
        media_host_headers=HEADERS,
        media_user_agent="archive of X",
    )
    guarded = GuardedSession(pickle.loads(pickle.dumps(settings)))
    guarded.open(host.serve("/a"), {}).close()
    guarded.close()
    sent = host.requests[0].headers
    assert (sent["User-Agent"], sent["Cookie"], sent["Authorization"]) == (
        "archive of X",
        "id=secret-1",
        "Bearer secret-2",
    )


def test_the_settings_of_a_client_do_not_print_their_secrets(tmp_path: Path) -> None:
    (tmp_path / "cookies.txt").write_text(COOKIES)
    settings = client_settings(media_cookies_file=tmp_path / "cookies.txt", media_host_headers=HEADERS)
    assert settings.cookies
    assert settings.host_headers
    assert "secret" not in repr(settings)


def test_a_worker_process_starts_without_the_settings_module() -> None:
    script = "import sys, media_pipeline.fetch.http.client; sys.exit('media_pipeline.settings' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_only_some_ports_are_asked(network: Network, host: FaultyHost) -> None:
    network.names["media.test"] = [PUBLIC]
    network.lead(PUBLIC, host.address)
    host.serve("/a")
    with session() as guarded:
        for url in ("http://media.test/a", "http://media.test:80/a", "http://media.test:8080/a"):
            guarded.open(url, {}).close()
    assert refusal("http://media.test:81/a").kind == "port"
    with session(media_ports=(81,)) as guarded:
        guarded.open("http://media.test:81/a", {}).close()
    assert refusal("http://media.test/a", media_ports=(81,)).kind == "port"
    assert len(network.connected) == 4


def test_an_allowed_host_may_have_any_port(host: FaultyHost) -> None:
    with session(media_allowed_hosts=(host.address,), media_ports=(80,)) as guarded:
        assert guarded.open(host.serve("/a"), {}).status_code == 200


def test_a_refused_address_leaves_no_line_in_the_log(
    network: Network, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    network.names["inside.test"] = ["10.0.0.5"]
    with caplog.at_level(logging.INFO):
        for url in ("http://127.0.0.1/", "http://inside.test/", "http://inside.test:22/", "ftp://inside.test/"):
            refusal(url)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_the_log_holds_no_secret(host: FaultyHost, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cookies.txt").write_text(COOKIES)
    own = {"media_cookies_file": tmp_path / "cookies.txt", "media_host_headers": HEADERS}
    with caplog.at_level(logging.DEBUG), session(media_allowed_hosts=(host.address,), **own) as guarded:
        guarded.open(host.serve("/a"), {}).close()
    assert host.requests[0].headers["Cookie"]
    assert "secret" not in caplog.text


def test_netrc_and_proxies_of_the_environment_are_ignored(
    host: FaultyHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with session(media_allowed_hosts=(host.address,)) as guarded:
        guarded.open(host.serve("/a"), {}).close()
    assert "Authorization" not in host.requests[0].headers


def _endless(begin: bytes, more: bytes) -> faulty_host.Fault:
    def answer(exchange: Exchange) -> None:
        exchange.send(begin)
        while True:
            exchange.send(more)

    return answer


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        pytest.param(b"HTTP/1.1 200 ", b"a" * 65536, id="status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536, id="header line"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n" * 1000, id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 65536, id="size of a chunk"),
    ],
)
def test_an_answer_without_end_around_its_body_is_cut_off(host: FaultyHost, begin: bytes, more: bytes) -> None:
    url = host.serve("/a", fault=_endless(begin, more))
    assert refusal(url, media_allowed_hosts=(host.address,)).kind == "connection"


def _timed(seconds: Iterable[float]) -> faulty_host.Fault:
    """A byte after each of these pauses."""

    def answer(exchange: Exchange) -> None:
        exchange.begin(200, Connection="close")
        for pause in seconds:
            exchange.send(b"a")
            time.sleep(pause)
        exchange.hang_up()

    return answer


def test_the_lowest_speed_is_a_setting(host: FaultyHost) -> None:
    # Pauses that are far shorter than the time after which silence is another fault, also on a busy machine.
    url = host.serve("/a", fault=_timed([0.05] * 60))
    own = {"media_allowed_hosts": (host.address,), "media_timeout_seconds": 2}
    assert refusal(url, media_lowest_speed=1000, **own).kind == "too_slow"
    for speed in (0, 1):
        with session(media_lowest_speed=speed, **own) as guarded:
            assert guarded.open(url, {}).raw.read(100) == b"a" * 60


def test_the_longest_time_of_an_answer_is_a_setting(host: FaultyHost) -> None:
    url = host.serve("/a", fault=_timed([0.02] * 500))
    own = {"media_allowed_hosts": (host.address,), "media_lowest_speed": 0}
    assert refusal(url, media_longest_download_seconds=0.1, **own).kind == "too_slow"


def test_headers_without_end_do_not_outlast_the_longest_time(host: FaultyHost) -> None:
    url = host.serve("/a", fault=faulty_host.drip_headers(0.02))
    own = {"media_allowed_hosts": (host.address,), "media_lowest_speed": 0}
    assert refusal(url, media_longest_download_seconds=0.1, **own).kind == "too_slow"
