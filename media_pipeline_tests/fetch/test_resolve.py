"""Names are looked up once for a connection, all their addresses checked, and tried until one connects."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator

import pytest

from media_pipeline_tests import faulty_host
from media_pipeline_tests.faulty_host import JPEG, FaultyHost
from media_pipeline_tests.fetch.network import OTHER_PUBLIC, PUBLIC, PUBLIC_V6, Network
from media_pipeline_tests.fetch.sessions import refusal, session
from media_pipeline_tests.ids import telling
from media_pipeline_tests.patience import PATIENCE_SECONDS

URL = "http://media.test/a"


@pytest.fixture
def network(network: Network, host: FaultyHost) -> Network:
    network.names["media.test"] = [PUBLIC]
    network.lead(PUBLIC, host.address)
    host.serve("/a")
    return network


def _get(url: str, **settings: object) -> bytes:
    with session(**settings) as guarded:
        return guarded.open(url, {}).raw.read(1_000_000)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        TimeoutError("timed out"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
    ],
    ids=str,
)
def test_the_next_address_is_tried_where_one_does_not_connect(network: Network, error: OSError) -> None:
    network.names["media.test"] = [PUBLIC_V6, OTHER_PUBLIC, PUBLIC]
    network.fail(PUBLIC_V6, error)
    network.fail(OTHER_PUBLIC, error)
    assert _get(URL) == JPEG
    assert network.connected == [PUBLIC_V6, OTHER_PUBLIC, PUBLIC]
    assert network.looked_up == ["media.test"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "connection"), (TimeoutError(), "timeout")],
    ids=telling,
)
def test_a_host_that_no_address_answers_for_may_be_back_later(network: Network, error: OSError, kind: str) -> None:
    network.names["media.test"] = [PUBLIC, OTHER_PUBLIC]
    network.fail(PUBLIC, error)
    network.fail(OTHER_PUBLIC, error)
    refused = refusal(URL)
    assert (refused.kind, refused.passing) == (kind, True)
    assert network.connected == [PUBLIC, OTHER_PUBLIC]


def test_a_name_that_nobody_knows_may_be_known_later(network: Network) -> None:
    refused = refusal("http://unknown.test/a")
    assert (refused.kind, refused.passing) == ("dns", True)
    assert not network.connected


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_name_server_that_does_not_answer_is_not_waited_for(network: Network, ended: threading.Event) -> None:
    def hang() -> list[str]:
        ended.wait(PATIENCE_SECONDS)
        return [PUBLIC]

    network.names["media.test"] = hang
    assert refusal(URL, media_timeout_seconds=0.1).kind == "dns"
    assert not network.connected


@pytest.mark.parametrize("addresses", [[PUBLIC, "10.0.0.5"], ["10.0.0.5", PUBLIC], [PUBLIC, PUBLIC_V6, "::1"]])
def test_one_private_address_rules_out_all(network: Network, addresses: list[str]) -> None:
    network.names["media.test"] = addresses
    assert refusal(URL).kind == "private_address"
    assert not network.connected


def test_an_allowed_host_may_be_at_a_private_address(network: Network, host: FaultyHost) -> None:
    network.names["mirror.test"] = ["10.0.0.5", "127.0.0.1"]
    network.lead("10.0.0.5", host.address)
    assert _get("http://mirror.test/a", media_allowed_hosts=("mirror.test",)) == JPEG
    assert network.connected == ["10.0.0.5"]


def test_an_open_connection_is_used_again_without_a_look_up(network: Network) -> None:
    with session() as guarded:
        for _ in range(3):
            guarded.open(URL, {}).raw.read(1_000_000)
    assert (network.looked_up, network.connected) == (["media.test"], [PUBLIC])


def test_each_new_connection_is_looked_up_and_checked(network: Network, host: FaultyHost) -> None:
    """The host closes the connection, and its name leads inside from then on."""
    host.serve("/a", Connection="close")
    answers = iter([[PUBLIC]])
    network.names["media.test"] = lambda: next(answers, ["127.0.0.1"])
    settings = {"media_ports": (80,)}
    with session(**settings) as guarded:
        assert guarded.open(URL, {}).raw.read(1_000_000) == JPEG
        with pytest.raises(Exception, match="not public"):
            guarded.open(URL, {})
    assert network.looked_up == ["media.test"] * 2
    assert network.connected == [PUBLIC]


def test_a_connection_to_one_host_is_not_used_for_another_at_the_same_address(
    network: Network, host: FaultyHost
) -> None:
    network.names["other.test"] = [PUBLIC]
    with session() as guarded:
        for name in ("media.test", "other.test"):
            guarded.open(f"http://{name}/a", {}).raw.read(1_000_000)
    assert [request.headers["Host"] for request in host.requests] == ["media.test", "other.test"]
    assert network.connected == [PUBLIC, PUBLIC]


def test_a_redirect_is_not_followed_by_the_session(network: Network, host: FaultyHost) -> None:
    host.serve("/a", fault=faulty_host.redirect("http://inside.test/"))
    with session() as guarded:
        assert guarded.open(URL, {}).status_code == 302
    assert network.looked_up == ["media.test"]
